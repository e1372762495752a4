"""Equal parts of a lane by a figure of its rows: fifths by length, tenths by quality."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def quintiles(values: Sequence[float]) -> list[int]:
    """The fifth of each value, 0 to 4; equal values are in one fifth."""
    return parts(values, 5)


def deciles(values: Sequence[float]) -> list[int]:
    """The tenth of each value, 0 to 9; equal values are in one tenth."""
    return parts(values, 10)


def parts(values: Sequence[float], count: int) -> list[int]:
    """Which of `count` equal parts of the sorted values each of them falls into."""
    ordered = sorted(values)
    edges = [ordered[len(ordered) * part // count] for part in range(1, count)] if ordered else []
    return [bisect_right(edges, value) for value in values]
