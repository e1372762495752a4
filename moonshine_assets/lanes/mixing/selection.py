"""Which rows make the providers of a lane alike? Cells are tenths of quality by fifths of length.

With N(p, c) rows of provider p in cell c, the target is what all have in common: q(c) ∝ min over p of N(p, c) / N(p).
Each provider gets (1 - λ) q + λ N(p, ·) / N(p), so the distance between two of them is λ times what it was; λ is the
largest that keeps it within bounds, and every provider keeps as many rows as its scarcest cell allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

Cell = tuple[int, int]
#: Rounding to whole rows moves the distance; each step asks for a little less of it.
_STEPS = 40
_STEP = 0.85


class Unit(NamedTuple):
    """A row as the mix sees it: `cell` is (tenth of quality, fifth of length) within its lane."""

    record_uid: str
    provider: str
    cell: Cell


class Selection(NamedTuple):
    """record_uid of the rows to keep; where nothing could be balanced `because` says why, and it keeps none."""

    kept: frozenset[str]
    because: str | None
    dropped: dict[str, int]


def total_variation(one: Mapping[Cell, int], other: Mapping[Cell, int]) -> float:
    """Half the sum of the differences of two distributions given as counts; 0 alike, 1 nothing in common."""
    first, second = max(1, sum(one.values())), max(1, sum(other.values()))
    cells = {*one, *other}
    return sum(abs(one.get(cell, 0) / first - other.get(cell, 0) / second) for cell in cells) / 2


def distances(units: Iterable[Unit]) -> dict[tuple[str, str], float]:
    """Total variation between each pair of providers."""
    counts = histograms(units)
    return {pair: total_variation(*(counts[name] for name in pair)) for pair in combinations(sorted(counts), 2)}


def histograms(units: Iterable[Unit]) -> dict[str, Counter[Cell]]:
    """Rows by cell, of each provider."""
    counts: dict[str, Counter[Cell]] = {}
    for unit in units:
        counts.setdefault(unit.provider, Counter())[unit.cell] += 1
    return counts


def select(units: Sequence[Unit], maximum: float, minimum_rows: int) -> Selection:
    """The most rows that keep every two providers within `maximum`.

    Providers of fewer than `minimum_rows` rows say nothing about their distribution and are left out. Reasons why
    there is no balance: `no_rows`, `one_provider`, `too_few_rows` (of all but one), `nothing_in_common`.
    """
    counts = histograms(units)
    large = {name: cells for name, cells in sorted(counts.items()) if cells.total() >= minimum_rows}
    if len(large) < 2:
        because = "too_few_rows" if len(counts) > 1 else "one_provider" if counts else "no_rows"
        return Selection(frozenset(), because, {})
    quotas = _quotas(large, maximum)
    if quotas is None:
        return Selection(frozenset(), "nothing_in_common", {})
    kept: set[str] = set()
    taken: Counter[tuple[str, Cell]] = Counter()
    # A record_uid is a hash: its order is as good as drawn by lot, and the same every time.
    for unit in sorted(units):
        if unit.provider in quotas and taken[unit.provider, unit.cell] < quotas[unit.provider].get(unit.cell, 0):
            taken[unit.provider, unit.cell] += 1
            kept.add(unit.record_uid)
    small = sum(cells.total() for name, cells in counts.items() if name not in large)
    dropped = {"provider_too_small": small, "out_of_balance": len(units) - small - len(kept)}
    return Selection(frozenset(kept), None, {reason: rows for reason, rows in dropped.items() if rows})


def _quotas(counts: Mapping[str, Counter[Cell]], maximum: float) -> dict[str, Counter[Cell]] | None:
    """Rows by cell that each provider may keep; None where the providers have too little in common."""
    shares = {name: {cell: n / cells.total() for cell, n in cells.items()} for name, cells in counts.items()}
    common = set.intersection(*(set(cells) for cells in counts.values()))
    target = {cell: min(share[cell] for share in shares.values()) for cell in common}
    mass = sum(target.values())
    if not mass:
        return None
    target = {cell: share / mass for cell, share in target.items()}
    farthest = max(total_variation(*pair) for pair in combinations(counts.values(), 2))
    blend = min(1.0, maximum / farthest) if farthest else 1.0
    for _ in range(_STEPS):
        quotas = {name: _most(cells, shares[name], target, blend) for name, cells in counts.items()}
        if all(quota.total() for quota in quotas.values()) and all(
            total_variation(*pair) <= maximum for pair in combinations(quotas.values(), 2)
        ):
            return quotas
        blend *= _STEP
    return None


def _most(
    cells: Counter[Cell], share: Mapping[Cell, float], target: Mapping[Cell, float], blend: float
) -> Counter[Cell]:
    """As many rows as the scarcest cell allows when they are spread like the blend of target and own shares."""
    wanted = {cell: (1 - blend) * target.get(cell, 0.0) + blend * share.get(cell, 0.0) for cell in {*cells, *target}}
    total = min(cells[cell] / part for cell, part in wanted.items() if part > 0)
    return Counter({cell: min(cells[cell], round(total * part)) for cell, part in sorted(wanted.items()) if part > 0})
