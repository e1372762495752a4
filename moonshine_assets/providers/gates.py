"""The gates of a run's draft database: each a function from a connection to a verdict."""

from __future__ import annotations

from typing import Any

import duckdb

from moonshine_assets.exports.register import kept_sha256
from moonshine_assets.gates import Verdict, broken, held, rows, schema_gate
from moonshine_assets.providers.categories import CATEGORY_IMBALANCE_SQL
from moonshine_assets.providers.receipt import IMBALANCE_SQL, LOOSE_ENDS_SQL, NOT_KEPT_SQL
from moonshine_assets.providers.source import Secured
from moonshine_assets.tables import RUN_TABLES
from moonshine_assets.tables.conversations import SOURCE_TYPES

_PROVENANCE_TABLES = tuple(table for table in RUN_TABLES if "provider" in table.column_names)


def draft_gates(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> list[Verdict]:
    """All gates of provider_db, in the order they are shown."""
    return [
        receipt_balances(connection),
        schema_gate(connection, RUN_TABLES),
        provider_coverage(connection, provider, run_id),
        no_contamination(connection),
    ]


def source_lock(secured: Secured, lock: dict[str, Any], expected_sha256: str = "") -> Verdict:
    """The archived copy, read back, hashes to what the source lock says, and to a configured lock if there is one."""
    found = {
        "source_lock": kept_sha256(lock),
        "archived_copy": secured.sha256,
        "configured": expected_sha256 or secured.sha256,
    }
    if len(set(found.values())) > 1:
        return broken(
            "source_lock",
            "the SHA-256 of the export is not the same everywhere",
            [{"where": where, "sha256": sha256} for where, sha256 in found.items()],
        )
    return held("source_lock", "the archived copy is the locked export", size_bytes=secured.size_bytes)


def receipt_balances(connection: duckdb.DuckDBPyConnection) -> Verdict:
    """Per file: bytes in = bytes attributed, conversations and nodes in = kept + hidden + duplicate + quarantined.

    Also by category (main path, tool calls, …): messages, their parts and characters. And the tables hold what the
    receipt says, quarantined bytes included, and nothing in them points nowhere.
    """
    laws = (IMBALANCE_SQL, NOT_KEPT_SQL, CATEGORY_IMBALANCE_SQL, LOOSE_ENDS_SQL)
    found = [row for law in laws for row in rows(connection, law)]
    # Differences of 0 are no offence; without them the table fits the page.
    offenders = [{name: value for name, value in row.items() if value} for row in found]
    totals = rows(
        connection,
        """
        SELECT coalesce(sum(bytes_total), 0)::BIGINT AS bytes_in,
               coalesce(sum(conversations_in), 0)::BIGINT AS conversations_in,
               coalesce(sum(nodes_in), 0)::BIGINT AS nodes_in,
               coalesce(sum(conversations_quarantined), 0)::BIGINT AS conversations_quarantined,
               coalesce(sum(nodes_quarantined), 0)::BIGINT AS nodes_quarantined
        FROM store.receipts
        """,
    )[0]
    if offenders:
        return broken("receipt_balances", f"{len(offenders)} entries do not balance", offenders, **totals)
    return held(
        "receipt_balances",
        f"{totals['bytes_in']} bytes, {totals['conversations_in']} conversations and {totals['nodes_in']} nodes"
        " accounted for",
        **totals,
    )


def provider_coverage(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> Verdict:
    """Every row of every table names this provider and this run."""
    offenders = []
    total = 0
    for table in _PROVENANCE_TABLES:
        untagged, count = connection.execute(
            f"SELECT count(*) FILTER (provider IS DISTINCT FROM ? OR provider_run_id IS DISTINCT FROM ?), count(*)"  # noqa: S608
            f" FROM store.{table.name}",
            [provider, run_id],
        ).fetchall()[0]
        total += count
        if untagged:
            offenders.append({"table": table.name, "rows": untagged, "expected_run": run_id})
    if offenders:
        return broken("provider_coverage", "rows without this run's provider tag", offenders, rows=total)
    return held("provider_coverage", f"all {total} rows carry provider {provider}", rows=total)


def no_contamination(connection: duckdb.DuckDBPyConnection) -> Verdict:
    """Every conversation comes from a supported export, and every message from such a conversation."""
    offenders = rows(
        connection,
        "SELECT conversation_id, source_type FROM store.conversations"
        " WHERE NOT list_contains(?, source_type) ORDER BY ALL LIMIT 100",
        [list(SOURCE_TYPES)],
    )
    offenders += rows(
        connection,
        "SELECT DISTINCT conversation_id, 'no such conversation' AS source_type FROM store.messages"
        " WHERE conversation_id NOT IN (SELECT conversation_id FROM store.conversations) ORDER BY ALL LIMIT 100",
    )
    if offenders:
        return broken("no_contamination", f"{len(offenders)} conversations of a foreign source", offenders)
    return held("no_contamination", f"every conversation is one of {', '.join(SOURCE_TYPES)}")
