"""The mash as it was before a merge, restorable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from moonshine_assets.archive.run_archive import archive_faults
from moonshine_assets.errors import Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.schema import create
from moonshine_assets.mash.state import is_merged, mash_state, state_of
from moonshine_resources.atomic import copy_hashed, publish, read_json, sha256_file, sync_file, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


def snapshot_manifest(home: Home, run_id: str) -> Path:
    return home.premerge_snapshot(run_id).with_name("snapshot_manifest.json")


def take_snapshot(home: Home, run_id: str, generated_at: str) -> dict[str, Any]:
    """Snapshot the mash for the merge of a run; the caller holds the writer lock.

    An existing snapshot of the mash's present state is kept, and so is that of a run the mash already holds: it shows
    the mash without it. Before the first merge the snapshot is an empty mash.
    """
    target = home.premerge_snapshot(run_id)
    manifest = snapshot_manifest(home, run_id)
    present = state_of(home.mash)
    if manifest.exists() and target.exists():
        kept: dict[str, Any] = read_json(manifest)
        unchanged = kept["mash_state"] == present or is_merged(home.mash, run_id)
        if unchanged and sha256_file(target) == kept["sha256"]:
            return kept
    target.parent.mkdir(parents=True, exist_ok=True)
    sha256 = _empty(target) if present is None else copy_hashed(home.mash, target)
    with connect(target, read_only=True) as connection:
        state = mash_state(connection)
    if present is not None and state != present:
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
    write_json(manifest, facts)
    return facts


def _empty(target: Path) -> str:
    draft = target.with_name(f".draft.{target.name}")
    draft.unlink(missing_ok=True)
    with connect(draft, read_only=False) as connection:
        create(connection)
    sync_file(draft)
    publish(draft, target)
    return sha256_file(target)


def archived_first(home: Home, run_id: str) -> Verdict:
    """The run's archive and a snapshot of the mash's present state exist, hashes verified, the snapshot opens."""
    offenders = archive_faults(home.run(run_id))
    target = home.premerge_snapshot(run_id)
    manifest = snapshot_manifest(home, run_id)
    if not target.exists() or not manifest.exists():
        offenders.append({"file": target.name, "problem": "missing"})
    else:
        facts = read_json(manifest)
        if sha256_file(target) != facts["sha256"]:
            offenders.append({"file": target.name, "problem": "SHA-256 differs from its manifest"})
        else:
            present = state_of(home.mash)
            with connect(target, read_only=True) as connection:
                state = mash_state(connection)
            if present is not None and state != present and not is_merged(home.mash, run_id):
                offenders.append({"file": target.name, "problem": "not the state the mash is in"})
    if offenders:
        return broken("archived_first", "the run or the mash is not archived as it must be", offenders)
    return held("archived_first", "run archived, mash snapshot verified and openable")
