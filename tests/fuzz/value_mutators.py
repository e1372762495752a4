"""Mutations of decoded exports: keys, types, order, texts and numbers.

Each takes a source of chance and a decoded value, changes it in place or anew, and returns it; None: nothing there to
change.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.places import Place, spots

#: Stands for nesting that no Python value can hold; `bytes_of_nesting` puts it into the encoded file.
NESTING = "@nested:"
#: After a key: the same key as the one without it, which only the encoded file can hold.
AGAIN = "\ue123"

_WRONG: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, "", "x", " ", "\x00", "\ud83d", "null", [], [None], [[]], [0, "x", {}]),
    *({}, {"": None}, {"x": {"x": []}}, float("nan"), float("-inf")),
)
_ODD_TEXTS = (
    *(
        "\x00",
        "\ud83d",
        "\udc00\ud83d",
        "\ufffe",
        "\ufeff",
        "\u2028\u2029",
        "\u202e",
        "\ue200cite\ue202x\ue201",
        "\x1b[31m",
    ),
    *(
        "\r\n\t\x0b",
        "<|endoftext|>",
        "<think>",
        "</think>",
        "```",
        '{"a":',
        "'; DROP TABLE",
        "\U0001f9d1\u200d\U0001f680",
        "e\u0301" * 50,
    ),
)
_ODD_NUMBERS: tuple[Any, ...] = (
    *(float("nan"), float("inf"), -1, 0, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, 5e-324, "12abc", "1e999"),
    *(253402300800, 1e15, 1e18, "2026-13-45T99:99:99Z", "1700000000", True),
)


def _some(rng: Random, places: list[Place], most: int = 3) -> list[Place]:
    return rng.sample(places, min(len(places), rng.randint(1, most)))


def _in_objects(value: Any) -> list[Place]:
    return [place for place in spots(value) if isinstance(place.holder, dict)]


def drop_keys(rng: Random, value: Any) -> Any:
    for place in _some(rng, _in_objects(value)):
        place.holder.pop(place.key, None)
    return value


def wrong_types(rng: Random, value: Any) -> Any:
    for place in _some(rng, list(spots(value))):
        place.put(copy.deepcopy(rng.choice(_WRONG)))
    return value


def nulls(rng: Random, value: Any) -> Any:
    for place in _some(rng, list(spots(value)), 6):
        place.put(None)
    return value


def wrap(rng: Random, value: Any) -> Any:
    """A value one list or object deeper than expected."""
    for place in _some(rng, list(spots(value))):
        inner = place.value
        place.put(rng.choice(([inner], {"value": inner}, [inner, inner], {"$each": [inner]})))
    return value


def swap(rng: Random, value: Any) -> Any:
    """Two values in each other's place; where one holds the other, a copy goes inside. Texts that were moved are none
    any more: their markers go."""
    places = list(spots(value))
    if len(places) < 2:
        return None
    one, other = rng.sample(places, 2)
    first, second = unmarked(one.value), unmarked(other.value)
    one.put(second)
    other.put(first)
    return value


def unmarked(value: Any) -> Any:
    """A copy of a value without markers."""
    return json.loads(re.sub("mk[0-9a-f]{12}km", "", json.dumps(value)))


def empty(rng: Random, value: Any) -> Any:
    places = [place for place in spots(value) if isinstance(place.value, (dict, list, str))]
    for place in _some(rng, places):
        place.put(type(place.value)())
    return value


def extra_keys(rng: Random, value: Any) -> Any:
    for holder in _some(rng, [place for place in spots(value) if isinstance(place.value, dict)]):
        holder.value[rng.choice(("", "x" * 300, "\x00", "__proto__", "format_of_tomorrow", "\U0001f600"))] = (
            copy.deepcopy(rng.choice(_WRONG))
        )
    return value


def reorder(rng: Random, value: Any) -> Any:
    """Lists shuffled, keys of objects in another order; the cells of a row stay."""
    places = [
        place
        for place in spots(value)
        if (isinstance(place.value, dict) and len(place.value) > 1)
        or (isinstance(place.value, list) and any(isinstance(item, (dict, list)) for item in place.value))
    ]
    for place in _some(rng, places, 4):
        inner = place.value
        if isinstance(inner, list):
            place.put(rng.sample(inner, len(inner)))
        else:
            place.put(dict(rng.sample(list(inner.items()), len(inner))))
    is_rows = isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value)
    return rng.sample(value, len(value)) if is_rows and rng.random() < 0.5 else value


def odd_texts(rng: Random, value: Any) -> Any:
    for place in _some(rng, [place for place in spots(value) if isinstance(place.value, str)], 5):
        odd = rng.choice(_ODD_TEXTS)
        place.put(rng.choice((place.value + odd, odd + place.value, odd)))
    return value


def odd_numbers(rng: Random, value: Any) -> Any:
    numbers = [place for place in spots(value) if isinstance(place.value, (int, float)) and place.value is not None]
    times = [place for place in spots(value) if isinstance(place.value, str) and place.value[:2] == "20"]
    if not numbers and not times:
        return None
    for place in _some(rng, numbers + times, 5):
        place.put(rng.choice(_ODD_NUMBERS))
    return value


def nested(rng: Random, value: Any) -> Any:
    """Brackets in brackets, from what everybody reads to what nobody can."""
    for place in _some(rng, list(spots(value)), 2):
        place.put(f"{NESTING}{rng.choice((40, 200, 400, 900, 1100, 3000, 20000))}:{rng.choice('[{')}")
    return value


VALUE_MUTATORS: dict[str, Callable[[Random, Any], Any]] = {
    mutate.__name__: mutate
    for mutate in (
        drop_keys,
        wrong_types,
        nulls,
        wrap,
        swap,
        empty,
        extra_keys,
        reorder,
        odd_texts,
        odd_numbers,
        nested,
    )
}
