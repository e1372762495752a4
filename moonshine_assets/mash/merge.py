"""One run into the mash: one transaction, idempotent, older versions marked and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, require
from moonshine_assets.mash.journal import MERGE, record
from moonshine_assets.mash.journal import merge_manifest as merge_manifest
from moonshine_assets.mash.missing import mark_missing
from moonshine_assets.mash.rows import TableMerge, merge_rows
from moonshine_assets.mash.schema import PLAIN, VERSIONED, create, is_mash, require_layout
from moonshine_assets.mash.search.build import index_run
from moonshine_assets.mash.texts import merge_texts, remember_texts, remove_unused_texts
from moonshine_assets.mash.touched import tracking
from moonshine_assets.mash.versions import supersede
from moonshine_assets.tables import CONVERSATIONS, RUN_TABLES
from moonshine_resources.duckdb import transaction


class Merge(NamedTuple):
    """What a merge or rollback did, table by table."""

    run_id: str
    tables: list[TableMerge]

    @property
    def written(self) -> int:
        return sum(table.written for table in self.tables)


class RunFacts(NamedTuple):
    """What the mash keeps of a run besides its rows."""

    run_id: str
    provider: str
    database: Path
    database_sha256: str
    raw_json_tokens: int
    content_tokens_non_system: int


def merge_run(
    connection: duckdb.DuckDBPyConnection,
    run: RunFacts,
    *,
    moment: datetime,
    reason: str,
    gates: Callable[[duckdb.DuckDBPyConnection], list[Verdict]],
    operation: str = MERGE,
) -> Merge:
    """Merge a run's database into the open mash; all of it or nothing.

    A run that was built anew since it was merged is brought up to date: its changed rows are updated, its vanished
    rows removed. A run the mash holds as it is writes nothing, not a byte of the file.

    Args:
        connection: the mash, open for writing.
        run: the run; its database must be published.
        moment: time of the merge, UTC.
        reason: why, for the merge manifest.
        gates: checks on the mash as it would be, while touched.py's tables are there; a broken one rolls everything
            back.
        operation: what the journal calls it.

    Raises:
        GateFailed: a gate does not hold; the mash is as it was.
        Corruption: the mash or the run's database was written by another version.
        StorageFull: no space; the mash is as it was, or the merge is whole and only its log could not be folded in.
    """
    with attached(connection, run.database), transaction(connection):
        require_layout(connection, RUN_TABLES, database="run")
        build = merged_build(connection, run.run_id)
        if build != run.database_sha256:
            create(connection)
        with tracking(connection, run.run_id, attached=True):
            rebuilt = build not in (None, run.database_sha256)
            if rebuilt:
                remember_texts(connection, run.run_id)
            texts = merge_texts(connection)
            tables = _merge_tables(connection, run, moment)
            if rebuilt:
                texts = texts._replace(removed=remove_unused_texts(connection))
            merge = Merge(run.run_id, [texts, *tables])
            # Texts are not looked up a second time: that none is there twice is a rule of the gates.
            again = sum(table.written for table in _merge_tables(connection, run, moment))
            if again:
                raise GateFailed(
                    f"merging again would write {again} rows",
                    where=run.run_id,
                    fix="the database holds rows of another run or rows with the same key; see its own gates",
                )
            if merge.written:
                index_run(connection, run.run_id)
                record(
                    connection,
                    provider=run.provider,
                    run_id=run.run_id,
                    operation=operation,
                    tables=merge.tables,
                    moment=moment,
                    reason=reason,
                )
            require(gates(connection), where=run.run_id)
    return merge


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, database: Path) -> Iterator[None]:
    """The run database at hand as `run`, read-only; nothing to do inside a merge, where it is already."""
    known = connection.execute("SELECT path FROM duckdb_databases() WHERE database_name = 'run'").fetchall()
    if known == [(str(database),)]:
        yield
        return
    quoted = str(database).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS run (READ_ONLY)")
    try:
        yield
    finally:
        # After a failure that invalidates the connection nothing can be detached; that failure is what counts.
        with suppress(duckdb.Error):
            connection.execute("DETACH run")


def merged_build(connection: duckdb.DuckDBPyConnection, run_id: str) -> str | None:
    """SHA-256 of the database the mash took the run from; None when the run is not in it."""
    if not is_mash(connection):
        return None
    found = connection.execute("SELECT database_sha256 FROM store.runs WHERE provider_run_id = ?", [run_id]).fetchall()
    return str(found[0][0]) if found else None


def _merge_tables(connection: duckdb.DuckDBPyConnection, run: RunFacts, moment: datetime) -> list[TableMerge]:
    """Everything but texts."""
    build = merged_build(connection, run.run_id)
    rebuilt = build not in (None, run.database_sha256)
    tables = [merge_rows(connection, table, run.run_id, rebuilt=rebuilt) for table in (*VERSIONED, *PLAIN)]
    tables.append(_merge_runs(connection, run, moment, build))
    return with_marks(connection, run.provider, run.run_id, tables)


def with_marks(
    connection: duckdb.DuckDBPyConnection, provider: str, run_id: str, tables: list[TableMerge]
) -> list[TableMerge]:
    """Bring the marks of what was touched up to date, and add to each table how many of its rows changed theirs."""
    superseded = supersede(connection, provider, run_id)
    missing = {CONVERSATIONS.name: mark_missing(connection, provider, run_id)}
    return [
        table._replace(superseded=superseded.get(table.table, 0), missing=missing.get(table.table, 0))
        for table in tables
    ]


def _merge_runs(
    connection: duckdb.DuckDBPyConnection, run: RunFacts, moment: datetime, build: str | None
) -> TableMerge:
    if build == run.database_sha256:
        return TableMerge("runs", 0, 0, 1)
    connection.execute("DELETE FROM store.runs WHERE provider_run_id = ?", [run.run_id])
    connection.execute(
        """
        INSERT INTO store.runs BY NAME
        SELECT any_value(provider) AS provider, provider_run_id,
               any_value(source_file_sha256) AS source_file_sha256, any_value(source_path) AS source_path,
               $database_sha256 AS database_sha256, any_value(ingested_at) AS ingested_at,
               $merged_at::TIMESTAMP AS merged_at,
               (SELECT count(*) FROM run.store.conversations)::INTEGER AS conversations,
               (SELECT count(*) FROM run.store.messages)::INTEGER AS messages,
               $raw_json_tokens AS raw_json_tokens, $content_tokens AS content_tokens_non_system
        FROM run.store.receipts GROUP BY provider_run_id
        """,
        {
            "database_sha256": run.database_sha256,
            "merged_at": moment.replace(tzinfo=None),
            "raw_json_tokens": run.raw_json_tokens,
            "content_tokens": run.content_tokens_non_system,
        },
    )
    return TableMerge("runs", int(build is None), int(build is not None), 0)
