"""The band: both ends belong to it; a small corpus has none."""

from __future__ import annotations

import pytest

from moonshine_assets.distill.band import check_band
from moonshine_assets.distill.policy import load


@pytest.mark.parametrize(
    ("selected", "passed"), [(89_999_999, False), (90_000_000, True), (110_000_000, True), (110_000_001, False)]
)
def test_the_seed_band_is_in_tokens(selected: int, passed: bool) -> None:
    verdict = check_band(load("seed"), 200_000_000, selected)
    assert (verdict.applied, verdict.low, verdict.high) == (True, 90_000_000, 110_000_000)
    assert verdict.passed is passed


@pytest.mark.parametrize(("selected", "passed"), [(999, False), (1_000, True), (20_000, True)])
def test_the_default_band_is_a_share_of_the_cleaned_tokens(selected: int, passed: bool) -> None:
    verdict = check_band(load("default"), 20_000, selected)
    assert (verdict.applied, verdict.low, verdict.high, verdict.passed) == (True, 1_000, 20_000, passed)


def test_a_small_corpus_has_no_band_and_the_verdict_says_so() -> None:
    verdict = check_band(load("default"), 19_999, 0)
    assert (verdict.applied, verdict.passed) == (False, True)
    assert verdict.reason == "not applied: corpus smaller than 20,000 cleaned tokens"


def test_the_seed_band_applies_to_an_empty_corpus() -> None:
    assert not check_band(load("seed"), 0, 0).passed
