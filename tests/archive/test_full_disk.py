"""A disk that fills up while archiving or restoring: told as such, the mash untouched, completed once there is space.

Where no disk can be mounted a limit on file sizes, which the system reports in the same way, stands for it.
"""

from __future__ import annotations

import resource
import shutil
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from mash.children import child
from mash.runs import FIRST, NOW, SECOND, STAMP, account, archive, content, merge, no_gates, publish_run
from mash.test_full_disk import small_disk  # noqa: F401 - a fixture

from moonshine_assets.archive.restore import restore_in_place
from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.archive.snapshot import archived_first, take_snapshot
from moonshine_assets.errors import StorageFull
from moonshine_resources.atomic import sha256_file
from moonshine_resources.home import Home


def prepare(home: Home) -> None:
    """Two runs merged, the snapshot of the second one restorable."""
    for run_id, conversations in ((FIRST, account(1500, turns=6)), (SECOND, account(200, updated=1))):
        run = publish_run(home, conversations, run_id)
        archive(home, run)
        merge(home, run, gates=no_gates)


def restoring_with_small_files(pipe: Connection, home: Home, limit: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        restore_in_place(home, SECOND, NOW)
    except StorageFull as full:
        pipe.send(str(full))
    else:
        pipe.send("restored")


def archiving_with_small_files(pipe: Connection, home: Home, limit: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        archive_run(home.run(SECOND), STAMP)
        take_snapshot(home, SECOND, STAMP)
    except StorageFull as full:
        pipe.send(str(full))
    else:
        pipe.send("archived")


@pytest.mark.parametrize("limit", [20_000, 300_000, 900_000])
def test_a_restore_beyond_the_limit_of_file_sizes_leaves_the_mash_as_it_was(home: Home, limit: int) -> None:
    prepare(home)
    before = sha256_file(home.mash)
    with child(restoring_with_small_files, home, limit) as (_, pipe):
        assert "no space left to write" in pipe.recv()
    assert sha256_file(home.mash) == before
    assert {path.name for path in home.main.iterdir()} == {home.mash.name}
    restore_in_place(home, SECOND, NOW)
    assert sha256_file(home.mash) != before


@pytest.mark.parametrize("limit", [200, 20_000, 600_000])
def test_archiving_beyond_the_limit_of_file_sizes_is_completed_later(home: Home, limit: int) -> None:
    first = publish_run(home, account(20), FIRST)
    archive(home, first)
    merge(home, first, gates=no_gates)
    publish_run(home, account(20, updated=1), SECOND)
    with child(archiving_with_small_files, home, limit) as (_, pipe):
        assert "no space left to write" in pipe.recv()
    assert not archived_first(home, SECOND).passed
    archive_run(home.run(SECOND), STAMP)
    take_snapshot(home, SECOND, STAMP)
    assert archived_first(home, SECOND).passed


def test_a_disk_that_fills_up_while_restoring_leaves_the_mash_as_it_was(small_disk: Path | None) -> None:  # noqa: F811
    if small_disk is None:
        return
    home = Home.at(small_disk)
    prepare(home)
    before = content(home.mash)
    filler = small_disk / "filler"
    for spare in (50_000, 400_000, 1_200_000):
        filler.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - spare))
        with pytest.raises(StorageFull, match="no space left to write"):
            restore_in_place(home, SECOND, NOW)
        filler.unlink()
        assert content(home.mash) == before
    facts = restore_in_place(home, SECOND, NOW)
    assert content(Path(facts["kept"])) == before


def test_a_disk_that_fills_up_while_archiving_is_completed_later(small_disk: Path | None) -> None:  # noqa: F811
    if small_disk is None:
        return
    home = Home.at(small_disk)
    prepare(home)
    third = publish_run(home, account(800, turns=6, first=3000), "chatgpt_20260301_120000")
    filler = small_disk / "filler"
    for spare in (30_000, 200_000):
        filler.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - spare))
        with pytest.raises(StorageFull, match="no space left to write"):
            archive(home, third)
        filler.unlink()
        assert not archived_first(home, third.run_id).passed
    archive(home, third)
    assert archived_first(home, third.run_id).passed
