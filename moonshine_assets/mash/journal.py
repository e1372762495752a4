"""The journal: what every merge and rollback wrote, table by table, in the same transaction as the rows themselves."""

from __future__ import annotations

from datetime import datetime

import duckdb

from moonshine_assets.gates import rows
from moonshine_assets.mash.rows import TableMerge
from moonshine_assets.mash.schema import MERGES, is_mash, require_layout

#: What a run that was taken out has as operation of its last entry.
ROLLBACK = "rollback"
MERGE = "merge"
#: A run that was built anew without what was forgotten, or taken out because nothing of it is left.
FORGET = "forget"
_COUNTED = ("inserted", "updated", "skipped", "superseded", "removed", "missing")


def record(
    connection: duckdb.DuckDBPyConnection,
    *,
    provider: str,
    run_id: str,
    operation: str,
    tables: list[TableMerge],
    moment: datetime,
    reason: str,
) -> None:
    """Enter what was done, one row a table."""
    ((number,),) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM store.merges").fetchall()
    for table in tables:
        counts = table._asdict()
        connection.execute(
            "INSERT INTO store.merges BY NAME SELECT $number AS number, $provider AS provider,"
            " $run_id AS provider_run_id, $operation AS operation, $merged_at::TIMESTAMP AS merged_at,"
            " $table AS table_name, $inserted AS inserted, $updated AS updated, $skipped AS skipped,"
            " $superseded AS superseded, $removed AS removed, $missing AS missing, $reason AS reason",
            {
                "number": number,
                "provider": provider,
                "run_id": run_id,
                "operation": operation,
                "merged_at": moment.replace(tzinfo=None),
                "reason": reason,
                **counts,
            },
        )


def rolled_back(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Runs that were taken out and not merged again since.

    Raises:
        Corruption: the mash was written by another version.
    """
    if not is_mash(connection):
        return set()
    require_layout(connection, (MERGES,))
    found = connection.execute(
        "SELECT provider_run_id FROM store.merges GROUP BY provider_run_id HAVING arg_max(operation, number) = ?",
        [ROLLBACK],
    ).fetchall()
    return {row[0] for row in found}


def merge_manifest(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """`merge_manifest.main.json`: every merge and rollback that wrote something, in order, with counts by table."""
    entries: dict[int, dict[str, object]] = {}
    for row in rows(connection, "SELECT * FROM store.merges ORDER BY number, table_name"):
        entry = entries.setdefault(
            row["number"],
            {
                "run_id": row["provider_run_id"],
                "provider": row["provider"],
                "operation": row["operation"],
                "merged_at": row["merged_at"].isoformat() + "Z",
                "reason": row["reason"],
                "tables": {},
            },
        )
        tables = entry["tables"]
        assert isinstance(tables, dict)
        tables[row["table_name"]] = {name: row[name] for name in _COUNTED}
    return {"merges": list(entries.values())}
