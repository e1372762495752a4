"""Which keys and values does a conversation's JSON have, and which of them does nobody know yet?

In: bytes of conversations. Out: key paths with JSON types and counts. Always: names that look like identifiers of a
format and values of declared enum fields alone; ids become `*`, texts are never kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.known.inventory import UNKNOWN, Known

#: Levels of objects and lists that are looked into.
DEPTH = 7
#: Stands for a key that is an id or a name a person gave.
ANY = "*"
#: What a key of a format and a value of an enum look like; anything else may be somebody's words.
_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,39}")
_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_ID = re.compile(r"[0-9a-fA-F-]{16,}|.*\d{6,}.*|(?=.*\d)[A-Za-z0-9]{16,}|(?=.*\d)(?=.*[A-Z])(?=.*[a-z])\w{16,}")
#: More different keys in one place, or values of one field, are ids, whatever they look like.
_MOST_KEYS = 300
_MOST_VALUES = 200
#: An object of an unknown format with more keys is a map of ids; so is one of this many objects that are all alike.
_KEYS_OF_A_MAP = 60
_ALIKE = 3
_TYPES = {str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"}


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something not known: `kind` is key, shape or what the enum is called; `example_rank` where it first stood."""

    path: str
    kind: str
    count: int
    example_rank: int


class Place:
    """A key path: how often each JSON type stood there, values if it is an enum field, what is below."""

    __slots__ = ("below", "first", "is_map", "kind", "opaque", "path", "types", "values")

    def __init__(self, path: str, name: str, known: Known, rank: int) -> None:
        self.path = path
        self.first = rank
        self.types: Counter[str] = Counter()
        self.values: dict[str, list[int]] = {}
        self.below: dict[str, Place] = {}
        self.kind = known.enums.get(name)
        self.is_map = path in known.maps
        self.opaque = path in known.opaque

    @property
    def count(self) -> int:
        return self.types.total()


class Inventory:
    """Key paths of any number of conversations; `known` says what is an id, an enum, or free."""

    def __init__(self, known: Known = UNKNOWN) -> None:
        self.known = known
        self.elements = 0
        self.unreadable = 0
        self.root = Place("", "", known, 0)

    def add(self, element: bytes | memoryview, rank: int) -> None:
        """Take in one conversation; `rank` is its number, for examples."""
        self.elements += 1
        try:
            value, _ = decode(element, Any)
        except Unreadable:
            self.unreadable += 1
            return
        self._take(self.root, value, rank, DEPTH)

    def places(self) -> Iterator[Place]:
        """Every key path, parents before what is below them, in order of names."""
        waiting = [self.root]
        while waiting:
            place = waiting.pop()
            if place.path:
                yield place
            waiting += [place.below[name] for name in sorted(place.below, reverse=True)]

    def _take(self, place: Place, value: Any, rank: int, depth: int) -> None:
        if isinstance(value, str):
            place.types["string"] += 1
            if place.kind is not None:
                self._take_value(place, value, rank)
            return
        place.types[_TYPES.get(type(value), "null")] += 1
        if depth == 0 or place.opaque:
            return
        if isinstance(value, dict):
            is_map = place.is_map or (not self.known.provider and _looks_like_a_map(value))
            for key, item in value.items():
                below = place.below.get(ANY if is_map else key) or self._below(place, key, rank, is_map)
                self._take(below, item, rank, depth - 1)
        elif isinstance(value, list) and value:
            items = place.below.get("[]") or self._new(place, "[]", f"{place.path}[]", rank)
            for item in value:
                self._take(items, item, rank, depth - 1)

    def _below(self, place: Place, key: str, rank: int, is_map: bool) -> Place:
        odd = is_map or _KEY.fullmatch(key) is None or _ID.fullmatch(key) is not None
        name = ANY if odd or len(place.below) >= _MOST_KEYS else key
        return place.below.get(name) or self._new(place, name, f"{place.path}.{name}" if place.path else name, rank)

    def _new(self, place: Place, name: str, path: str, rank: int) -> Place:
        place.below[name] = Place(path, name, self.known, rank)
        return place.below[name]

    def _take_value(self, place: Place, value: str, rank: int) -> None:
        # The tool behind "browser.search" is a name of its own; the kind is what stands before the full stop.
        said = value.split(".", 1)[0] if place.kind == "recipient" else value
        if _VALUE.fullmatch(said) is None or _ID.fullmatch(said) is not None:
            return
        seen = place.values.get(said)
        if seen is not None:
            seen[0] += 1
        elif len(place.values) < _MOST_VALUES:
            place.values[said] = [1, rank]


def observe(element: bytes | memoryview, known: Known = UNKNOWN, rank: int = 0) -> Inventory:
    """The inventory of one conversation."""
    inventory = Inventory(known)
    inventory.add(element, rank)
    return inventory


def unseen(inventory: Inventory, known: Known) -> list[Unseen]:
    """What an inventory holds and `known` does not; of a new object only the object itself, not what is in it."""
    found = []
    strange: set[str] = set()
    for place in inventory.places():
        above = _above(place.path)
        if above in strange:
            strange.add(place.path)
        elif place.path not in known.keys and not place.path.endswith("[]"):
            strange.add(place.path)
            found.append(Unseen(place.path, "key", place.count, place.first))
        known_values = known.values.get(place.path, frozenset())
        if place.kind is not None and place.path not in strange:
            found += [
                Unseen(f"{place.path} = {value}", place.kind, count, first)
                for value, (count, first) in sorted(place.values.items())
                if value not in known_values
            ]
    return found


def _above(path: str) -> str:
    """The path one level up."""
    return path[:-2] if path.endswith("[]") else path.rpartition(".")[0]


def _looks_like_a_map(value: dict[str, Any]) -> bool:
    if len(value) > _KEYS_OF_A_MAP:
        return True
    if len(value) < _ALIKE or not all(isinstance(item, dict) and item for item in value.values()):
        return False
    return len({frozenset(item) for item in value.values()}) == 1
