"""The mash brought back from a snapshot: built beside from the archived runs, verified, and never over anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.archive.builds import Build, archived_database
from moonshine_assets.archive.contents import combined, contents
from moonshine_assets.archive.remembered import as_remembered, since
from moonshine_assets.archive.retention import require_kept
from moonshine_assets.archive.snapshot import FORMAT, Described, put_own, read_snapshot, snapshot_manifest
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.exports.forgotten import entries
from moonshine_assets.gates import Verdict, require, rows
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.gates import mash_integrity
from moonshine_assets.mash.merge import RunFacts, merge_manifest, merge_run, merged_build
from moonshine_assets.mash.schema import create
from moonshine_assets.mash.state import mash_state, settle
from moonshine_resources import clock, storage
from moonshine_resources.atomic import publish, read_json, remove_tree, sha256_file, sync_file, write_json_keeping
from moonshine_resources.duckdb import connect, transaction
from moonshine_resources.home import Home, provider_of

_OTHER_SNAPSHOT = "restore another run's snapshot; `moonshine archive list` shows which there are"


def restore_snapshot(home: Home, run_id: str, target: Path) -> dict[str, Any]:
    """Write the mash as it was before the merge of a run to `target`, writable, its contents verified.

    Args:
        home: the data home.
        run_id: the run whose merge the snapshot precedes.
        target: file to write; neither it nor a write-ahead log of it may exist. The caller puts it where it belongs.

    Returns:
        run_id, file, content_sha256, size_bytes, mash_state, the run ids it holds, and rows by table.

    Raises:
        BadInput: there is no snapshot of that run, or the target exists.
        Corruption: the snapshot or an archived database is not what it was; nothing is left at `target`.
        GateFailed: an archived database, put back from elsewhere, holds what was forgotten; nothing is left there.
        StorageFull: no space; nothing is left at `target`.
    """
    for taken in (target, target.with_name(f"{target.name}.wal")):
        if taken.exists():
            raise BadInput("exists already", where=str(taken), fix="restore beside it, or move it away first")
    described = verified_snapshot(home, run_id)
    # A snapshot put back from a backup may still describe what was forgotten since.
    remembered = as_remembered(described, since(home))
    described = remembered or described
    draft = target.with_name(f".draft.{target.name}")
    _remove(draft)
    with storage.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with connect(draft, read_only=False) as connection:
            replay(home, described, connection)
            require([nothing_forgotten(connection, entries(home))], where=str(home.premerge_snapshot(run_id)))
            found = verify(described, connection, str(home.premerge_snapshot(run_id)), compared=remembered is None)
        sync_file(draft)
        publish(draft, target)
    finally:
        _remove(draft)
    return {"run_id": run_id, "file": str(target), "size_bytes": target.stat().st_size, **found}


def verified_snapshot(home: Home, run_id: str) -> Described:
    """What the snapshot of a run says, hashes verified.

    Raises:
        BadInput: there is none.
        Corruption: it is not what its manifest says.
    """
    snapshot, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    if manifest.exists():
        require_kept(run_id, read_json(manifest))
    if not snapshot.exists() or not manifest.exists():
        raise BadInput(
            "no snapshot was taken for this run", where=run_id, fix="`moonshine archive list` shows those there are"
        )
    facts = read_json(manifest)
    if facts.get("format") != FORMAT:
        raise BadInput(
            "the snapshot was written by another version",
            where=str(snapshot),
            fix="one without a format is a whole copy of the mash: use the file itself",
        )
    if sha256_file(snapshot) != facts["sha256"]:
        raise Corruption(
            "the snapshot does not have the SHA-256 of its manifest", where=str(snapshot), fix=_OTHER_SNAPSHOT
        )
    with connect(snapshot, read_only=True) as connection:
        described, state = read_snapshot(connection), mash_state(connection)
    if state != facts["mash_state"] or combined(described.contents) != facts["content_sha256"]:
        raise Corruption("holds other runs than its manifest says", where=str(snapshot), fix=_OTHER_SNAPSHOT)
    return described


def replay(
    home: Home,
    described: Described,
    connection: duckdb.DuckDBPyConnection,
    database_of: Callable[[Home, Build], Path] = archived_database,
) -> None:
    """Bring the open database, empty or the mash of an earlier moment, to what a snapshot describes.

    Args:
        home: the data home.
        described: the snapshot.
        connection: the open database.
        database_of: finds the database of a build.

    Raises:
        Corruption: an archived database is not what it was.
    """
    create(connection)
    for row in (
        described.own["runs"].sort_by([("merged_at", "ascending"), ("provider_run_id", "ascending")]).to_pylist()
    ):
        if merged_build(connection, row["provider_run_id"]) == row["database_sha256"]:
            continue
        facts = RunFacts(
            run_id=row["provider_run_id"],
            provider=row["provider"],
            database=database_of(home, Build(row["provider_run_id"], row["database_sha256"])),
            database_sha256=row["database_sha256"],
            raw_json_tokens=row["raw_json_tokens"],
            content_tokens_non_system=row["content_tokens_non_system"],
        )
        merge_run(connection, facts, moment=row["merged_at"], reason="restore", gates=_no_gates)
    with transaction(connection):
        put_own(connection, described.own)


def verify(
    described: Described, connection: duckdb.DuckDBPyConnection, where: str, *, compared: bool = True
) -> dict[str, Any]:
    """Compare the contents of a restored mash with what its snapshot describes, and every row with the mash's rules.

    Args:
        described: the snapshot.
        connection: the restored mash.
        where: for messages.
        compared: the snapshot's hashes are those of what is to be restored: nothing of it was forgotten since.

    Raises:
        Corruption: they differ.
    """
    found = contents(connection)
    differing = [ours.table_name for ours, theirs in zip(found, described.contents, strict=True) if ours != theirs]
    if differing and compared:
        raise Corruption(
            f"what was restored differs from the snapshot in {', '.join(differing)}", where=where, fix=_OTHER_SNAPSHOT
        )
    integrity = mash_integrity(connection)
    ((altered,),) = connection.execute(
        "SELECT count(*) FROM store.texts WHERE sha256(text) <> content_sha256"
    ).fetchall()
    if not integrity.passed or altered:
        raise Corruption(
            f"what was restored breaks the mash's rules: {integrity.reason}; {altered} texts differ from their hash",
            where=where,
            fix=_OTHER_SNAPSHOT,
        )
    return {
        "content_sha256": combined(found),
        "mash_state": mash_state(connection),
        "runs": [
            row["provider_run_id"] for row in rows(connection, "SELECT provider_run_id FROM store.runs ORDER BY ALL")
        ],
        "rows": {content.table_name: content.row_count for content in found},
    }


def restore_in_place(home: Home, run_id: str, moment: datetime) -> dict[str, Any]:
    """Make the mash what it was before the merge of a run; the caller holds the writer lock.

    The present mash is kept beside it; at every moment there is one at its place. Nothing is changed unless the
    restored one was verified.

    Returns:
        What `restore_snapshot` returns, and `kept`: where the mash that was there is now, or None.

    Raises:
        BadInput, Corruption, StorageFull: as `restore_snapshot`; the mash is as it was.
    """
    provider_of(run_id)
    work = home.main / ".draft.restore"
    remove_tree(work)
    try:
        facts = restore_snapshot(home, run_id, work / home.mash.name)
        with connect(work / home.mash.name, read_only=True) as connection:
            manifest = merge_manifest(connection)
        settle(home.mash)
        with storage.writing(home.mash):
            kept = _keep_aside(home, moment)
            publish(work / home.mash.name, home.mash)
    finally:
        remove_tree(work)
    write_json_keeping(home.merge_manifest, manifest)
    return {**facts, "file": str(home.mash), "kept": str(kept) if kept else None}


def _keep_aside(home: Home, moment: datetime) -> Path | None:
    """A second name for the mash, which the next rename takes the first one from."""
    if not home.mash.exists():
        return None
    number = 1
    while True:
        suffix = "" if number == 1 else f"_{number}"
        aside = home.main / f"moonshine_mash_before_restore_{clock.stamp(moment)}{suffix}.db"
        try:
            os.link(home.mash, aside)
        except FileExistsError:
            number += 1
        except OSError:
            if aside.exists():
                raise
            # No hard links here: a moment without a mash, but never one without its bytes.
            home.mash.rename(aside)
            return aside
        else:
            return aside


def _no_gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
    return []


def _remove(draft: Path) -> None:
    draft.unlink(missing_ok=True)
    draft.with_name(f"{draft.name}.wal").unlink(missing_ok=True)
    remove_tree(draft.with_name(f"{draft.name}.tmp"))
