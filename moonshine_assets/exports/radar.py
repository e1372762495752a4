"""Which keys and values does a conversation's JSON have?

In: bytes of conversations, or values already decoded. Out: key paths with JSON types and counts. Always: names that
look like identifiers of a format and values of declared enum fields alone; ids become `*`, texts are never kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.known.inventory import UNKNOWN, Known, above, below

#: Levels of objects and lists that are looked into.
DEPTH = 10
#: Stands for a key that is an id or a name a person gave.
ANY = "*"
#: What a key of a format and a value of an enum look like; anything else may be somebody's words.
_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,63}")
_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_ID = re.compile(r"[0-9a-fA-F-]{16,}|.*\d{6,}.*|(?=.*\d)[A-Za-z0-9]{16,}|(?=.*\d)(?=.*[A-Z])(?=.*[a-z])\w{16,}")
#: More different keys in one place, or values of one field, are ids, whatever they look like.
_MOST_KEYS = 300
_MOST_VALUES = 200
#: An object of an unknown format with more keys is a map of ids; so is one of this many objects that are all alike.
_KEYS_OF_A_MAP = 60
_ALIKE = 3
_TYPES = {str: "string", int: "number", float: "number", bool: "boolean", list: "array", dict: "object"}


class Place:
    """A key path: how often each JSON type stood there, values if it is an enum field, what is below."""

    __slots__ = ("below", "first", "is_map", "kind", "opaque", "path", "types", "values")

    def __init__(self, path: str, known: Known, rank: int) -> None:
        self.path = path
        self.first = rank
        self.types: Counter[str] = Counter()
        self.values: dict[str, list[int]] = {}
        self.below: dict[str, Place] = {}
        self.opaque = path in known.opaque
        self.kind = None if self.opaque else known.enum(path)
        self.is_map = path in known.maps

    @property
    def count(self) -> int:
        return self.types.total()

    @property
    def json_type(self) -> str:
        """The JSON types that stood there, joined by `|`."""
        return "|".join(sorted(self.types))


class Inventory:
    """Key paths of any number of conversations; `known` says what is an id, an enum, or free."""

    def __init__(self, known: Known = UNKNOWN) -> None:
        self.known = known
        self.elements = 0
        self.unreadable = 0
        self.root = Place("", known, 0)
        self._shared = {path: self.root if path == "" else None for path in known.same.values()}

    def add(self, element: bytes | memoryview, rank: int) -> None:
        """Take in one conversation; `rank` is its number, for examples."""
        try:
            value, _ = decode(element, Any)
        except Unreadable:
            self.elements += 1
            self.unreadable += 1
            return
        self.add_value(value, rank)

    def add_value(self, value: Any, rank: int) -> None:
        """Take in one conversation, or one record of it, that is decoded already."""
        self.elements += 1
        waiting = [(self.root, value, DEPTH)]
        while waiting:
            place, value, depth = waiting.pop()
            place.types[_TYPES.get(type(value), "null")] += 1
            if depth == 0 or place.opaque:
                continue
            if isinstance(value, dict):
                is_map = place.is_map or (not self.known.keys and _looks_like_a_map(value))
                for key, item in value.items():
                    under = place.below.get(ANY if is_map else key) or self._below(place, key, rank, is_map)
                    if isinstance(item, str):
                        self._take_text(under, item, rank)
                    else:
                        waiting.append((under, item, self._depth(under, place, depth)))
            elif isinstance(value, list) and value:
                under = place.below.get("[]") or self._new(place, "[]", f"{place.path}[]", rank)
                for item in value:
                    if isinstance(item, str):
                        self._take_text(under, item, rank)
                    else:
                        waiting.append((under, item, self._depth(under, place, depth)))

    def places(self) -> Iterator[Place]:
        """Every key path once, parents before what is below them, in order of names."""
        told: set[str] = {""}
        waiting = [self.root]
        while waiting:
            place = waiting.pop()
            if place is not self.root:
                yield place
            under = [place.below[name] for name in sorted(place.below, reverse=True)]
            waiting += [other for other in under if other.path not in told]
            told.update(other.path for other in under)

    def _depth(self, under: Place, place: Place, depth: int) -> int:
        """Where the keys of another place stand, counting begins anew."""
        return depth - 1 if under.path not in self._shared or above(under.path) == place.path else DEPTH

    def _below(self, place: Place, key: str, rank: int, is_map: bool) -> Place:
        odd = is_map or _KEY.fullmatch(key) is None or _ID.fullmatch(key) is not None
        name = ANY if odd or len(place.below) >= _MOST_KEYS else key
        return place.below.get(name) or self._new(place, name, below(place.path, name), rank)

    def _new(self, place: Place, name: str, path: str, rank: int) -> Place:
        path = self.known.same.get(path, path)
        made = self._shared.get(path) or Place(path, self.known, rank)
        if path in self._shared:
            self._shared[path] = made
        place.below[name] = made
        return made

    def _take_text(self, place: Place, value: str, rank: int) -> None:
        place.types["string"] += 1
        if place.kind is None:
            return
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


def _looks_like_a_map(value: dict[str, Any]) -> bool:
    if len(value) > _KEYS_OF_A_MAP:
        return True
    if len(value) < _ALIKE or not all(isinstance(item, dict) and item for item in value.values()):
        return False
    return len({frozenset(item) for item in value.values()}) == 1
