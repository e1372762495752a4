"""The snapshot before a merge: of the mash as it is, kept while that holds, made anew when it does not."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest
from mash.runs import FIRST, NOW, SECOND, STAMP, account, archive, content, merge, publish_run, talk

from moonshine_assets.archive.contents import OWN
from moonshine_assets.archive.restore import restore_snapshot
from moonshine_assets.archive.snapshot import archived_first, snapshot_manifest, take_snapshot
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_assets.mash.state import EMPTY_STATE, state_of
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

THIRD = "chatgpt_20260301_120000"
LATER = "2027-01-01T00:00:00Z"


def restored(home: Home, run_id: str) -> str:
    """Content of what the snapshot of a run brings back."""
    target = home.root / "restored" / f"{uuid4().hex}.db"
    restore_snapshot(home, run_id, target)
    return content(target)


def test_before_the_first_merge_the_snapshot_is_an_empty_mash(home: Home) -> None:
    archive(home, publish_run(home, account(1), FIRST))
    facts = read_json(snapshot_manifest(home, FIRST))
    assert (facts["mash_state"], facts["mash_existed"]) == (EMPTY_STATE, False)
    with connect(home.premerge_snapshot(FIRST), read_only=True) as connection:
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store' ORDER BY 1"
        ).fetchall()
        rows = connection.execute("SELECT table_name, row_count FROM snapshot.contents").fetchall()
    assert tables == sorted((table.name,) for table in OWN)
    assert rows == [(table.name, 0) for table in MASH_TABLES]
    assert not home.mash.exists()


def test_an_unchanged_mash_keeps_its_first_snapshot_of_nothing(home: Home) -> None:
    run = publish_run(home, account(1), FIRST)
    archive(home, run)
    assert take_snapshot(home, FIRST, LATER)["generated_at"] == STAMP


def test_the_snapshot_holds_what_the_mash_holds(home: Home, second: RunFacts) -> None:
    assert restored(home, SECOND) == content(home.mash)
    assert read_json(snapshot_manifest(home, SECOND))["mash_state"] == state_of(home.mash)
    assert home.premerge_snapshot(SECOND).stat().st_mode & 0o222 == 0


def test_the_snapshot_is_kept_while_the_mash_is_the_same(home: Home, second: RunFacts) -> None:
    assert take_snapshot(home, SECOND, LATER)["generated_at"] == STAMP


def test_the_snapshot_of_a_merged_run_shows_the_mash_without_it(home: Home, second: RunFacts) -> None:
    before = content(home.mash)
    merge(home, second)
    assert take_snapshot(home, SECOND, LATER)["generated_at"] == STAMP
    assert restored(home, SECOND) == before
    assert archived_first(home, SECOND).passed


def test_the_snapshot_is_taken_anew_when_another_run_was_merged_in_between(home: Home, second: RunFacts) -> None:
    third = publish_run(home, account(1, first=90), THIRD)
    archive(home, third)
    merge(home, second)
    assert archived_first(home, THIRD).offenders == [
        {"file": "moonshine_mash_premerge.db", "problem": "not the state the mash is in"}
    ]
    assert take_snapshot(home, THIRD, LATER)["generated_at"] == LATER
    assert restored(home, THIRD) == content(home.mash)
    assert archived_first(home, THIRD).passed


def test_a_run_built_anew_gets_a_snapshot_of_the_mash_that_holds_its_first_build(home: Home, second: RunFacts) -> None:
    merge(home, second)
    third = publish_run(home, account(1, first=90), THIRD)
    archive(home, third)
    merge(home, third)
    home.run(SECOND).database.unlink()
    rebuilt = publish_run(home, [talk("c2", "better", "still")], SECOND)
    archive(home, rebuilt)
    assert restored(home, SECOND) == content(home.mash), "the third run is in it"
    assert archived_first(home, SECOND).passed
    merge(home, rebuilt, moment=NOW.replace(day=21))
    assert archived_first(home, SECOND).passed


@pytest.mark.parametrize("merged", [False, True])
def test_a_damaged_snapshot_is_taken_anew(home: Home, second: RunFacts, merged: bool) -> None:
    if merged:
        merge(home, second)
    target = home.premerge_snapshot(SECOND)
    target.chmod(0o644)
    target.write_bytes(target.read_bytes()[:-1])
    assert not archived_first(home, SECOND).passed
    assert take_snapshot(home, SECOND, LATER)["generated_at"] == LATER
    assert archived_first(home, SECOND).passed


def test_an_unreadable_manifest_is_written_anew(home: Home, second: RunFacts) -> None:
    snapshot_manifest(home, SECOND).write_bytes(b"{")
    assert take_snapshot(home, SECOND, LATER)["generated_at"] == LATER
    assert archived_first(home, SECOND).passed


def test_what_crashes_left_beside_the_snapshot_is_tidied(home: Home, second: RunFacts) -> None:
    folder = home.premerge_snapshot(SECOND).parent
    for name in ("moonshine_mash_premerge.db", "snapshot_manifest.json"):
        (folder / f".{name}.abcd_123").write_bytes(b"half")
    merge(home, publish_run(home, account(1, first=90), THIRD))
    take_snapshot(home, SECOND, LATER)
    assert sorted(path.name for path in folder.iterdir()) == ["moonshine_mash_premerge.db", "snapshot_manifest.json"]


def test_an_empty_snapshot_left_half_written_does_not_stop_the_next(home: Home) -> None:
    run = publish_run(home, account(1), FIRST)
    folder = home.premerge_snapshot(FIRST).parent
    folder.mkdir(parents=True)
    for name in (".draft.moonshine_mash_premerge.db", ".draft.moonshine_mash_premerge.db.wal"):
        (folder / name).write_bytes(os.urandom(4096))
    archive(home, run)
    assert archived_first(home, FIRST).passed


def test_a_snapshot_of_other_runs_than_its_manifest_says_is_red(home: Home, second: RunFacts, tmp_path: Path) -> None:
    manifest = snapshot_manifest(home, SECOND)
    manifest.write_text(manifest.read_text().replace(read_json(manifest)["mash_state"], EMPTY_STATE))
    assert archived_first(home, SECOND).offenders == [
        {"file": "moonshine_mash_premerge.db", "problem": "does not hold the runs its manifest says"}
    ]
