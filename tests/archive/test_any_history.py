"""Whatever was merged in whatever order, each snapshot brings back exactly what the mash held, row for row."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mash.runs import NOW, account, archive, content, merge, publish_run

from moonshine_assets.archive.drill import restore_drill
from moonshine_assets.archive.restore import restore_snapshot
from moonshine_resources.home import Home

#: A run (0 to 3), its first conversation, how many, and how late it was updated; the same run again is a new build.
_STEP = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(0, 2))


_HISTORIES = st.lists(_STEP, min_size=1, max_size=5)


@settings(max_examples=4)
@given(_HISTORIES)
def test_every_snapshot_of_any_history_is_restored_row_for_row(steps: list[tuple[int, int, int, int]]) -> None:
    restored_row_for_row(steps)


@pytest.mark.slow
@settings(max_examples=100)
@given(_HISTORIES)
def test_every_snapshot_of_a_hundred_histories_is_restored_row_for_row(steps: list[tuple[int, int, int, int]]) -> None:
    restored_row_for_row(steps)


def restored_row_for_row(steps: list[tuple[int, int, int, int]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        home = Home.at(folder / "home")
        restorable: dict[str, str] = {}
        for number, (run, first, count, updated) in enumerate(steps):
            run_id = f"chatgpt_2026010{run + 1}_120000"
            home.run(run_id).database.unlink(missing_ok=True)
            facts = publish_run(home, account(count, turns=2, first=first, updated=updated), run_id)
            held = content(home.mash) if home.mash.exists() else ""
            known = home.premerge_snapshot(run_id).stat().st_ino if run_id in restorable else None
            archive(home, facts)
            if home.premerge_snapshot(run_id).stat().st_ino != known:
                restorable[run_id] = held
            merge(home, facts, moment=NOW + timedelta(days=number))
        for run_id, held in restorable.items():
            target = folder / f"{run_id}.db"
            restored = restore_snapshot(home, run_id, target)
            assert content(target) == held or (not held and restored["runs"] == [])
        verdict = restore_drill(home)
        assert verdict.passed, verdict
    finally:
        shutil.rmtree(folder)
