"""Selection makes providers alike without ever keeping more than there is, and says where it cannot."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.lanes.mixing.selection import Unit, distances, histograms, select, total_variation

MAXIMUM = 0.10


def rows(provider: str, counts: dict[tuple[int, int], int]) -> list[Unit]:
    return [Unit(f"{provider}-{cell}-{rank:05}", provider, cell) for cell, n in counts.items() for rank in range(n)]


def test_total_variation_is_half_the_sum_of_differences() -> None:
    assert total_variation({(0, 0): 1}, {(0, 0): 5}) == 0
    assert total_variation({(0, 0): 1}, {(1, 0): 1}) == 1
    assert total_variation({(0, 0): 3, (1, 0): 1}, {(0, 0): 1, (1, 0): 3}) == pytest.approx(0.5)


def test_providers_that_differ_are_brought_together() -> None:
    units = rows("a", {(0, 0): 900, (9, 4): 100}) + rows("b", {(0, 0): 100, (9, 4): 900})
    assert distances(units)["a", "b"] == pytest.approx(0.8)
    chosen = select(units, MAXIMUM, 50)
    kept = [unit for unit in units if unit.record_uid in chosen.kept]
    assert distances(kept)["a", "b"] <= MAXIMUM
    # Each gives what its scarcest cell allows: 100 of its 100 rare ones, and a little more of the others than those.
    assert {name: cells.total() for name, cells in histograms(kept).items()} == {"a": 222, "b": 222}
    assert chosen.dropped == {"out_of_balance": 2000 - 444}


def test_providers_that_are_alike_keep_everything() -> None:
    units = rows("a", {(0, 0): 60, (3, 1): 40}) + rows("b", {(0, 0): 600, (3, 1): 400})
    assert len(select(units, MAXIMUM, 50).kept) == len(units)


@pytest.mark.parametrize(
    ("units", "because"),
    [
        ([], "no_rows"),
        (rows("a", {(0, 0): 500}), "one_provider"),
        (rows("a", {(0, 0): 500}) + rows("b", {(0, 0): 3}), "too_few_rows"),
        (rows("a", {(0, 0): 500}) + rows("b", {(1, 0): 500}), "nothing_in_common"),
    ],
)
def test_what_cannot_be_balanced_is_said(units: list[Unit], because: str) -> None:
    chosen = select(units, MAXIMUM, 50)
    assert (chosen.kept, chosen.because) == (frozenset(), because)


def test_a_small_provider_is_left_out_of_the_balance_of_the_others() -> None:
    units = rows("a", {(0, 0): 80}) + rows("b", {(0, 0): 90}) + rows("c", {(5, 0): 10})
    chosen = select(units, MAXIMUM, 50)
    assert (len(chosen.kept), chosen.dropped) == (170, {"provider_too_small": 10})


CELLS = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 4)), st.integers(1, 60), min_size=1, max_size=12)


@given(st.lists(CELLS, min_size=2, max_size=4), st.randoms())
def test_whatever_the_counts_every_pair_is_within_bounds_and_the_order_of_rows_does_not_matter(counts, random) -> None:
    units = [unit for rank, cells in enumerate(counts) for unit in rows(f"p{rank}", cells)]
    chosen = select(units, MAXIMUM, 20)
    kept = [unit for unit in units if unit.record_uid in chosen.kept]
    assert all(total_variation(*pair) <= MAXIMUM for pair in combinations(histograms(kept).values(), 2))
    assert (chosen.because is None) == bool(kept)
    if kept:
        assert len(kept) + sum(chosen.dropped.values()) == len(units)
        large = {name for name, cells in histograms(units).items() if cells.total() >= 20}
        assert set(histograms(kept)) == large
    random.shuffle(units)
    assert select(units, MAXIMUM, 20) == chosen
