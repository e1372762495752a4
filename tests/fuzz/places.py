"""Every place of a decoded value, found without recursion."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where a value stands: its container and its key or index there; `field` is the nearest name above it (in a table
    the column), `rank` its index in the outermost list."""

    holder: Any
    key: Any
    field: Any
    rank: int

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def spots(value: Any, passed_over: Collection[Any] = ()) -> Iterator[Place]:
    """All places below a value, parents before what is in them, but nothing under the names in `passed_over`.

    Do not add places while walking.
    """
    waiting: list[tuple[Any, Any, int]] = [(value, None, -1)]
    while waiting:
        holder, field, rank = waiting.pop()
        if isinstance(holder, dict):
            keys: list[Any] = list(holder)
        elif isinstance(holder, list):
            keys = list(range(len(holder)))
        else:
            continue
        for key in keys:
            if isinstance(holder, dict) and key in passed_over:
                continue
            in_row = isinstance(holder, list) and rank >= 0 and field is None
            name = key if isinstance(holder, dict) or in_row else field
            place = Place(holder, key, name, rank if rank >= 0 or not isinstance(holder, list) else key)
            yield place
            waiting.append((place.value, name, place.rank))
