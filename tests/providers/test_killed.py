"""kill -9 at any moment: a whole database under the final name or none, and the next try gives the same rows."""

from __future__ import annotations

import random
import re
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from exporting import talks, write_zip
from intake import Intake, content_hash, files_of
from mash.children import child

from moonshine_assets.exports.register import source_sha256
from moonshine_assets.providers.publish import write_provenance
from moonshine_assets.providers.source import raw_path, read_lock, secure
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.home import Home, RunPaths


def publishing(pipe: Connection, home: Home, export: Path) -> None:
    """What a child does, as the assets do it; it says when it begins, so that the imports are not what is killed."""
    pipe.send("begins")
    Intake(home).published(export)
    pipe.send("done")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards that share conversations, so that copies are exchanged on the way."""
    shards = {"conversations-000.json": talks(5, 60, 20), "conversations-001.json": talks(6, 60, 24)}
    return write_zip(tmp_path_factory.mktemp("export") / "export.zip", shards)


@pytest.fixture(scope="module")
def undisturbed(export: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float]:
    """The rows of a run that nobody kills, and how long it takes from begin to end, seconds."""
    home = Home.at(tmp_path_factory.mktemp("undisturbed") / "home")
    run = Intake(home).registered(export)
    with child(publishing, home, export) as (_, pipe):
        assert pipe.recv() == "begins"
        begin = time.monotonic()
        assert pipe.recv() == "done"
        seconds = time.monotonic() - begin
    return content_hash(run.database), seconds


def _finished(intake: Intake, run: RunPaths, export: Path) -> None:
    """What the next try does: a database that has its final name is kept."""
    if run.database.exists():
        secure(run)
        write_provenance(run, read_lock(run), "2026-01-31T12:00:00Z")
    else:
        assert intake.published(export) == run


def _kill_and_finish(home: Home, export: Path, right: str, after: float) -> str:
    intake = Intake(home)
    run = intake.registered(export)
    before = export.read_bytes()
    with child(publishing, home, export) as (process, pipe):
        assert pipe.recv() == "begins"
        time.sleep(after)
        process.kill()
        process.join()

    assert export.read_bytes() == before
    copy = raw_path(run, read_lock(run))
    if copy.exists():
        assert source_sha256(copy) == copy.stem
    reached = "published" if run.database.exists() else "archived" if copy.exists() else "locked"
    if run.database.exists():
        assert content_hash(run.database) == right
        assert not run.database_draft.exists()
    if run.provenance.exists():
        assert read_json(run.provenance)["database_sha256"] == sha256_file(run.database)

    _finished(intake, run, export)
    assert content_hash(run.database) == right
    assert read_json(run.provenance)["database_sha256"] == sha256_file(run.database)
    # What atomic_file leaves of a small file is hidden, and never looked at.
    assert {name for name in files_of(home) if not re.search(r"/\.\w+\.json\.", name)} == {
        f"archive/chatgpt/{run.run_id}/raw/{copy.name}",
        f"reports/providers/chatgpt/{run.run_id}/{run.database.name}",
        f"reports/providers/chatgpt/{run.run_id}/provenance_manifest.json",
        f"reports/providers/chatgpt/{run.run_id}/source_lock.json",
        f"reports/sources/{copy.stem}.json",
    }
    return reached


def _kill_at(points: int, seed: int, folder: Path, export: Path, undisturbed: tuple[str, float]) -> set[str]:
    right, seconds = undisturbed
    rng = random.Random(seed)
    # One moment in each slice of the whole time, so that no stage is left out.
    moments = [(rank + rng.random()) / points * seconds for rank in range(points)]
    return {
        _kill_and_finish(Home.at(folder / f"home-{rank}"), export, right, moment) for rank, moment in enumerate(moments)
    }


def test_a_run_that_is_killed_leaves_a_whole_database_or_none(
    tmp_path: Path, export: Path, undisturbed: tuple[str, float]
) -> None:
    assert "archived" in _kill_at(8, 1, tmp_path, export, undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_that_is_killed_at_many_moments_leaves_a_whole_database_or_none(
    tmp_path: Path, export: Path, undisturbed: tuple[str, float]
) -> None:
    assert "archived" in _kill_at(40, 2, tmp_path, export, undisturbed)
