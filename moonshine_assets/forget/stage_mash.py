"""The mash without what is forgotten, in a file that never held it: deleted rows leave their bytes in free pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb

from moonshine_assets.archive.remembered import Rebuilt
from moonshine_assets.errors import Corruption
from moonshine_assets.exports.forgotten import Conversation, tombstone
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.forgotten import nothing_forgotten
from moonshine_assets.mash.gates import touched_gates
from moonshine_assets.mash.journal import FORGET
from moonshine_assets.mash.merge import merge_run, merged_build
from moonshine_assets.mash.rollback import rollback_run
from moonshine_assets.mash.schema import MASH_TABLES, create, is_mash
from moonshine_assets.mash.search.tables import SCHEMA as SEARCH
from moonshine_resources import storage
from moonshine_resources.atomic import sync_file
from moonshine_resources.duckdb import STORAGE_VERSION, connect, transaction


def stage_mash(mash: Path, target: Path, runs: dict[str, Rebuilt], *, moment: datetime, reason: str) -> bool:
    """Write a mash without what is forgotten to `target`; whether it holds any of the runs, else nothing is written.

    Tables that are made from the mash (cleaning, slice) are left out: the next distillation makes them.

    Args:
        mash: a mash; only read.
        target: file to write, must not exist.
        runs: what became of runs.
        moment: time, UTC, for the journal.
        reason: why, for the journal.

    Raises:
        GateFailed: a gate of the mash does not hold afterwards.
        Corruption: the new file does not hold what was written.
        StorageFull: there is no space.
    """
    with connect(mash, read_only=True) as connection:
        if not is_mash(connection) or not _held(connection) & runs.keys():
            return False
    with storage.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        working = target.with_name(f".draft.{target.name}")
        shutil.copyfile(mash, working)
    with connect(working, read_only=False) as connection:
        create(connection)
        for run_id in sorted(_held(connection) & runs.keys()):
            _replace(connection, run_id, runs[run_id], moment, reason)
        _drop_derived(connection)
        expected = content_hash(connection, MASH_TABLES)
    copy_fresh(working, target)
    with connect(target, read_only=True) as connection:
        if content_hash(connection, MASH_TABLES) != expected:
            raise Corruption("does not hold what was written", where=str(target), fix="check the disk")
    working.unlink()
    return True


def copy_fresh(source: Path, target: Path) -> None:
    """Copy a database table by table into a new file, which then has no page that holds anything else."""
    target.unlink(missing_ok=True)
    with connect(target, read_only=False) as connection:
        quoted = str(source).replace("'", "''")
        name = target.stem.replace('"', '""')
        connection.execute(f"ATTACH '{quoted}' AS former (READ_ONLY, STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute(f'COPY FROM DATABASE former TO "{name}"')
        connection.execute("DETACH former")
    sync_file(target)


def holds(mash: Path, conversations: Iterable[Conversation]) -> bool:
    """Whether a mash has a version of one of some conversations."""
    with connect(mash, read_only=True) as connection:
        if not is_mash(connection):
            return False
        known = [{"conversation_sha256": tombstone(*conversation)} for conversation in conversations]
        return not nothing_forgotten(connection, known).passed


def _replace(connection: duckdb.DuckDBPyConnection, run_id: str, now: Rebuilt, moment: datetime, reason: str) -> None:
    if now.facts is None:
        ((provider,),) = connection.execute(
            "SELECT provider FROM store.runs WHERE provider_run_id = ?", [run_id]
        ).fetchall()
        rollback_run(
            connection,
            provider,
            run_id,
            moment=moment,
            reason=reason,
            gates=lambda mash: touched_gates(mash, provider, run_id, attached=False),
            operation=FORGET,
        )
        return
    facts = now.facts
    if merged_build(connection, run_id) == facts.database_sha256:
        return
    merged_at = connection.execute("SELECT merged_at FROM store.runs WHERE provider_run_id = ?", [run_id]).fetchall()
    merge_run(
        connection,
        facts,
        moment=moment,
        reason=reason,
        gates=lambda mash: touched_gates(mash, facts.provider, run_id, attached=True),
        operation=FORGET,
    )
    with transaction(connection):
        # It entered the mash when it did.
        connection.execute("UPDATE store.runs SET merged_at = ? WHERE provider_run_id = ?", [merged_at[0][0], run_id])


def _drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    ours = {table.name for table in MASH_TABLES}
    for schema, table in connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal"
    ).fetchall():
        if schema != SEARCH and not (schema == "store" and table in ours):
            connection.execute(f'DROP TABLE "{schema}"."{table}"')


def _held(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {run_id for (run_id,) in connection.execute("SELECT provider_run_id FROM store.runs").fetchall()}
