"""The mash benchmark on a small mash: a generated one keeps the mash's rules, and every step is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import mash
from benchmarks.generate_mash import generate_mash
from moonshine_assets.mash.gates import mash_gates
from moonshine_resources.duckdb import connect


def test_a_generated_mash_keeps_the_rules_of_a_merged_one(tmp_path: Path) -> None:
    generate_mash(tmp_path / "mash.db", runs=2, messages=500)
    with connect(tmp_path / "mash.db", read_only=True) as connection:
        assert all(verdict.passed for verdict in mash_gates(connection))
        assert connection.execute("SELECT count(*), count(text) FROM main.messages").fetchall() == [(1000, 1000)]


def test_steps_are_measured_and_told(tmp_path: Path) -> None:
    results, work = tmp_path / "RESULTS.md", tmp_path / "work"
    mash.main(
        [
            "--messages",
            "3000",
            "--run-messages",
            "1000",
            "--rounds",
            "1",
            "--work",
            str(work),
            "--results",
            str(results),
        ]
    )
    text = results.read_text()
    assert "## Merging into a mash of 3,000 messages" in text
    rows = {line.split(" | ")[0].strip("| "): line for line in text.splitlines() if line.startswith(("| m", "| s"))}
    assert set(rows) == {mash.INTO_EMPTY, mash.BEFORE, mash.INTO_FULL, mash.AGAIN, mash.NEXT_EXPORT}
    assert "## Searching a mash of 3,000 messages" in text
    assert rows[mash.AGAIN].split(" | ")[1] == "0"
    assert not work.exists()


@pytest.mark.slow
def test_a_mash_of_200_000_messages_costs_a_merge_what_an_empty_one_does(tmp_path: Path) -> None:
    steps = {step.name: step for step in mash.compare(tmp_path, 200_000, 20_000, rounds=1)}
    assert steps[mash.AGAIN].rounds[0].rows_written == 0
    assert steps[mash.BACK].rounds[0].rows_written > steps[mash.NEXT_EXPORT].rounds[0].rows_written // 2
    assert all(done.process.peak_rss_mb < 1024 for step in steps.values() for done in step.rounds)
