"""Which version of a conversation is the current one, when several exports of an account hold it."""

from __future__ import annotations

import duckdb

from moonshine_assets.mash.schema import VERSIONED

#: In SQL order: the newest version of a conversation comes first.
NEWEST_FIRST = "c.updated_at DESC NULLS LAST, c.message_count DESC, c.ingested_at DESC, c.provider_run_id DESC"


def supersede(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> dict[str, int]:
    """Mark every version but the newest with the run that has the newest; rows whose mark changed, by table.

    Looks at the conversations the attached run holds, and at those it superseded before it was built anew. A
    conversation's version is replaced whole, so that a tree never mixes two exports; which one is newest does not
    depend on the order of merging. Of two readings of the same export the later one is the newer, whatever it found.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE versions AS
        WITH readings AS (
            SELECT c.*, row_number() OVER (
                PARTITION BY c.conversation_id, c.source_file_sha256 ORDER BY c.ingested_at DESC, c.provider_run_id DESC
            ) = 1 AS is_last_reading
            FROM store.conversations c
            WHERE c.provider = $provider AND c.conversation_id IN (
                SELECT conversation_id FROM run.store.conversations
                UNION ALL SELECT conversation_id FROM store.conversations WHERE superseded_by = $run_id)
        )
        SELECT c.provider_run_id, c.conversation_id,
               nullif(first_value(c.provider_run_id) OVER newest, c.provider_run_id) AS superseded_by
        FROM readings c
        WINDOW newest AS (PARTITION BY c.conversation_id ORDER BY c.is_last_reading DESC, {NEWEST_FIRST})
        """,  # noqa: S608 - a constant of this module
        {"provider": provider, "run_id": run_id},
    )
    changed = {}
    for table in VERSIONED:
        ((count,),) = connection.execute(
            f"UPDATE store.{table.name} AS t SET superseded_by = v.superseded_by FROM versions v"  # noqa: S608 - names of our own tables
            " WHERE t.provider = ? AND t.provider_run_id = v.provider_run_id AND t.conversation_id = v.conversation_id"
            " AND t.superseded_by IS DISTINCT FROM v.superseded_by",
            [provider],
        ).fetchall()
        changed[table.name] = int(count)
    connection.execute("DROP TABLE versions")
    return changed
