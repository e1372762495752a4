"""The mash as it was before a merge, restorable: a small file that says how to make it again from the archived runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.archive.builds import Build, archived_copy, build_faults
from moonshine_assets.archive.contents import OWN, Content, combined, contents
from moonshine_assets.archive.run_archive import archive_faults, archive_run, archived_build
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.schema import create
from moonshine_assets.mash.state import EMPTY_STATE, is_merged, mash_state, settle, state_of
from moonshine_resources import storage
from moonshine_resources.atomic import publish, read_json, remove_drafts, sha256_file, sync_file, write_json
from moonshine_resources.duckdb import connect, transaction
from moonshine_resources.home import Home

#: Written into each manifest: 1 was a whole copy of the mash.
FORMAT = 2
_BUILDS_SQL = "SELECT provider_run_id, database_sha256 FROM store.runs ORDER BY merged_at, provider_run_id"
_DDL = """
CREATE SCHEMA snapshot;
CREATE TABLE snapshot.contents (
    table_name VARCHAR NOT NULL, row_count BIGINT NOT NULL, content_sha256 VARCHAR NOT NULL
);
CREATE TABLE snapshot.archived (
    provider_run_id VARCHAR NOT NULL, database_sha256 VARCHAR NOT NULL, archive_path VARCHAR NOT NULL
);
"""


class Described(NamedTuple):
    """What a snapshot says of a mash.

    Args:
        contents: every table's rows and hash.
        builds: the runs it holds, in the order of their merges.
        own: tables that do not come from runs, whole, by name.
    """

    contents: list[Content]
    builds: list[Build]
    own: dict[str, pa.Table]


def snapshot_manifest(home: Home, run_id: str) -> Path:
    return home.premerge_snapshot(run_id).with_name("snapshot_manifest.json")


def take_snapshot(home: Home, run_id: str, generated_at: str) -> dict[str, Any]:
    """Snapshot the mash for the merge of a run; the caller holds the writer lock.

    An existing snapshot of the mash's present state is kept, and so is that of a run the mash holds as it is archived:
    it shows the mash without it. Before the first merge the snapshot is of an empty mash.

    Raises:
        Corruption: the snapshot does not read back as the mash.
        StorageFull: there is no space for it; what was there before is still there.
    """
    target = home.premerge_snapshot(run_id)
    settle(home.mash)
    present = state_of(home.mash)
    kept = _kept(home, run_id, present or EMPTY_STATE)
    if kept is not None:
        if target.exists():
            with connect(target, read_only=True) as connection:
                _archive_missing(home, _builds(connection), generated_at)
        return kept
    with storage.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    remove_drafts(target)
    remove_drafts(snapshot_manifest(home, run_id))
    if present is None:
        described = _empty()
    else:
        with connect(home.mash, read_only=True) as connection:
            described = describe(connection)
        _archive_missing(home, described.builds, generated_at)
    write_snapshot(home, described, target)
    with connect(target, read_only=True) as connection:
        state = mash_state(connection)
    if state != (present or EMPTY_STATE):
        raise Corruption("the snapshot does not hold the runs the mash holds", where=str(target), fix="check the disk")
    facts = {
        "run_id": run_id,
        "format": FORMAT,
        "file": target.name,
        "sha256": sha256_file(target),
        "size_bytes": target.stat().st_size,
        "mash_state": state,
        "mash_existed": present is not None,
        "content_sha256": combined(described.contents),
        "runs": len(described.builds),
        "generated_at": generated_at,
    }
    write_json(snapshot_manifest(home, run_id), facts)
    return facts


def describe(connection: duckdb.DuckDBPyConnection) -> Described:
    """What a snapshot of the open mash, or the mash a snapshot was taken of, says."""
    return Described(contents(connection), _builds(connection), _own(connection))


def read_snapshot(connection: duckdb.DuckDBPyConnection) -> Described:
    """What the open snapshot says."""
    rows = connection.execute("SELECT table_name, row_count, content_sha256 FROM snapshot.contents").fetchall()
    return Described([Content(*row) for row in rows], _builds(connection), _own(connection))


def write_snapshot(home: Home, described: Described, target: Path) -> None:
    """Write a snapshot file, read-only, whole or not at all."""
    draft = target.with_name(f".draft.{target.name}")
    for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
        leftover.unlink(missing_ok=True)
    with connect(draft, read_only=False) as connection, transaction(connection):
        connection.execute("CREATE SCHEMA store")
        connection.execute(_DDL)
        put_own(connection, described.own)
        connection.executemany("INSERT INTO snapshot.contents VALUES (?, ?, ?)", described.contents)
        for build in described.builds:
            place = archived_copy(home.run(build.run_id)).relative_to(home.archive)
            connection.execute("INSERT INTO snapshot.archived VALUES (?, ?, ?)", [*build, str(place)])
    sync_file(draft)
    draft.chmod(0o444)
    publish(draft, target)


def put_own(connection: duckdb.DuckDBPyConnection, own: dict[str, pa.Table]) -> None:
    """Give the open database the rows of the tables that do not come from runs, and no others."""
    for table in OWN:
        connection.execute(table.ddl())
        connection.execute(f"DELETE FROM store.{table.name}")  # noqa: S608 - names of our own tables
        if table.name in own:
            connection.register("given", own[table.name])
            connection.execute(f"INSERT INTO store.{table.name} BY NAME SELECT * FROM given")  # noqa: S608 - names of our own tables
            connection.unregister("given")


def archived_first(home: Home, run_id: str) -> Verdict:
    """The run is archived, and so is the mash's present state: a whole snapshot, and every run's database it needs.

    The caller holds the writer lock.
    """
    try:
        offenders = archive_faults(home.run(run_id)) + _snapshot_faults(home, run_id)
    except Corruption as damage:
        offenders = [{"file": Path(damage.where).name, "problem": damage.what}]
    if offenders:
        return broken("archived_first", "the run or the mash is not archived as it must be", offenders)
    return held("archived_first", "run archived; snapshot and the archived databases it needs verified")


def snapshot_faults(home: Home, run_id: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Where a snapshot is not what its manifest says, or misses an archived database. The caller holds the lock."""
    faults = _file_faults(home, run_id, facts)
    if faults:
        return faults
    with connect(home.premerge_snapshot(run_id), read_only=True) as connection:
        return build_faults(home, _builds(connection))


