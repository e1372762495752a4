"""Chats that a newer export of the same account no longer has: they stay, marked with the first export without them.

Exports belong to one account when they share a conversation, with each other or by way of others. Their age is the
last change of a conversation that they share with another, then the time of intake: an old export that is taken in
late is no newer one, and one in which only the last chat was deleted is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.gates import rows
from moonshine_assets.mash.rows import count

_HOLDERS_SQL = """
SELECT DISTINCT provider_run_id FROM store.conversations SEMI JOIN touched USING (conversation_id) WHERE provider = ?
"""

_NEIGHBOURS_SQL = """
SELECT DISTINCT provider_run_id FROM store.conversations
WHERE provider = $provider AND conversation_id IN (
    SELECT conversation_id FROM store.conversations WHERE list_contains($runs, provider_run_id))
"""

_AGES_SQL = """
WITH held AS (
    SELECT provider_run_id, updated_at, ingested_at, count(*) OVER (PARTITION BY conversation_id) > 1 AS shared
    FROM store.conversations WHERE provider = $provider AND list_contains($runs, provider_run_id)
)
SELECT provider_run_id AS run_id, max(updated_at) FILTER (shared) AS changed_at, max(ingested_at) AS ingested_at
FROM held GROUP BY provider_run_id
"""

_LINKS_SQL = """
SELECT DISTINCT lag(provider_run_id) OVER (PARTITION BY conversation_id ORDER BY provider_run_id), provider_run_id
FROM store.conversations WHERE provider = $provider AND list_contains($runs, provider_run_id)
"""

#: The export after the last one that holds a conversation does not hold it.
_MARK_SQL = """
WITH held AS (
    SELECT c.provider_run_id, c.conversation_id, c.superseded_by IS NULL AS is_current, e.account,
           max(e.age) OVER (PARTITION BY c.conversation_id) AS last_age
    FROM store.conversations c INNER JOIN exports e USING (provider_run_id)
    WHERE c.provider = $provider
),
expected AS (
    SELECT h.provider_run_id, h.conversation_id, CASE WHEN h.is_current THEN n.provider_run_id END AS missing_since
    FROM held h LEFT JOIN exports n ON n.account = h.account AND n.age = h.last_age + 1
)
UPDATE store.conversations AS t SET missing_since = e.missing_since FROM expected AS e
WHERE t.provider = $provider AND t.provider_run_id = e.provider_run_id AND t.conversation_id = e.conversation_id
    AND t.missing_since IS DISTINCT FROM e.missing_since
"""


class Export(NamedTuple):
    """A run with what says how old its export is; they sort by age."""

    changed_at: datetime
    ingested_at: datetime
    run_id: str


def mark_missing(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> int:
    """Bring `missing_since` up to date for the accounts that the conversations in `touched` belong to.

    Returns:
        How many marks changed. A run that shares nothing with others costs one look at `touched`.
    """
    runs = _accounts_of_touched(connection, provider, run_id)
    if runs <= {run_id}:
        return 0
    connection.execute("CREATE TEMP TABLE exports (provider_run_id VARCHAR, account INTEGER, age INTEGER)")
    for number, account in enumerate(accounts(connection, provider, runs)):
        connection.executemany(
            "INSERT INTO exports VALUES (?, ?, ?)", [(run, number, age) for age, run in enumerate(account)]
        )
    changed = count(connection, _MARK_SQL, {"provider": provider})
    connection.execute("DROP TABLE exports")
    return changed


def accounts(connection: duckdb.DuckDBPyConnection, provider: str, runs: set[str]) -> list[list[str]]:
    """The runs by account, each account's from the oldest export to the newest.

    Args:
        connection: the mash.
        provider: of the runs.
        runs: ids; whole accounts, as two runs may be linked by way of a third.
    """
    facts = {"provider": provider, "runs": sorted(runs)}
    exports = {row["run_id"]: _export(row) for row in rows(connection, _AGES_SQL, facts)}
    links = [link for link in connection.execute(_LINKS_SQL, facts).fetchall() if link[0] is not None]
    return [
        [export.run_id for export in sorted(exports[member] for member in account)]
        for account in _linked(set(exports), links)
    ]


def _accounts_of_touched(connection: duckdb.DuckDBPyConnection, provider: str, run_id: str) -> set[str]:
    """Runs that share a conversation with the touched ones, and those that share one with them, and so on."""
    found = {row[0] for row in connection.execute(_HOLDERS_SQL, [provider]).fetchall()}
    # Whoever shares a conversation with the run itself is among the holders already.
    new = found - {run_id}
    while new:
        facts = {"provider": provider, "runs": sorted(new)}
        neighbours = {row[0] for row in connection.execute(_NEIGHBOURS_SQL, facts).fetchall()}
        new = neighbours - found
        found |= new
    return found


def _linked(runs: set[str], links: list[tuple[str, str]]) -> list[set[str]]:
    """Runs that are linked, with each other or by way of others, together."""
    account = {run: {run} for run in runs}
    for one, other in links:
        if account[one] is not account[other]:
            account[one] |= account[other]
            for run in account[other]:
                account[run] = account[one]
    return [members for run, members in sorted(account.items()) if run == min(members)]


def _export(row: dict[str, Any]) -> Export:
    return Export(row["changed_at"] or datetime.min, row["ingested_at"], row["run_id"])
