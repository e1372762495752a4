"""A run's archive: whole, verified by reading back, and red when anything of it is not what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mash.runs import FIRST, SECOND, STAMP, account, archive, publish_run, talk

from moonshine_assets.archive.run_archive import archive_faults, archive_run, archived_build
from moonshine_assets.archive.snapshot import archived_first, snapshot_manifest
from moonshine_assets.errors import BadInput
from moonshine_assets.gates import Verdict
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.home import Home, RunPaths


@pytest.fixture
def run(home: Home, second: RunFacts) -> RunPaths:
    return home.run(SECOND)


def flip(path: Path) -> None:
    """One bit in the middle of the file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    rewrite(path, bytes(data))


def cut_off(path: Path) -> None:
    rewrite(path, path.read_bytes()[:-1])


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def files(verdict: Verdict) -> set[str]:
    return {offender["file"] for offender in verdict.offenders}


def test_the_archive_holds_everything_of_the_run_with_its_hash(run: RunPaths) -> None:
    manifest = read_json(run.archive_manifest)
    (raw,) = run.raw.iterdir()
    assert set(manifest["files"]) == {
        run.database.name,
        run.ledger.name,
        run.provenance.name,
        run.lock.name,
        f"raw/{raw.name}",
    }
    for name, facts in manifest["files"].items():
        assert sha256_file(run.archive / name) == facts["sha256"]
        assert (run.archive / name).stat().st_size == facts["size_bytes"]
    assert archived_build(run) == sha256_file(run.database)
    assert archive_faults(run) == []


def test_archiving_again_leaves_every_byte_as_it_was(run: RunPaths) -> None:
    def stamps() -> dict[str, tuple[int, int]]:
        return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in run.archive.rglob("*")}

    before = stamps()
    archive_run(run, "2027-01-01T00:00:00Z")
    assert stamps() == before


def test_archived_copies_are_read_only(run: RunPaths) -> None:
    assert (run.archive / run.database.name).stat().st_mode & 0o222 == 0


def test_an_archived_run_and_snapshot_pass(home: Home, run: RunPaths) -> None:
    verdict = archived_first(home, SECOND)
    assert verdict.passed, verdict


@pytest.mark.parametrize("damage", [flip, cut_off, Path.unlink])
@pytest.mark.parametrize("which", ["database", "ledger", "provenance", "source_lock", "raw export", "snapshot"])
def test_a_damaged_archive_is_never_merged_upon(
    home: Home, run: RunPaths, which: str, damage: Callable[[Path], None]
) -> None:
    (raw,) = run.raw.iterdir()
    path = {
        "database": run.archive / run.database.name,
        "ledger": run.archive / run.ledger.name,
        "provenance": run.archive / run.provenance.name,
        "source_lock": run.archive / run.lock.name,
        "raw export": raw,
        "snapshot": home.premerge_snapshot(SECOND),
    }[which]
    damage(path)
    verdict = archived_first(home, SECOND)
    assert not verdict.passed
    assert {Path(name).name for name in files(verdict)} == {path.name}


@pytest.mark.parametrize("damage", [flip, Path.unlink])
@pytest.mark.parametrize("which", ["database", "ledger"])
def test_a_run_that_is_not_what_was_archived_is_never_merged(
    home: Home, run: RunPaths, which: str, damage: Callable[[Path], None]
) -> None:
    path = {"database": run.database, "ledger": run.ledger}[which]
    damage(path)
    assert files(archived_first(home, SECOND)) == {path.name}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
@pytest.mark.parametrize("which", ["archive", "snapshot"])
def test_a_manifest_that_is_no_json_is_red(home: Home, run: RunPaths, which: str, content: bytes) -> None:
    path = run.archive_manifest if which == "archive" else snapshot_manifest(home, SECOND)
    rewrite(path, content)
    assert files(archived_first(home, SECOND)) == {path.name}


@pytest.mark.parametrize("which", ["archive", "snapshot"])
def test_a_missing_manifest_is_red(home: Home, run: RunPaths, which: str) -> None:
    path = run.archive_manifest if which == "archive" else snapshot_manifest(home, SECOND)
    path.unlink()
    assert files(archived_first(home, SECOND)) == {path.name}


def test_a_damaged_copy_is_made_again(home: Home, run: RunPaths) -> None:
    flip(run.archive / run.database.name)
    archive_run(run, STAMP)
    assert archived_first(home, SECOND).passed


def test_a_run_that_was_never_archived_is_red(home: Home) -> None:
    publish_run(home, account(1), FIRST)
    assert files(archived_first(home, FIRST)) == {
        "archive_manifest.json",
        "moonshine_mash_premerge.db",
        "snapshot_manifest.json",
    }


@pytest.mark.parametrize("missing", ["ledger", "provenance", "raw"])
def test_an_incomplete_run_is_not_archived(home: Home, missing: str) -> None:
    publish_run(home, [talk("c0", "a", "b")], FIRST)
    run = home.run(FIRST)
    if missing == "raw":
        next(run.raw.iterdir()).unlink()
    else:
        getattr(run, missing).unlink()
    with pytest.raises(BadInput, match=FIRST):
        archive_run(run, STAMP)
    assert not run.archive_manifest.exists()


def test_an_archive_that_lists_no_export_is_red(home: Home) -> None:
    facts = publish_run(home, [talk("c0", "a", "b")], FIRST)
    (raw,) = home.run(FIRST).raw.iterdir()
    raw.rename(raw.with_name("0" * 64))
    rewrite(raw.with_name("0" * 64), b"[]")
    archive(home, facts)
    assert files(archived_first(home, FIRST)) == {"raw/"}
