"""Restoring: the mash as it was, beside what is there, or a plain refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from mash.runs import FIRST, NOW, SECOND, account, content, merge, publish_run

from moonshine_assets.archive.contents import combined
from moonshine_assets.archive.drill import restore_drill
from moonshine_assets.archive.restore import restore_in_place, restore_snapshot
from moonshine_assets.archive.snapshot import read_snapshot, snapshot_manifest
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.state import EMPTY_STATE
from moonshine_resources.atomic import read_json, sha256_file, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


@pytest.fixture
def before(home: Home, second: RunFacts) -> str:
    """Two merges done; the content of the mash between them."""
    held = content(home.mash)
    merge(home, second)
    return held


def test_the_mash_before_a_merge_is_restored_beside_it(home: Home, before: str, tmp_path: Path) -> None:
    target = tmp_path / "restored.db"
    after = sha256_file(home.mash)
    facts = restore_snapshot(home, SECOND, target)
    assert content(target) == before
    assert facts["file"] == str(target)
    assert facts["runs"] == [FIRST]
    assert (facts["rows"]["conversations"], facts["rows"]["messages"], facts["rows"]["merges"]) == (3, 12, 10)
    assert facts["content_sha256"] == read_json(snapshot_manifest(home, SECOND))["content_sha256"]
    assert sha256_file(home.mash) == after


def test_what_was_restored_can_be_merged_into(home: Home, before: str, tmp_path: Path) -> None:
    restore_snapshot(home, SECOND, tmp_path / "home" / "restored.db")
    home.mash.unlink()
    (tmp_path / "home" / "restored.db").rename(home.mash)
    merge(home, publish_run(Home.at(tmp_path / "again"), account(3, first=2, updated=1), SECOND))
    with connect(home.mash, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM main.messages").fetchall() == [(20,)]


def test_before_the_first_merge_there_was_an_empty_mash(home: Home, before: str, tmp_path: Path) -> None:
    facts = restore_snapshot(home, FIRST, tmp_path / "restored.db")
    assert (facts["mash_state"], facts["runs"], facts["rows"]["messages"]) == (EMPTY_STATE, [], 0)


@pytest.mark.parametrize("taken", ["restored.db", "restored.db.wal"])
def test_nothing_is_ever_restored_over_something(home: Home, before: str, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(BadInput, match="exists already"):
        restore_snapshot(home, SECOND, tmp_path / "restored.db")
    assert (tmp_path / taken).read_bytes() == b"mine"


def test_a_run_without_a_snapshot_is_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"{FIRST}: no snapshot"):
        restore_snapshot(home, FIRST, tmp_path / "restored.db")


def test_a_damaged_snapshot_leaves_nothing_at_the_target(home: Home, before: str, tmp_path: Path) -> None:
    snapshot = home.premerge_snapshot(SECOND)
    snapshot.chmod(0o644)
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 1
    snapshot.write_bytes(bytes(data))
    with pytest.raises(Corruption, match="SHA-256 of its manifest"):
        restore_snapshot(home, SECOND, tmp_path / "restored.db")
    assert not (tmp_path / "restored.db").exists()


def test_a_snapshot_of_other_runs_leaves_nothing_at_the_target(home: Home, before: str, tmp_path: Path) -> None:
    manifest = snapshot_manifest(home, SECOND)
    manifest.write_text(manifest.read_text().replace(read_json(manifest)["mash_state"], EMPTY_STATE))
    with pytest.raises(Corruption, match="other runs"):
        restore_snapshot(home, SECOND, tmp_path / "restored.db")
    assert not (tmp_path / "restored.db").exists()


def test_a_drill_reads_every_row_and_leaves_nothing_behind(home: Home, before: str) -> None:
    verdict = restore_drill(home, SECOND)
    assert verdict.passed, verdict
    assert verdict.figures["mash_content_sha256"] == verdict.figures["rebuilt_content_sha256"] == content(home.mash)
    assert (verdict.figures["runs"], verdict.figures["messages"]) == (1, 12)
    assert list((home.root / "work").iterdir()) == []


def test_a_drill_on_a_damaged_archive_is_red(home: Home, before: str) -> None:
    run = home.run(SECOND)
    copy = run.archive / run.database.name
    copy.chmod(0o644)
    copy.write_bytes(b"not a database" * 1000)
    verdict = restore_drill(home, SECOND)
    assert not verdict.passed
    assert {offender["file"] for offender in verdict.offenders} == {run.database.name}


def test_a_drill_without_a_snapshot_is_red(home: Home, before: str) -> None:
    home.premerge_snapshot(SECOND).unlink()
    assert restore_drill(home, SECOND).offenders == [{"file": SECOND, "problem": "no snapshot was taken for this run"}]


def test_the_mash_is_put_back_and_the_present_one_kept_beside_it(home: Home, before: str) -> None:
    present = content(home.mash)
    facts = restore_in_place(home, SECOND, NOW)
    assert content(home.mash) == before
    assert facts["kept"] == str(home.main / "moonshine_mash_before_restore_20261120_120000.db")
    assert content(Path(facts["kept"])) == present
    assert {merge["run_id"] for merge in read_json(home.merge_manifest)["merges"]} == {FIRST}


def test_a_mash_that_was_kept_is_never_written_over(home: Home, before: str) -> None:
    kept = [restore_in_place(home, run_id, NOW)["kept"] for run_id in (SECOND, SECOND, FIRST)]
    assert len(set(kept)) == 3
    assert content(Path(kept[1])) == before


def test_what_was_put_back_can_be_merged_into(home: Home, before: str, second: RunFacts) -> None:
    after = content(home.mash)
    restore_in_place(home, SECOND, NOW)
    merge(home, second)
    assert content(home.mash) == after


@pytest.mark.parametrize("which", ["snapshot", "archived run"])
def test_a_damaged_archive_leaves_the_mash_untouched(home: Home, before: str, which: str) -> None:
    run = home.run(FIRST)
    path = home.premerge_snapshot(SECOND) if which == "snapshot" else run.archive / run.database.name
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    bytes_before = sha256_file(home.mash)
    with pytest.raises(Corruption):
        restore_in_place(home, SECOND, NOW)
    assert sha256_file(home.mash) == bytes_before
    assert {path.name for path in home.main.iterdir()} == {home.mash.name}


def test_a_snapshot_that_describes_other_rows_is_refused(home: Home, before: str, tmp_path: Path) -> None:
    """Its hashes agree with its manifest, but the archived runs do not make what it describes."""
    snapshot, manifest = home.premerge_snapshot(SECOND), snapshot_manifest(home, SECOND)
    snapshot.chmod(0o644)
    with connect(snapshot, read_only=False) as connection:
        connection.execute("UPDATE snapshot.contents SET row_count = row_count + 1 WHERE table_name = 'messages'")
    with connect(snapshot, read_only=True) as connection:
        hashed = combined(read_snapshot(connection).contents)
    write_json(manifest, {**read_json(manifest), "sha256": sha256_file(snapshot), "content_sha256": hashed})
    with pytest.raises(Corruption, match="differs from the snapshot in messages"):
        restore_snapshot(home, SECOND, tmp_path / "restored.db")
    assert not list(tmp_path.glob("*restored.db*"))


def test_a_whole_copy_of_an_earlier_version_is_told_as_such(home: Home, before: str, tmp_path: Path) -> None:
    manifest = snapshot_manifest(home, SECOND)
    facts = read_json(manifest)
    write_json(manifest, {name: value for name, value in facts.items() if name != "format"})
    with pytest.raises(BadInput, match="another version"):
        restore_snapshot(home, SECOND, tmp_path / "restored.db")
