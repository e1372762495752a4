"""Lock an export to a run: the same bytes are the same run, for ever (DESIGN §3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import BadInput, Corruption, UnknownFormat
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.detect import detect
from moonshine_assets.exports.folder import folder_files, refuse_undecodable, secrets_left_out
from moonshine_assets.exports.unknown import keep_unknown
from moonshine_resources import clock, storage
from moonshine_resources.atomic import read_json, remove_tree, sha256_file, write_json
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Registration(NamedTuple):
    """A run locked to its source; `known` when these bytes had been locked before."""

    run_id: str
    provider: str
    sha256: str
    known: bool


def source_sha256(path: Path) -> str:
    """Hex SHA-256 of a file, or of a folder's sorted listing of (relative name, size, SHA-256) lines.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        if not path.is_dir():
            return sha256_file(path)
        lines = [
            f"{len(name.encode())}:{name} {file.stat().st_size} {sha256_file(file)}\n"
            for name, file in folder_files(path).items()
        ]
    except OSError as error:
        raise BadInput(
            f"cannot be read ({error.strerror})", where=path.name, fix="check the path, its permissions and the disk"
        ) from error
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def kept_sha256(lock: Mapping[str, Any]) -> str:
    """SHA-256 of the archived copy of an export: that of the export as given, until something of it was forgotten."""
    return str(lock.get("kept_sha256", lock["source_sha256"]))


def source_record(home: Home, sha256: str) -> dict[str, Any] | None:
    """What is known of a source: its lock, or why it was refused; None when it was never seen."""
    if _SHA256.fullmatch(sha256) is None:
        raise BadInput(f"{sha256!r} is not a SHA-256")
    path = home.sources / f"{sha256}.json"
    return read_json(path) if path.exists() else None


def register(home: Home, path: Path, *, moment: datetime, expected_sha256: str | None = None) -> Registration:
    """Detect an export and lock it to a run id.

    Args:
        home: the data home.
        path: file, zip or folder; left untouched.
        moment: time for a new run id, UTC.
        expected_sha256: a lock somebody configured; other bytes are refused.

    Raises:
        BadInput: it cannot be taken in; the reason is kept in `home.sources` too, and of a format nobody knows its
            shape and its bytes.
    """
    path = path.expanduser().absolute()
    _refuse_absent(path)
    sha256 = source_sha256(path)
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise BadInput(
            f"has SHA-256 {sha256}, but the configured lock is {expected_sha256}",
            where=path.name,
            fix="give the file the lock was made for, or change the lock",
        )
    with exclusive(home.registry_lock, seconds=60, what="the list of sources"):
        record = source_record(home, sha256)
        if record is not None and "run_id" in record:
            restore_lock(home, record)
            _relocate(home, record, path)
            return Registration(record["run_id"], record["provider"], sha256, known=True)
        try:
            record = _detected(home, path, sha256, moment)
        except BadInput as refusal:
            refusal.inside(path.name)
            if isinstance(refusal, UnknownFormat):
                keep_unknown(home, path, sha256, refusal)
            write_json(
                home.sources / f"{sha256}.json",
                {"refused": str(refusal), "source_sha256": sha256, "location": str(path), "at": clock.iso(moment)},
            )
            raise
        try:
            write_json(home.sources / f"{sha256}.json", record)
        except BaseException:
            # Nothing refers to the id yet.
            home.run(record["run_id"]).reports.rmdir()
            raise
        restore_lock(home, record)
    return Registration(record["run_id"], record["provider"], sha256, known=False)


def _refuse_absent(path: Path) -> None:
    refuse_undecodable(str(path), path.name)
    try:
        if path.is_file() or path.is_dir():
            return
        there = path.exists() or path.is_symlink()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=str(path), fix="check the path") from error
    raise BadInput(
        "not a file, zip or folder that can be read" if there else "no such file or folder",
        where=str(path),
        fix="check the path",
    )


def _detected(home: Home, path: Path, sha256: str, moment: datetime) -> dict[str, Any]:
    work = home.root / "work" / f"detect-{sha256[:16]}"
    try:
        with opened(path) as container:
            detection = detect(container, work)
            kind = "folder" if path.is_dir() else "zip" if container.zip is not None else "file"
            size = sum(container.sizes.values()) if kind == "folder" else path.stat().st_size
            left_out = secrets_left_out(path) if kind == "folder" else []
    finally:
        remove_tree(work)
    return {
        "run_id": new_run_id(home, detection.provider, moment),
        "provider": detection.provider,
        "source_type": BY_PROVIDER[detection.provider].SOURCE_TYPE,
        "shape": detection.claim.shape,
        "detection": {"confidence": detection.claim.confidence, "reason": detection.claim.reason},
        "source_sha256": sha256,
        "source_path": path.name,
        "location": str(path),
        "kind": kind,
        "size_bytes": size,
        "members": detection.members,
        **({"left_out": left_out} if left_out else {}),
        "registered_at": clock.iso(moment),
    }


def new_run_id(home: Home, provider: str, moment: datetime) -> str:
    """An id nobody has; its folder is made at once, so that nobody else gets it even if a crash follows."""
    base = f"{provider}_{clock.stamp(moment)}"
    run_id, copy = base, 1
    while True:
        reports = home.run(run_id).reports
        with storage.writing(reports):
            try:
                reports.mkdir(parents=True)
            except FileExistsError:
                copy += 1
                run_id = f"{base}_{copy}"
            else:
                return run_id


def _relocate(home: Home, record: dict[str, Any], path: Path) -> None:
    """Until the bytes are archived they are read from where they were last seen."""
    run = home.run(record["run_id"])
    archived = run.raw.exists() and any(not entry.name.startswith(".") for entry in run.raw.iterdir())
    if record["location"] != str(path) and not archived:
        moved = {**record, "location": str(path)}
        write_json(home.sources / f"{record['source_sha256']}.json", moved)
        write_json(run.lock, moved)


def restore_lock(home: Home, record: dict[str, Any]) -> None:
    """The run's own copy of its lock; written again if a crash came between the two files.

    Raises:
        Corruption: the run is locked to other bytes.
    """
    lock = home.run(record["run_id"]).lock
    if not lock.exists():
        write_json(lock, record)
    elif read_json(lock).get("source_sha256") != record["source_sha256"]:
        raise Corruption(
            f"the run is locked to other bytes than the list of sources says ({record['source_sha256']})",
            where=str(lock),
            fix="restore the lock from the archive",
        )
