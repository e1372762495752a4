"""Archived databases by what is in them: the run's present build under its name, earlier builds by their SHA-256."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.archive.verified import verified_sha256
from moonshine_assets.errors import Corruption
from moonshine_resources import storage
from moonshine_resources.atomic import copy_hashed, sha256_file, sync_directory
from moonshine_resources.home import Home, RunPaths


class Build(NamedTuple):
    """A run as one of its databases has it."""

    run_id: str
    database_sha256: str


def archived_copy(run: RunPaths) -> Path:
    """Where the run's present database is archived."""
    return run.archive / run.database.name


def earlier_copy(run: RunPaths, sha256: str) -> Path:
    """Where a build that was replaced is archived."""
    return run.archive / "builds" / f"{sha256}.db"


def keep_earlier(run: RunPaths, archived_sha256: str | None) -> None:
    """Before the archived database is replaced: give the old one its name by content, unless it is damaged.

    A snapshot of a mash that holds the old build needs it.

    Args:
        run: the run.
        archived_sha256: what the archive's manifest says of it.
    """
    old = archived_copy(run)
    if archived_sha256 is None or not old.exists() or sha256_file(old) != archived_sha256:
        return
    target = earlier_copy(run, archived_sha256)
    if target.exists():
        return
    with storage.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, target)
    except OSError:
        copy_hashed(old, target)  # a file system without hard links
    sync_directory(target.parent)


def build_faults(home: Home, builds: Iterable[Build]) -> list[dict[str, Any]]:
    """Which builds are not in the archive as they were; files that stayed as they are, are not read again."""
    wanted = list(builds)
    places = {build: _places(home.run(build.run_id), build.database_sha256) for build in wanted}
    found = verified_sha256(home, (path for pair in places.values() for path in pair))
    faults = []
    for build in wanted:
        hashes = [found[path] for path in places[build] if path in found]
        if build.database_sha256 not in hashes:
            name = home.run(build.run_id).database.name
            problem = "archived, but not as the mash took it" if hashes else "missing in the archive"
            faults.append({"file": name, "problem": problem, "run_id": build.run_id})
    return faults


def archived_database(home: Home, build: Build) -> Path:
    """The archived file of a build, hashed.

    Raises:
        Corruption: it is not there, or not what it was.
    """
    run = home.run(build.run_id)
    for path in _places(run, build.database_sha256):
        if path.exists() and sha256_file(path) == build.database_sha256:
            return path
    raise Corruption(
        f"no archived database has the SHA-256 {build.database_sha256} the mash took the run from",
        where=run.database.name,
        fix="put the file back from a backup, or materialize archive_snapshot of this run if its report is whole",
    )


def _places(run: RunPaths, sha256: str) -> tuple[Path, Path]:
    return archived_copy(run), earlier_copy(run, sha256)