def _file_faults(home: Home, run_id: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
    target = home.premerge_snapshot(run_id)
    if facts.get("format") != FORMAT:
        return [{"file": target.name, "problem": "written by another version"}]
    if sha256_file(target) != facts["sha256"]:
        return [{"file": target.name, "problem": "SHA-256 differs from its manifest"}]
    with connect(target, read_only=True) as connection:
        state, described = mash_state(connection), read_snapshot(connection)
    if state != facts["mash_state"] or combined(described.contents) != facts["content_sha256"]:
        return [{"file": target.name, "problem": "does not hold the runs its manifest says"}]
    return []


def _snapshot_faults(home: Home, run_id: str) -> list[dict[str, Any]]:
    target, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    if _pruned_after_its_merge(home, run_id):
        return []
    missing = [{"file": path.name, "problem": "missing"} for path in (target, manifest) if not path.exists()]
    if missing:
        return missing
    facts = read_json(manifest)
    faults = snapshot_faults(home, run_id, facts)
    if not faults and not _fits(home, run_id, facts, state_of(home.mash) or EMPTY_STATE):
        return [{"file": target.name, "problem": "not the state the mash is in"}]
    return faults


def _kept(home: Home, run_id: str, present: str) -> dict[str, Any] | None:
    """Facts of the run's snapshot where it is whole and still the right one."""
    target, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    if _pruned_after_its_merge(home, run_id):
        pruned: dict[str, Any] = read_json(manifest)
        return pruned
    if not manifest.exists() or not target.exists():
        return None
    try:
        facts: dict[str, Any] = read_json(manifest)
        whole = _fits(home, run_id, facts, present) and not _file_faults(home, run_id, facts)
    except Corruption:
        return None  # what cannot be read vouches for nothing
    return facts if whole else None


def _pruned_after_its_merge(home: Home, run_id: str) -> bool:
    """Whether the mash holds the run as it is archived, and retention has removed the snapshot from before that."""
    manifest = snapshot_manifest(home, run_id)
    try:
        pruned = manifest.exists() and "pruned_at" in read_json(manifest)
    except Corruption:
        return False
    return pruned and is_merged(home.mash, run_id, archived_build(home.run(run_id)))


def _fits(home: Home, run_id: str, facts: dict[str, Any], present: str) -> bool:
    return facts["mash_state"] == present or is_merged(home.mash, run_id, archived_build(home.run(run_id)))


def _archive_missing(home: Home, builds: list[Build], generated_at: str) -> None:
    """Archive again what the mash holds and the archive has lost, where the run's own report still has it."""
    for fault in build_faults(home, builds):
        run = home.run(fault["run_id"])
        wanted = next(build.database_sha256 for build in builds if build.run_id == run.run_id)
        if run.database.exists() and sha256_file(run.database) == wanted:
            try:
                archive_run(run, generated_at)
            except BadInput:
                continue  # not all of the run is there: archived_first names what is missing


def _empty() -> Described:
    """What a mash without runs holds."""
    with duckdb.connect() as connection:
        create(connection)
        return describe(connection)


def _builds(connection: duckdb.DuckDBPyConnection) -> list[Build]:
    return [Build(*row) for row in connection.execute(_BUILDS_SQL).fetchall()]


def _own(connection: duckdb.DuckDBPyConnection) -> dict[str, pa.Table]:
    return {
        table.name: connection.sql(f"SELECT * FROM store.{table.name}").to_arrow_table()  # noqa: S608 - names of our own tables
        for table in OWN
    }
