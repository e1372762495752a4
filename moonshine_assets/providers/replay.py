"""Read an archived export once more, as a run of its own: a published database is never changed (docs/exports.md)."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.register import (
    Registration,
    new_run_id,
    register,
    restore_lock,
    source_record,
    source_sha256,
)
from moonshine_assets.exports.unknown import shape_path, unknown_copy
from moonshine_assets.providers.source import read_lock, secured_path
from moonshine_resources import clock
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_SHA256 = re.compile(r"[0-9a-f]{64}")


def last_reading(home: Home, run_id: str) -> str:
    """The run that read the source of this one last: itself, until it was replayed."""
    record = source_record(home, read_lock(home.run(run_id))["source_sha256"])
    return str(record["run_id"]) if record is not None else run_id


def register_replay(home: Home, run_id: str, *, moment: datetime) -> Registration:
    """Lock the source of a run to a new run id; from now on the same bytes are that run.

    The new lock is the old one with `replay_of`, and the archived copy as the location.

    Raises:
        BadInput: the run is unknown, its export was never archived, or it was replayed before.
    """
    run = home.run(run_id)
    lock = read_lock(run)
    raw = secured_path(run, lock)
    with exclusive(home.registry_lock, seconds=60, what="the list of sources"):
        last = last_reading(home, run_id)
        if last != run_id:
            raise BadInput(f"was replayed already, as {last}", where=run_id, fix="replay that run")
        record = {
            **lock,
            "run_id": new_run_id(home, run.provider, moment),
            "replay_of": run_id,
            "location": str(raw),
            "registered_at": clock.iso(moment),
        }
        try:
            write_json(home.sources / f"{lock['source_sha256']}.json", record)
        except BaseException:
            # Nothing refers to the id yet.
            home.run(record["run_id"]).reports.rmdir()
            raise
        restore_lock(home, record)
    return Registration(record["run_id"], run.provider, lock["source_sha256"], known=False)


def refused_exports(home: Home) -> list[dict[str, Any]]:
    """Exports that were refused as a whole, in the columns of quarantined pieces; `run` is their SHA-256."""
    found = []
    for path in sorted(home.sources.glob("*.json")):
        if _SHA256.fullmatch(path.stem) is None or "refused" not in (record := read_json(path)):
            continue
        kept = _kept(home, record)
        found.append(
            {
                "run": path.stem,
                "quarantine_id": None,
                "unit": "export",
                "reason": record["refused"],
                "member": Path(record["location"]).name,
                "size": kept.stat().st_size if kept is not None and kept.is_file() else None,
                "shape_report": str(shape_path(home, path.stem)) if shape_path(home, path.stem).exists() else None,
            }
        )
    return found


def refused_source(home: Home, sha256: str) -> Path:
    """The bytes of a refused export: the copy that was kept, or the file where it was seen if it is still the same.

    Raises:
        BadInput: it is not a refused export, or its bytes are gone.
    """
    record = source_record(home, sha256)
    if record is None or "refused" not in record:
        raise BadInput("no export with this SHA-256 was refused", where=sha256, fix="see `moonshine quarantine list`")
    kept = _kept(home, record)
    if kept is None or source_sha256(kept) != sha256:
        raise BadInput("its bytes are no longer there", where=record["location"], fix="`moonshine run` it again")
    return kept


def register_refused(home: Home, sha256: str, *, moment: datetime) -> Registration:
    """Register a refused export again.

    Raises:
        BadInput: it is refused as before, or its bytes are gone.
    """
    return register(home, refused_source(home, sha256), moment=moment, expected_sha256=sha256)


def is_refused(home: Home, name: str) -> bool:
    """Whether a name is the SHA-256 of a source, and not a run id."""
    return _SHA256.fullmatch(name) is not None and source_record(home, name) is not None


def _kept(home: Home, record: dict[str, Any]) -> Path | None:
    location = Path(record["location"])
    copy = unknown_copy(home, record["source_sha256"], location.name)
    return next((path for path in (copy, location) if path.exists()), None)
