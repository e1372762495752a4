"""Mutations of what holds a conversation together: ids, pointers to parents, and copies of nodes.

Each takes a source of chance and a decoded value and returns the changed value; None: nothing there to change.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.places import Place, spots
from fuzz.value_mutators import AGAIN

_ID = re.compile(r"(?:^|_)(?:id|uuid)$|(?:Id|ID|Uuid)$|^fid$")
_POINTER = re.compile(r"parent|^fid$|current|leaf|reply|root|^children", re.IGNORECASE)


def _filled(value: Any, pattern: re.Pattern[str]) -> list[Place]:
    return [
        place
        for place in spots(value)
        if isinstance(place.field, str)
        and pattern.search(place.field)
        and isinstance(place.value, (str, int, type(None)))
    ]


def ids(value: Any) -> list[str]:
    """Every id in a value: what stands in fields named for ids, and the keys of maps of objects."""
    found = {place.value for place in _filled(value, _ID) if isinstance(place.value, str) and place.value}
    for place in _maps(value):
        found.update(place.value)
    return sorted(found)


def _maps(value: Any) -> list[Place]:
    """Objects that map ids to nodes: objects with an id or a pointer of their own."""
    return [
        place
        for place in spots(value)
        if isinstance(place.value, dict) and place.value and all(map(_is_node, place.value.values()))
    ]


def _is_node(inner: Any) -> bool:
    return isinstance(inner, dict) and any(key == "id" or is_pointer(key) for key in inner)


def is_pointer(field: Any) -> bool:
    """Whether a field of this name points to another node."""
    return isinstance(field, str) and _POINTER.search(field) is not None


def cycles(rng: Random, value: Any) -> Any:
    """Pointers that lead to other nodes than before: to themselves, in circles, across."""
    pointers, known = _filled(value, _POINTER), ids(value)
    if not pointers or not known:
        return None
    for place in rng.sample(pointers, rng.randint(1, len(pointers))):
        place.put(rng.choice(known))
    return value


def dangling(rng: Random, value: Any) -> Any:
    """Pointers that lead nowhere."""
    pointers = _filled(value, _POINTER)
    if not pointers:
        return None
    for place in rng.sample(pointers, rng.randint(1, len(pointers))):
        place.put(rng.choice(("gone", "", None, 0, "client-created-root", "00000000-0000-4000-8000-000000000000")))
    return value


def same_ids(rng: Random, value: Any) -> Any:
    """Several things under one id."""
    places = [place for place in _filled(value, _ID) if place.value]
    if len(places) < 2:
        return None
    chosen = rng.choice(places).value
    for place in rng.sample(places, rng.randint(1, len(places))):
        place.put(chosen)
    return value


def odd_ids(rng: Random, value: Any) -> Any:
    """Ids that are huge, empty, of other types or look like paths; changed everywhere alike, or in one place alone."""
    known = ids(value)
    if not known:
        return None
    old = rng.choice(known)
    new: Any = rng.choice(
        (
            old + "x" * 200_000,
            "\x00" + old,
            "../../" + old,
            old + "\ud83d",
            old + "#2",
            " ",
            "",
            "\n",
            10**30,
            -1,
            0,
            True,
        )
    )
    alike = rng.random() < 0.7
    places = [place for place in spots(value) if place.value == old]
    for place in places if alike else places[:1]:
        place.put(new)
    for place in _maps(value) if alike else ():
        if old in place.value:
            place.put({str(new) if key == old else key: inner for key, inner in place.value.items()})
    return value


def copies(rng: Random, value: Any) -> Any:
    """Elements of lists once more, as they are or slightly changed."""
    lists = [
        place
        for place in spots([value])
        if isinstance(place.value, list) and place.value and all(isinstance(item, (dict, list)) for item in place.value)
    ]
    if not lists:
        return None
    for place in rng.sample(lists, min(len(lists), rng.randint(1, 3))):
        again = copy.deepcopy(rng.choice(place.value))
        if isinstance(again, dict) and again and rng.random() < 0.5:
            again[rng.choice(list(again))] = None
        place.value.insert(rng.randint(0, len(place.value)), again)
    return value


def repeated_keys(rng: Random, value: Any) -> Any:
    """A map of nodes that names an id twice, with something else under it."""
    maps = [place for place in _maps(value) if len(place.value) > 1]
    if not maps:
        return None
    for place in rng.sample(maps, min(len(maps), rng.randint(1, 2))):
        key, other = rng.sample(list(place.value), 2)
        place.put({**place.value, key + AGAIN: copy.deepcopy(place.value[other])})
    return value


TREE_MUTATORS: dict[str, Callable[[Random, Any], Any]] = {
    mutate.__name__: mutate for mutate in (cycles, dangling, same_ids, odd_ids, copies, repeated_keys)
}
