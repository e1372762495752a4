"""Intervals and agreement against published figures and against what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.lanes.audit.statistics import kappa, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17), table I, method 3: score without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_holds_the_share_and_narrows_with_more_rows(right: int, n: int) -> None:
    right = min(right, n)
    low, high = wilson(right, n)
    assert 0 <= low <= right / n <= high <= 1
    wider = wilson(right, n)
    narrower = wilson(4 * right, 4 * n)
    assert narrower.high - narrower.low < wider.high - wider.low
    assert wilson(n - right, n) == pytest.approx((1 - high, 1 - low))


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_kappa_is_cohens() -> None:
    # 50 applications, both yes 20, both no 15, 5 and 10 apart: 0.4 by hand.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("y", "y"), ("n", "n")]) == 1
    assert kappa([("y", "n"), ("n", "y")]) == -1
    assert kappa([("y", "y")] * 5) is None
    assert kappa([]) is None
