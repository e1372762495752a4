"""A disk that fills up during a merge: the mash is as it was, and the same merge completes once there is space."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mash.children import child
from mash.runs import FIRST, SECOND, account, content, merge, no_gates, publish_run
from moonshine_assets.errors import StorageFull
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources.home import Home


def merging_with_small_files(pipe: Connection, home: Home, run: RunFacts, limit: int) -> None:
    """A process that may not write a file beyond `limit` bytes: what a full disk or a quota looks like."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        merge(home, run, gates=no_gates)
    except StorageFull as full:
        pipe.send(str(full))
    else:
        pipe.send("merged")


@pytest.fixture
def large(home: Home) -> RunFacts:
    """A run of some megabytes; the mash has a small one already."""
    merge(home, publish_run(home, account(20), FIRST), gates=no_gates)
    return publish_run(home, account(2000, turns=6, updated=1), SECOND)


def test_a_merge_beyond_the_limit_of_file_sizes_leaves_the_mash_as_it_was(home: Home, large: RunFacts) -> None:
    before = content(home.mash)
    limit = home.mash.stat().st_size + 600_000
    with child(merging_with_small_files, home, large, limit) as (_, pipe):
        assert "no space left to write" in pipe.recv()
    assert content(home.mash) == before
    merge(home, large, gates=no_gates)
    assert content(home.mash) != before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 32 MB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = shutil.which("mount")
    mounted = (
        command
        and not subprocess.run(
            [command, "-t", "tmpfs", "-o", "size=32m", "none", str(place)], capture_output=True, check=False
        ).returncode
    )
    yield place if mounted else None
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_merge_on_a_disk_that_fills_up_is_whole_or_not_there(
    tmp_path: Path, small_disk: Path | None, large: RunFacts
) -> None:
    """Where no disk can be mounted the limit on file sizes, tested above, has to stand for it."""
    if small_disk is None:
        return
    home = Home.at(small_disk)
    merge(home, publish_run(Home.at(tmp_path / "origin"), account(20), FIRST), gates=no_gates)
    before = content(home.mash)
    filler = small_disk / "filler"
    for spare in (200_000, 800_000, 2_400_000):
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(b"\0" * (free - spare))
        with pytest.raises(StorageFull, match="no space left to write"):
            merge(home, large, gates=no_gates)
        filler.unlink()
        assert content(home.mash) == before
    merge(home, large, gates=no_gates)
    assert content(home.mash) != before
