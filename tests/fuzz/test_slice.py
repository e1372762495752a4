"""What `make fuzz` does 10,000 times, 300 times: every provider, every mutator, a few large exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.cases import LARGE, LARGE_EVERY, SMALL, plan
from fuzz.run import run
from fuzz.seeds import providers
from fuzz.summary import failure, summary

SEED = 0
#: A tree of 40,000 nodes, a text of 10 MB, nesting that never ends: those of the large cases that take a second each.
_LARGE_CASES = (1199, 199, 399)
CASES = (*[number for number in range(303) if number % LARGE_EVERY != LARGE_EVERY - 1][:297], *_LARGE_CASES)


@pytest.mark.timeout(1200)
def test_mutated_exports_of_every_provider_end_balanced_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Frames of some rows are no work for several threads; the workers' libraries read this when they are loaded.
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    results = list(run(SEED, CASES, scratch=tmp_path / "scratch", keep=tmp_path / "kept"))
    assert sorted(result.number for result in results) == sorted(CASES)
    assert {result.provider for result in results} == set(providers())
    assert {result.mutator for result in results} >= set(SMALL)
    assert {result.mutator for result in results} & set(LARGE) == {"long_tree", "long_text", "bottomless"}
    wrong = [failure(SEED, result) for result in results if not result.good]
    assert wrong == [], "\n".join(wrong)
    taken_in = {result.provider for result in results if result.outcome in ("balanced", "quarantined")}
    assert taken_in == set(providers()), summary(results)


def test_cases_in_a_row_are_all_different_and_the_large_ones_few() -> None:
    plans = [plan(1, number) for number in range(len(providers()) * len(SMALL))]
    small = [(found.provider, found.mutator) for found in plans if found.mutator in SMALL]
    assert len(set(small)) == len(small)
    assert len(plans) - len(small) == len(plans) // LARGE_EVERY
