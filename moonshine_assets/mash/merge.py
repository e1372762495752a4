"""One run into the mash: one transaction, idempotent, older versions marked and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, require, rows
from moonshine_assets.mash.schema import PLAIN, VERSIONED, create
from moonshine_assets.tables import TEXTS
from moonshine_assets.tables.schema import Table
from moonshine_resources.duckdb import transaction

#: In SQL order: the newest version of a conversation comes first.
NEWEST_FIRST = "c.updated_at DESC NULLS LAST, c.message_count DESC, c.ingested_at DESC, c.provider_run_id DESC"


class TableMerge(NamedTuple):
    """What a merge did to one table."""

    table: str
    inserted: int
    updated: int
    skipped: int
    superseded: int = 0


class Merge(NamedTuple):
    """What a merge did, table by table."""

    run_id: str
    tables: list[TableMerge]

    @property
    def written(self) -> int:
        return sum(table.inserted + table.updated + table.superseded for table in self.tables)


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
) -> Merge:
    """Merge a run's database into the open mash; all of it or nothing.

    Args:
        connection: the mash, open for writing.
        run: the run; its database must be published.
        moment: time of the merge, UTC.
        reason: why, for the merge manifest.
        gates: checks on the mash as it would be; a broken one rolls everything back.

    Raises:
        GateFailed: a gate does not hold; the mash is as it was.
    """
    connection.execute(f"ATTACH '{_quoted(run.database)}' AS run (READ_ONLY)")
    try:
        with transaction(connection):
            create(connection)
            merge = _merge_tables(connection, run, moment)
            again = _merge_tables(connection, run, moment)
            if again.written:
                raise GateFailed(
                    f"merging again would write {again.written} rows",
                    where=run.run_id,
                    fix="the run's tables hold rows with the same key; see its schema gate",
                )
            if merge.written:
                _record(connection, run, merge, moment, reason)
            require(gates(connection), where=run.run_id)
    finally:
        connection.execute("DETACH run")
    return merge


def _merge_tables(connection: duckdb.DuckDBPyConnection, run: RunFacts, moment: datetime) -> Merge:
    merged = [_merge_texts(connection)]
    merged += [_merge_table(connection, table) for table in (*VERSIONED, *PLAIN)]
    merged.append(_merge_runs(connection, run, moment))
    superseded = _supersede(connection, run.provider)
    return Merge(run.run_id, [table._replace(superseded=superseded.get(table.table, 0)) for table in merged])


def _merge_texts(connection: duckdb.DuckDBPyConnection) -> TableMerge:
    (inserted,) = connection.execute(
        "INSERT INTO store.texts SELECT * FROM run.store.texts ANTI JOIN store.texts USING (content_sha256)"
    ).fetchall()[0]
    (total,) = connection.execute("SELECT count(*) FROM run.store.texts").fetchall()[0]
    return TableMerge(TEXTS.name, inserted, 0, total - inserted)


def _merge_table(connection: duckdb.DuckDBPyConnection, table: Table) -> TableMerge:
    columns = [name for name in table.column_names if name != "superseded_by"]
    keyed = " AND ".join(f"old.{name} = new.{name}" for name in table.key)
    rest = [name for name in columns if name not in table.key]
    differs = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in rest)
    assign = ", ".join(f"{name} = new.{name}" for name in rest)
    values = ", ".join(f"new.{name}" for name in columns)
    actions = connection.execute(
        f"MERGE INTO store.{table.name} AS old USING run.store.{table.name} AS new ON {keyed}"  # noqa: S608 - names of our own tables
        f" WHEN MATCHED AND ({differs}) THEN UPDATE SET {assign}"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({values})"
        " RETURNING merge_action"
    )
    counted: Counter[str] = Counter()
    while batch := actions.fetchmany(100_000):
        counted.update(action for (action,) in batch)
    (total,) = connection.execute(f"SELECT count(*) FROM run.store.{table.name}").fetchall()[0]  # noqa: S608 - names of our own tables
    inserted, updated = counted["INSERT"], counted["UPDATE"]
    return TableMerge(table.name, inserted, updated, total - inserted - updated)


def _merge_runs(connection: duckdb.DuckDBPyConnection, run: RunFacts, moment: datetime) -> TableMerge:
    known = connection.execute(
        "SELECT database_sha256 FROM store.runs WHERE provider_run_id = ?", [run.run_id]
    ).fetchall()
    if known == [(run.database_sha256,)]:
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
    return TableMerge("runs", 0 if known else 1, 1 if known else 0, 0)


def _supersede(connection: duckdb.DuckDBPyConnection, provider: str) -> dict[str, int]:
    """Mark, in the conversations the run holds, every version but the newest with the run that has the newest.

    A conversation's version is replaced whole, so that a tree never mixes two exports.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE versions AS
        SELECT c.provider_run_id, c.conversation_id,
               nullif(first_value(c.provider_run_id) OVER newest, c.provider_run_id) AS superseded_by
        FROM store.conversations c
        WHERE c.provider = ? AND c.conversation_id IN (SELECT conversation_id FROM run.store.conversations)
        WINDOW newest AS (PARTITION BY c.conversation_id ORDER BY {NEWEST_FIRST})
        """,  # noqa: S608 - a constant of this module
        [provider],
    )
    changed = {}
    for table in VERSIONED:
        (count,) = connection.execute(
            f"UPDATE store.{table.name} AS t SET superseded_by = v.superseded_by FROM versions v"  # noqa: S608 - names of our own tables
            " WHERE t.provider = ? AND t.provider_run_id = v.provider_run_id AND t.conversation_id = v.conversation_id"
            " AND t.superseded_by IS DISTINCT FROM v.superseded_by",
            [provider],
        ).fetchall()[0]
        changed[table.name] = count
    connection.execute("DROP TABLE versions")
    return changed


def _record(connection: duckdb.DuckDBPyConnection, run: RunFacts, merge: Merge, moment: datetime, reason: str) -> None:
    connection.executemany(
        "INSERT INTO store.merges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(run.provider, run.run_id, moment.replace(tzinfo=None), *table, reason) for table in merge.tables],
    )


def merge_manifest(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """`merge_manifest.main.json`: every merge that wrote something, in order, with its counts by table."""
    merges: dict[tuple[str, str], dict[str, object]] = {}
    for row in rows(connection, "SELECT * FROM store.merges ORDER BY merged_at, provider_run_id, table_name"):
        at = row["merged_at"].isoformat() + "Z"
        entry = merges.setdefault(
            (at, row["provider_run_id"]),
            {
                "run_id": row["provider_run_id"],
                "provider": row["provider"],
                "merged_at": at,
                "reason": row["reason"],
                "tables": {},
            },
        )
        tables = entry["tables"]
        assert isinstance(tables, dict)
        tables[row["table_name"]] = {name: row[name] for name in ("inserted", "updated", "skipped", "superseded")}
    return {"merges": list(merges.values())}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
