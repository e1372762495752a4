"""Which rows are to be judged: of each signal the first by a hash of their key, so anybody draws the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from heapq import heappush, heappushpop
from typing import NamedTuple

from moonshine_assets.lanes.audit.labels import row_key
from moonshine_assets.lanes.rows import Row


class Stratum(NamedTuple):
    """A signal of a lane, by tier: how many rows it has, and those drawn with their keys, in the order of judging."""

    lane: str
    signal: str
    tier: str
    rows: int
    drawn: list[tuple[str, Row]]


def strata(rows: Iterable[Row], lane: str, n: int, seed: int, signal: str | None = None) -> list[Stratum]:
    """The sample of a lane by signal; of the rows no more than n a signal are held.

    The order depends on the rows' keys and the seed alone: a row that stays in the lane keeps its place, so what was
    judged before a new distillation is what would be drawn again.
    """
    counts: Counter[tuple[str, str]] = Counter()
    heaps: dict[tuple[str, str], list[tuple[int, str, Row]]] = {}
    for row in rows:
        if signal not in (None, row["signal"]):
            continue
        name = (row["signal"], row["tier"])
        counts[name] += 1
        key = row_key(row, lane)
        # The heap's first is the one to go: the last by place.
        entry = (-_place(key, seed), key, row)
        heap = heaps.setdefault(name, [])
        if len(heap) < n:
            heappush(heap, entry)
        elif entry[0] > heap[0][0]:
            heappushpop(heap, entry)
    return [
        Stratum(lane, *name, counts[name], [(key, row) for _, key, row in sorted(heap, key=lambda e: -e[0])])
        for name, heap in sorted(heaps.items())
    ]


def _place(key: str, seed: int) -> int:
    return int(sha256(f"{seed} {key}".encode()).hexdigest(), 16)
