"""Intervals and agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import sqrt
from typing import NamedTuple

#: Two-sided 95 %.
_Z = 1.959963984540054


class Interval(NamedTuple):
    low: float
    high: float


def wilson(right: int, n: int) -> Interval:
    """Wilson's score interval of a proportion, 95 % (Wilson 1927); (0, 1) of nothing.

    It stays within 0 and 1 and does not shrink to a point at 0 or n right, as the normal interval does.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    share, z2 = right / n, _Z * _Z
    middle = share + z2 / (2 * n)
    spread = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends the formula gives 0 and 1 up to rounding.
    low = 0.0 if right == 0 else (middle - spread) / (1 + z2 / n)
    high = 1.0 if right == n else (middle + spread) / (1 + z2 / n)
    return Interval(low, high)


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of two people's (or a person's and a model's) answers to the same rows (Cohen 1960).

    None without rows, or when both gave one and the same answer throughout: chance then explains everything.
    """
    if not pairs:
        return None
    n = len(pairs)
    observed = sum(one == other for one, other in pairs) / n
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(first[answer] * second[answer] for answer in first) / (n * n)
    return None if expected == 1 else (observed - expected) / (1 - expected)
