"""The mash as it was before a merge, restorable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moonshine_assets.archive.run_archive import archive_faults, archived_build
from moonshine_assets.errors import Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.schema import create
from moonshine_assets.mash.state import EMPTY_STATE, is_merged, mash_state, settle, state_of
from moonshine_resources.atomic import (
    copy_hashed,
    publish,
    read_json,
    remove_drafts,
    sha256_file,
    sync_file,
    write_json,
)
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


def snapshot_manifest(home: Home, run_id: str) -> Path:
    return home.premerge_snapshot(run_id).with_name("snapshot_manifest.json")


def take_snapshot(home: Home, run_id: str, generated_at: str) -> dict[str, Any]:
    """Snapshot the mash for the merge of a run; the caller holds the writer lock.

    An existing snapshot of the mash's present state is kept, and so is that of a run the mash holds as it is archived:
    it shows the mash without it. Before the first merge the snapshot is an empty mash.

    Raises:
        Corruption: the snapshot does not read back as the mash.
    """
    target = home.premerge_snapshot(run_id)
    settle(home.mash)
    present = state_of(home.mash)
    kept = _kept(home, run_id, present or EMPTY_STATE)
    if kept is not None:
        return kept
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_drafts(target)
    sha256 = _empty(target) if present is None else copy_hashed(home.mash, target)
    with connect(target, read_only=True) as connection:
        state = mash_state(connection)
    if state != (present or EMPTY_STATE):
        raise Corruption("the snapshot does not hold the runs the mash holds", where=str(target), fix="check the disk")
    facts = {
        "run_id": run_id,
        "file": target.name,
        "sha256": sha256,
        "size_bytes": target.stat().st_size,
        "mash_state": state,
        "mash_existed": present is not None,
        "generated_at": generated_at,
    }
    write_json(snapshot_manifest(home, run_id), facts)
    return facts


def archived_first(home: Home, run_id: str) -> Verdict:
    """The run's archive and a snapshot of the mash's present state exist, hashes verified, the snapshot opens."""
    try:
        offenders = archive_faults(home.run(run_id)) + _snapshot_faults(home, run_id)
    except Corruption as damage:
        offenders = [{"file": Path(damage.where).name, "problem": damage.what}]
    if offenders:
        return broken("archived_first", "the run or the mash is not archived as it must be", offenders)
    return held("archived_first", "run archived, mash snapshot verified and openable")


def _kept(home: Home, run_id: str, present: str) -> dict[str, Any] | None:
    """Facts of the run's snapshot where it is whole and still the right one."""
    target, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    if not manifest.exists() or not target.exists():
        return None
    try:
        facts: dict[str, Any] = read_json(manifest)
    except Corruption:
        return None  # a manifest that cannot be read vouches for nothing
    return facts if _fits(home, run_id, facts, present) and sha256_file(target) == facts["sha256"] else None


def _fits(home: Home, run_id: str, facts: dict[str, Any], present: str) -> bool:
    return facts["mash_state"] == present or is_merged(home.mash, run_id, archived_build(home.run(run_id)))


def _snapshot_faults(home: Home, run_id: str) -> list[dict[str, Any]]:
    target, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    missing = [{"file": path.name, "problem": "missing"} for path in (target, manifest) if not path.exists()]
    if missing:
        return missing
    facts = read_json(manifest)
    if sha256_file(target) != facts["sha256"]:
        return [{"file": target.name, "problem": "SHA-256 differs from its manifest"}]
    with connect(target, read_only=True) as connection:
        state = mash_state(connection)
    if state != facts["mash_state"]:
        return [{"file": target.name, "problem": "does not hold the runs its manifest says"}]
    if not _fits(home, run_id, facts, state_of(home.mash) or EMPTY_STATE):
        return [{"file": target.name, "problem": "not the state the mash is in"}]
    return []


def _empty(target: Path) -> str:
    draft = target.with_name(f".draft.{target.name}")
    for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
        leftover.unlink(missing_ok=True)
    with connect(draft, read_only=False) as connection:
        create(connection)
    sync_file(draft)
    draft.chmod(0o444)
    publish(draft, target)
    return sha256_file(target)
