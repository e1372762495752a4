"""Secure the export of a run: a verified, content-addressed copy that later stages read and nobody edits."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.folder import folder_files
from moonshine_assets.exports.forgotten import forgotten
from moonshine_assets.exports.register import kept_sha256, source_sha256
from moonshine_assets.providers.cutting import cut_export
from moonshine_resources.atomic import copy_folder, copy_hashed, publish, read_json, remove_tree, write_json
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.locks import exclusive
from moonshine_resources.zstd import packed_name, unpack_file

#: Endings worth keeping; what follows the last full stop of a sentence is none.
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")


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
    if not _ENDING.fullmatch(suffix):
        suffix = ""
    return run.raw / f"{kept_sha256(lock)}{suffix}"


def raw_lock(run: RunPaths) -> AbstractContextManager[None]:
    """Be the only one who writes the archived copy of the run's export."""
    return exclusive(run.home / "locks" / f"{run.run_id}.lock", seconds=600, what="the archived copy of the run")


def secured_path(run: RunPaths, lock: dict[str, Any]) -> Path:
    """The archived copy, which must be there; not hashed again. One that was packed since is unpacked beside itself.

    Raises:
        BadInput: the export was never secured.
        Corruption: it is packed and cannot be unpacked.
    """
    path = raw_path(run, lock)
    if not path.exists() and packed_name(path).exists():
        with raw_lock(run):
            unpack_file(packed_name(path), path, kept_sha256(lock))
    if not path.exists():
        raise BadInput("the export is not archived yet", where=run.run_id, fix="materialize provider_export first")
    return path


def secure(run: RunPaths) -> Secured:
    """Copy the locked export into the run's archive, once; verified against the lock by the bytes copied.

    What was forgotten is cut out before anything is read from the copy.

    Raises:
        BadInput: the export is gone or has changed since it was locked, and no copy exists; or all of it was forgotten.
        Busy: another process has been copying it for ten minutes.
        Corruption: the archived copy is not what the lock says.
        StorageFull: there is no space for the copy.
    """
    lock = read_lock(run)
    target = raw_path(run, lock)
    expected = kept_sha256(lock)
    if not target.exists():
        with raw_lock(run):
            if not target.exists() and not _unpacked(target, expected, lock):
                _copy(Path(lock["location"]), target, expected, lock)
    found = source_sha256(target)
    if found != expected:
        raise Corruption(
            f"the archived export has SHA-256 {found}, its lock says {expected}",
            where=str(target),
            fix="remove the damaged copy and run again with the original export in place",
        )
    if not run.database.exists():
        # What is published was read after the last forgetting, which looks at every run.
        lock = _cut(run, lock, target)
        target = raw_path(run, lock)
    size = target.stat().st_size if target.is_file() else int(lock["size_bytes"])
    return Secured(target, kept_sha256(lock), size)


def _cut(run: RunPaths, lock: dict[str, Any], raw: Path) -> dict[str, Any]:
    """Take what is forgotten out of the archived copy; the lock as it is then."""
    home = Home(run.home)
    known = forgotten(home, run.provider)
    if not known:
        return lock
    with raw_lock(run):
        cut = cut_export(run, lock, raw, known, run)
        if cut is not None and cut.empty:
            remove_others(run, None)
            raise BadInput(
                "every conversation of this export was forgotten",
                where=lock["source_path"],
                fix="take the file out of the inbox; nothing of it was kept",
            )
        if cut is not None:
            lock = cut.lock
            write_json(home.sources / f"{lock['source_sha256']}.json", lock)
            write_json(run.lock, lock)
        if "forgotten" in lock:
            remove_others(run, raw_path(run, lock))
    return lock


def remove_others(run: RunPaths, kept: Path | None) -> None:
    """Remove every archived copy of the run's export but one; its packed form may stay beside it."""
    for path in list(run.raw.glob("*")):
        if kept is None or path not in (kept, packed_name(kept)):
            remove_tree(path) if path.is_dir() else path.unlink()


def _unpacked(target: Path, expected: str, lock: dict[str, Any]) -> bool:
    """Whether there is a packed copy; it is unpacked, or given up for the original if it is damaged."""
    packed = packed_name(target)
    if not packed.exists():
        return False
    try:
        unpack_file(packed, target, expected)
    except Corruption:
        if not Path(lock["location"]).exists():
            raise
        packed.unlink()
        return False
    return True


def _copy(source: Path, target: Path, expected: str, lock: dict[str, Any]) -> None:
    draft = target.with_name(f".draft.{target.name}")
    # Nobody else copies now: what a killed copy left behind is nobody's.
    for leftover in target.parent.glob(f"*{draft.name[:32]}*"):
        if leftover.is_file():
            leftover.unlink()
    try:
        if source.is_dir():
            remove_tree(draft)
            copy_folder(folder_files(source), draft)
            found = source_sha256(draft)
        elif source.exists():
            found = copy_hashed(source, draft)
        elif packed_name(source).exists():  # the archived copy of another run, which this one reads again
            unpack_file(packed_name(source), draft, expected)
            found = expected
        else:
            raise BadInput(
                "the export is no longer where it was locked",
                where=lock["source_path"],
                fix="put it back, or register it where it is now, and run again",
            )
        if found != expected:
            raise BadInput(
                f"the export changed since it was locked: SHA-256 {found}, locked {expected}",
                where=lock["source_path"],
                fix="run it again as the new export it is",
            )
        publish(draft, target)
    except OSError as error:
        raise BadInput(
            f"cannot be copied ({error.strerror})", where=lock["source_path"], fix="check the file and its disk"
        ) from error
    finally:
        if draft.is_dir():
            remove_tree(draft)
        draft.unlink(missing_ok=True)
