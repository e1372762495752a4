"""Which version of a conversation is the current one, when several exports of an account hold it."""

from __future__ import annotations

import duckdb

from moonshine_assets.mash.rows import count
from moonshine_assets.mash.schema import VERSIONED
from moonshine_assets.tables import FEEDBACK

#: In SQL order: the newest version of a conversation comes first.
NEWEST_FIRST = "c.updated_at DESC NULLS LAST, c.message_count DESC, c.ingested_at DESC, c.provider_run_id DESC"
#: The name of an export's file without its folder; a numbered part has the name of the whole.
FILE_SQL = "regexp_replace(parse_filename({}), '-[0-9]+[.]', '.')"

_VERSIONS_SQL = f"""
CREATE TEMP TABLE versions AS
WITH readings AS (
    SELECT c.*, row_number() OVER (
        PARTITION BY c.conversation_id, c.source_file_sha256 ORDER BY c.ingested_at DESC, c.provider_run_id DESC
    ) = 1 AS is_last_reading
    FROM store.conversations c SEMI JOIN touched USING (conversation_id) WHERE c.provider = $provider
)
SELECT c.provider_run_id, c.conversation_id, c.superseded_by AS former_mark, row_number() OVER newest AS rank,
       nullif(first_value(c.provider_run_id) OVER newest, c.provider_run_id) AS superseded_by
FROM readings c
WINDOW newest AS (PARTITION BY c.conversation_id ORDER BY c.is_last_reading DESC, {NEWEST_FIRST})
"""  # noqa: S608 - a constant of this module

#: A statement that stands in a conversation is superseded with it. One in a file of its own is superseded only by an
#: export that has this file too: an export without it says nothing of the ratings.
_STATEMENTS_SQL = f"""
CREATE TEMP TABLE statements AS
WITH files AS (
    SELECT provider_run_id, member, {FILE_SQL.format("member")} AS file,
           member_role = 'conversations' AS in_conversation
    FROM store.receipts
    WHERE provider = $provider AND file IN (
        SELECT DISTINCT {FILE_SQL.format("source_member")} FROM store.feedback WHERE provider = $provider)
),
newest AS (
    SELECT v.conversation_id, f.file, arg_min(v.provider_run_id, v.rank) AS provider_run_id
    FROM versions v
    INNER JOIN (SELECT DISTINCT provider_run_id, file FROM files WHERE NOT in_conversation) f USING (provider_run_id)
    GROUP BY ALL
)
SELECT s.provider_run_id, s.feedback_id,
       CASE WHEN n.provider_run_id IS NULL THEN v.superseded_by
            ELSE nullif(n.provider_run_id, s.provider_run_id) END AS superseded_by
FROM store.feedback s
INNER JOIN versions v USING (provider_run_id, conversation_id)
LEFT JOIN files f
    ON f.provider_run_id = s.provider_run_id AND f.member = s.source_member AND NOT f.in_conversation
LEFT JOIN newest n ON n.conversation_id = s.conversation_id AND n.file = f.file
WHERE s.provider = $provider
"""  # noqa: S608 - constants of this module


def supersede(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> dict[str, int]:
    """Mark every version but the newest with the run that has the newest; rows whose mark changed, by table.

    Looks at the conversations in `touched` (see touched.py) and adds to `remarked` the versions of other runs whose
    mark changed. A conversation's version is replaced whole, so that a tree never mixes two exports; which one is
    newest does not depend on the order of merging. Of two readings of the same export the later one is the newer,
    whatever it found.
    """
    connection.execute(_VERSIONS_SQL, {"provider": provider})
    connection.execute(
        "CREATE TEMP TABLE marks AS SELECT * FROM versions"
        " WHERE provider_run_id = ? OR former_mark IS DISTINCT FROM superseded_by",
        [run_id],
    )
    connection.execute(
        "INSERT INTO remarked SELECT provider_run_id, conversation_id FROM marks WHERE provider_run_id <> ?", [run_id]
    )
    # Named one by one, the runs are a filter on the scan: nothing else is read of the others' rows.
    runs = [row[0] for row in connection.execute("SELECT DISTINCT provider_run_id FROM marks").fetchall()]
    changed = {table.name: _mark(connection, table.name, runs) for table in VERSIONED if table.name != FEEDBACK.name}
    changed[FEEDBACK.name] = _mark_statements(connection, provider)
    connection.execute("DROP TABLE marks")
    connection.execute("DROP TABLE versions")
    return changed


def _mark(connection: duckdb.DuckDBPyConnection, table: str, runs: list[str]) -> int:
    if not runs:
        return 0
    return count(
        connection,
        f"UPDATE store.{table} AS t SET superseded_by = m.superseded_by FROM marks AS m"  # noqa: S608 - names of our own tables
        f" WHERE t.provider_run_id IN ({', '.join('?' * len(runs))})"
        " AND t.provider_run_id = m.provider_run_id AND t.conversation_id = m.conversation_id"
        " AND t.superseded_by IS DISTINCT FROM m.superseded_by",
        runs,
    )


def _mark_statements(connection: duckdb.DuckDBPyConnection, provider: str) -> int:
    if not count(connection, "SELECT count(*) FROM store.feedback WHERE provider = ?", [provider]):
        return 0
    connection.execute(_STATEMENTS_SQL, {"provider": provider})
    changed = count(
        connection,
        "UPDATE store.feedback AS t SET superseded_by = s.superseded_by FROM statements AS s"
        " WHERE t.provider_run_id = s.provider_run_id AND t.feedback_id = s.feedback_id"
        " AND t.superseded_by IS DISTINCT FROM s.superseded_by",
    )
    connection.execute("DROP TABLE statements")
    return changed
