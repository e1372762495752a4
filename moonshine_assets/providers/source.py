"""Secure the export of a run: a verified, content-addressed copy that later stages read and nobody edits."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.register import source_sha256
from moonshine_resources.atomic import copy_hashed, read_json, remove_tree, sync_directory
from moonshine_resources.home import RunPaths


class Secured(NamedTuple):
    """The archived copy of an export."""

    path: Path
    sha256: str
    size_bytes: int


def read_lock(run: RunPaths) -> dict[str, Any]:
    """The source lock of a run.

    Raises:
        BadInput: the run was never registered.
    """
    if not run.lock.exists():
        raise BadInput(
            "no source is locked to this run", where=run.run_id, fix="register an export with `moonshine run PATH`"
        )
    lock: dict[str, Any] = read_json(run.lock)
    return lock


def raw_path(run: RunPaths, lock: dict[str, Any]) -> Path:
    """Where the archived copy of the run's export stands: named by its hash, with the ending it came with."""
    suffix = "" if lock["kind"] == "folder" else Path(lock["source_path"]).suffix.lower()
    return run.raw / f"{lock['source_sha256']}{suffix}"


def secured_path(run: RunPaths, lock: dict[str, Any]) -> Path:
    """The archived copy, which must be there; not hashed again.

    Raises:
        BadInput: the export was never secured.
    """
    path = raw_path(run, lock)
    if not path.exists():
        raise BadInput("the export is not archived yet", where=run.run_id, fix="materialize provider_export first")
    return path


def secure(run: RunPaths) -> Secured:
    """Copy the locked export into the run's archive, once; verified against the lock by the bytes copied.

    Raises:
        BadInput: the export is gone or has changed since it was locked, and no copy exists.
        Corruption: the archived copy is not what the lock says.
    """
    lock = read_lock(run)
    target = raw_path(run, lock)
    expected = lock["source_sha256"]
    if not target.exists():
        _copy(Path(lock["location"]), target, expected, lock)
    found = source_sha256(target)
    if found != expected:
        raise Corruption(
            f"the archived export has SHA-256 {found}, its lock says {expected}",
            where=str(target),
            fix="remove the damaged copy and run again with the original export in place",
        )
    size = target.stat().st_size if target.is_file() else int(lock["size_bytes"])
    return Secured(target, found, size)


def _copy(source: Path, target: Path, expected: str, lock: dict[str, Any]) -> None:
    if not source.exists():
        raise BadInput(
            "the export is no longer where it was locked", where=lock["source_path"], fix="put it back and run again"
        )
    if source.is_file():
        draft = target.with_name(f".draft.{target.name}")
        found = copy_hashed(source, draft)
        _expect(found, expected, draft, lock)
        draft.replace(target)
    else:
        draft = target.with_name(f".draft.{target.name}")
        remove_tree(draft)
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, draft, symlinks=False, ignore=_links)
        _expect(source_sha256(draft), expected, draft, lock)
        draft.replace(target)
    sync_directory(target.parent)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_symlink()]


def _expect(found: str, expected: str, draft: Path, lock: dict[str, Any]) -> None:
    if found != expected:
        if draft.is_dir():
            remove_tree(draft)
        else:
            draft.unlink()
        raise BadInput(
            f"the export changed since it was locked: SHA-256 {found}, locked {expected}",
            where=lock["source_path"],
            fix="run it again as the new export it is",
        )
