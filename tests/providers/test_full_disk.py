"""A full disk: one clear error, no half-done work under a final name, and the run completes once there is space."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from exporting import talks, write
from intake import Intake, content_hash

from moonshine_assets.errors import StorageFull
from moonshine_assets.exports.register import source_sha256
from moonshine_assets.providers.source import raw_path, read_lock
from moonshine_resources import storage
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home

_DISK_BYTES = 6_000_000


class SmallDisk:
    """A disk of 6 MB where mounting is permitted; elsewhere a folder and a limit on the size of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(root)]
        try:
            mount = subprocess.run(["mount", *options], capture_output=True, check=False)
            self.mounted = mount.returncode == 0
        except FileNotFoundError:
            self.mounted = False

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.root)], check=True)

    @contextmanager
    def with_space_for(self, size: int) -> Iterator[None]:
        """So many bytes more can be written, in all (a mounted disk) or into one file."""
        if self.mounted:
            stat = os.statvfs(self.root)
            filler = self.root / "filler"
            with filler.open("wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, max(1, stat.f_bavail * stat.f_bsize - size))
            yield
            filler.unlink()
        else:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 1.3 MB, most of it text that does not compress well."""
    return write(tmp_path_factory.mktemp("export") / "conversations.json", talks(11, 52, 40, length=90))


@pytest.fixture(scope="module")
def undisturbed(export: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    run = Intake(Home.at(tmp_path_factory.mktemp("undisturbed") / "home")).published(export)
    return content_hash(run.database)


def assert_whole(home: Home) -> None:
    """Whatever has a final name is what it should be: JSON that reads, an archived copy that hashes to its name."""
    for path in home.root.rglob("*"):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(home.root).parts):
            continue
        if path.suffix == ".json" and path.parent.name == "raw":
            assert source_sha256(path) == path.stem
        elif path.suffix == ".json":
            read_json(path)
        else:
            assert path.suffix == ".lock"


@pytest.mark.parametrize(
    ("space", "reached"),
    [(0, "nothing"), (4_096, "nothing"), (700_000, "locked"), (1_700_000, "archived"), (2_400_000, "archived")],
    ids=[
        "no space at all",
        "space for one of two locks",
        "space for half a copy",
        "space for the copy",
        "space for half a draft",
    ],
)
def test_the_run_fails_with_one_error_and_completes_once_there_is_space(
    disk: SmallDisk, export: Path, undisturbed: str, space: int, reached: str
) -> None:
    size = export.stat().st_size
    assert 1_000_000 < size < 1_600_000
    intake = Intake(Home.at(disk.root / "home"))
    with disk.with_space_for(space if disk.mounted else min(space, 1_000)), pytest.raises(StorageFull) as full:
        intake.published(export)
    line = str(full.value)
    assert line.startswith(str(disk.root)) and "no space left to write; free space" in line
    assert len(line.splitlines()) == 1

    assert_whole(intake.home)
    assert not [path for path in intake.home.root.rglob("*.db*") if path.is_file()]
    if disk.mounted:
        locks, copies = list(intake.home.root.rglob("source_lock.json")), list(intake.home.root.rglob("raw/*.json"))
        assert {"nothing": (0, 0), "locked": (1, 0), "archived": (1, 1)}[reached] == (len(locks), len(copies))

    run = intake.published(export)
    assert content_hash(run.database) == undisturbed
    assert source_sha256(raw_path(run, read_lock(run))) == read_lock(run)["source_sha256"]
    assert not list(intake.home.root.rglob(".*"))


@pytest.mark.parametrize("limit", [0, 100, 200_000, 1_400_000])
def test_a_limit_on_file_sizes_is_the_same_error(tmp_path: Path, export: Path, undisturbed: str, limit: int) -> None:
    intake = Intake(Home.at(tmp_path / "home"))
    disk = SmallDisk.__new__(SmallDisk)
    disk.root, disk.mounted = tmp_path, False
    with disk.with_space_for(limit), pytest.raises(StorageFull):
        intake.published(export)
    assert_whole(intake.home)
    assert not [path for path in intake.home.root.rglob("*.db*") if path.is_file()]
    assert content_hash(intake.published(export).database) == undisturbed


def test_other_failures_to_write_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), storage.writing(tmp_path):
        (tmp_path / "none" / "file").write_bytes(b"1")
