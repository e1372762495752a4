"""Mutations that make an export large: long texts, long trees, deep nesting, many of everything.

Each takes a source of chance and a decoded value and returns the changed value; None: nothing there to enlarge.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.places import spots
from fuzz.tree_mutators import ids, is_pointer
from fuzz.value_mutators import NESTING

#: Nodes of the largest conversations reported (EXPORT-PAIN-POINTS 18).
NODES = 40_000
_TEXT_BYTES = 10_000_000
_CONVERSATIONS = 3_000
_ITEMS = 100_000


def long_text(rng: Random, value: Any) -> Any:
    """One text of 10 MB: prose, one word, blanks, digits, characters of three bytes, characters of four."""
    places = [place for place in spots(value) if isinstance(place.value, str)]
    if not places:
        return None
    place = rng.choice(places)
    piece = rng.choice(("the quick brown fox ", "a", " ", "\n", "7", "\u5b57", "\U0001f680", "-=", "aB", "<p>"))
    place.put(place.value + piece * (_TEXT_BYTES // len(piece.encode())))
    return value


def long_tree(rng: Random, value: Any) -> Any:
    """A conversation of 40,000 nodes, each copy of the given ones below the one before."""
    return _cloned(value, NODES, chained=True)


def wide_tree(rng: Random, value: Any) -> Any:
    """A conversation of 40,000 nodes with very many roots or siblings."""
    return _cloned(value, NODES, chained=False)


def bottomless(rng: Random, value: Any) -> Any:
    """Brackets in brackets, deeper than any decoder goes."""
    places = list(spots(value))
    if not places:
        return None
    rng.choice(places).put(f"{NESTING}{rng.choice((100_000, 1_000_000))}:{rng.choice('[{')}")
    return value


def many_conversations(rng: Random, value: Any) -> Any:
    """The conversations thousands of times, each with ids of its own."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    return _clones(value, _CONVERSATIONS // len(value) + 1, chained=False) if value else None


def many_items(rng: Random, value: Any) -> Any:
    """A list or object with 100,000 members of the same kind, or of none."""
    places = [place for place in spots(value) if isinstance(place.value, (list, dict)) and place.value]
    if not places:
        return None
    inner = rng.choice(places).value
    if isinstance(inner, dict):
        inner.update({f"key {rank}": rank for rank in range(_ITEMS)})
    else:
        item = rng.choice((None, "", inner[0] if not isinstance(inner[0], (dict, list)) else None))
        inner += [item] * _ITEMS
    return value


def _cloned(value: Any, count: int, *, chained: bool) -> Any:
    groups = [place for place in spots([value]) if _nodes(place.value)]
    if not groups:
        return None
    place = max(groups, key=lambda found: (_with_ids(found.value), len(found.value)))
    place.put(_clones(place.value, count // len(place.value) + 1, chained=chained))
    # The outermost list of `spots([value])` is a helper of ours.
    return place.value if place.rank == 0 and place.holder == [place.value] else value


def _nodes(inner: Any) -> bool:
    values = list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else []
    return bool(values) and all(isinstance(item, (dict, list)) for item in values)


def _with_ids(inner: Any) -> int:
    values = inner.values() if isinstance(inner, dict) else inner
    return sum(1 for item in values if isinstance(item, dict) and any(is_pointer(key) for key in item))


def _clones(group: Any, times: int, *, chained: bool) -> Any:
    """A list or map of nodes, so many times over; in each copy every id ends in the number of the copy."""
    known = ids([group])
    text = json.dumps(group)
    made: Any = copy.deepcopy(group)
    last = _last_id(group)
    for rank in range(1, times):
        changed = text
        for name in known:
            changed = changed.replace(json.dumps(name), json.dumps(f"{name}~{rank}"))
        clone = json.loads(changed)
        if chained and last is not None:
            _hang(clone, f"{last}~{rank - 1}" if rank > 1 else last)
        if isinstance(made, dict):
            made.update(clone)
        else:
            made += clone
    return made


def _last_id(group: Any) -> str | None:
    if isinstance(group, dict):
        return list(group)[-1]
    last = group[-1]
    if not isinstance(last, dict):
        return None
    return next(
        (last[key] for key in ("id", "uuid", "messageId", "message_id") if isinstance(last.get(key), str)), None
    )


def _hang(clone: Any, parent: str) -> None:
    """Roots of a copy below the last node of the copy before."""
    for node in clone.values() if isinstance(clone, dict) else clone:
        if isinstance(node, dict):
            for key in node:
                if is_pointer(key) and "arent" in key and not node[key]:
                    node[key] = parent


LARGE_MUTATORS: dict[str, Callable[[Random, Any], Any]] = {
    mutate.__name__: mutate for mutate in (long_tree, long_text, wide_tree, bottomless, many_conversations, many_items)
}
