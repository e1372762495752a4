"""Archiving and restoring killed at any time: nothing half is taken for whole, and the next try completes it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from mash.children import child
from mash.runs import FIRST, NOW, SECOND, STAMP, account, archive, content, merge, no_gates, publish_run

from moonshine_assets.archive.restore import restore_in_place, restore_snapshot
from moonshine_assets.archive.run_archive import archive_faults, archive_run
from moonshine_assets.archive.snapshot import archived_first, snapshot_manifest, take_snapshot
from moonshine_resources.home import Home


def archiving(pipe: Connection, home: Home) -> None:
    pipe.send("begins")
    archive_second(home)
    pipe.send("done")


def restoring(pipe: Connection, home: Home) -> None:
    pipe.send("begins")
    restore_in_place(home, SECOND, NOW)
    pipe.send("done")


def archive_second(home: Home) -> None:
    archive_run(home.run(SECOND), STAMP)
    take_snapshot(home, SECOND, STAMP)


def before_archiving(home: Home) -> None:
    """A run merged, a larger one published."""
    first = publish_run(home, account(100), FIRST)
    archive(home, first)
    merge(home, first, gates=no_gates)
    publish_run(home, account(1000, turns=6, updated=1), SECOND)


def before_restoring(home: Home) -> None:
    """Both merged."""
    first = publish_run(home, account(100), FIRST)
    archive(home, first)
    merge(home, first, gates=no_gates)
    second = publish_run(home, account(1000, turns=6, updated=1), SECOND)
    archive(home, second)
    merge(home, second, gates=no_gates)


class Killing:
    """A home to begin from, the work to do in copies of it, and how long that takes undisturbed."""

    def __init__(self, folder: Path, prepare: Callable[[Home], None], work: Callable[..., None]) -> None:
        self.origin, self.home, self.work = folder / "origin", Home.at(folder / "home"), work
        prepare(Home.at(self.origin))
        self.before = content(Home.at(self.origin).mash)
        with self.at_work() as (_, pipe):
            begun = time.monotonic()
            assert pipe.recv() == "done"
            self.seconds = time.monotonic() - begun
        self.after = content(self.home.mash)

    @contextmanager
    def at_work(self) -> Iterator[tuple[ForkServerProcess, Connection]]:
        shutil.rmtree(self.home.root, ignore_errors=True)
        shutil.copytree(self.origin, self.home.root)
        with child(self.work, self.home) as (process, pipe):
            assert pipe.recv() == "begins"
            yield process, pipe

    def kill_at(self, point: float) -> None:
        with self.at_work() as (process, _):
            time.sleep(point * self.seconds)
            process.kill()
            process.join()


@pytest.fixture(scope="module")
def archive_killed(tmp_path_factory: pytest.TempPathFactory) -> Killing:
    return Killing(tmp_path_factory.mktemp("archiving"), before_archiving, archiving)


@pytest.fixture(scope="module")
def restore_killed(tmp_path_factory: pytest.TempPathFactory) -> Killing:
    return Killing(tmp_path_factory.mktemp("restoring"), before_restoring, restoring)


def an_archive_killed_at(killing: Killing, point: float) -> None:
    killing.kill_at(point)
    home, run = killing.home, killing.home.run(SECOND)
    if run.archive_manifest.exists():
        assert archive_faults(run) == [], "the manifest is written last"
    if snapshot_manifest(home, SECOND).exists():
        assert archived_first(home, SECOND).passed, "and so is the snapshot's"
    archive_second(home)
    assert archived_first(home, SECOND).passed
    folder = home.premerge_snapshot(SECOND).parent
    assert {path.name for path in folder.iterdir()} == {"moonshine_mash_premerge.db", "snapshot_manifest.json"}
    assert [path for path in run.archive.rglob("*") if path.name.startswith(".")] == []
    restored = home.root / "restored.db"
    restore_snapshot(home, SECOND, restored)
    assert content(restored) == content(home.mash) == killing.before


def a_restore_killed_at(killing: Killing, point: float) -> None:
    killing.kill_at(point)
    home = killing.home
    assert content(home.mash) in (killing.before, killing.after)
    for kept in home.main.glob("moonshine_mash_before_restore_*.db"):
        assert content(kept) == killing.before
    restore_in_place(home, SECOND, NOW)
    assert content(home.mash) == killing.after
    assert [path.name for path in home.main.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("seed", range(5))
def test_archiving_killed_at_any_time_is_completed_by_the_next_try(archive_killed: Killing, seed: int) -> None:
    an_archive_killed_at(archive_killed, (seed + random.Random(seed).random()) / 5)


@pytest.mark.parametrize("seed", range(5))
def test_a_restore_killed_at_any_time_leaves_a_whole_mash(restore_killed: Killing, seed: int) -> None:
    a_restore_killed_at(restore_killed, (seed + random.Random(seed).random()) / 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_archiving_killed_at_two_hundred_times_is_completed_by_the_next_try(archive_killed: Killing, seed: int) -> None:
    an_archive_killed_at(archive_killed, random.Random(2000 + seed).uniform(0, 1.1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_a_restore_killed_at_two_hundred_times_leaves_a_whole_mash(restore_killed: Killing, seed: int) -> None:
    a_restore_killed_at(restore_killed, random.Random(3000 + seed).uniform(0, 1.1))
