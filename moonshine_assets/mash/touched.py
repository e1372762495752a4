"""What a merge or rollback touches, so that its cost and its gates go by that and not by the size of the mash.

Touched are the run's own rows; the conversations it has or had, in whatever run they stand; the rows of other runs
whose mark it changed; and the texts these rows point to. While `tracking` there are two temporary tables: `touched`
(conversation ids of the run's provider) and `remarked` (provider_run_id, conversation_id of the others' rows).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from moonshine_assets.mash.schema import MASH_TABLES, TEXTS, VERSIONED
from moonshine_assets.mash.texts import find_texts

#: Tables a rule looks at through the scope; the others are small, and rows of any run refer to them.
_SEEN = re.compile(rf"\bstore\.({'|'.join(table.name for table in (*VERSIONED, TEXTS))})\b")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows gates look at.

    Args:
        prefix: what stands before a table's name, e.g. `store.`.
        run_id: the run that must be whole; None: every run.
    """

    prefix: str
    run_id: str | None = None

    def rule(self, query: str) -> str:
        """A query over tables of `store`, as one over the rows of this scope."""
        return _SEEN.sub(rf"{self.prefix}\1", query)


WHOLE = Scope("store.")


@contextmanager
def tracking(connection: duckdb.DuckDBPyConnection, run_id: str, *, attached: bool) -> Iterator[None]:
    """Keep the two tables for the block; when the transaction fails they are gone with it.

    Args:
        connection: the mash, inside a transaction that has changed nothing yet.
        run_id: the run.
        attached: a database of the run is attached as `run`; its conversations are touched as well.
    """
    arriving = "UNION SELECT conversation_id FROM run.store.conversations" if attached else ""
    connection.execute(
        "CREATE TEMP TABLE touched AS SELECT conversation_id FROM store.conversations"  # noqa: S608 - a constant
        f" WHERE provider_run_id = ? {arriving}",
        [run_id],
    )
    connection.execute("CREATE TEMP TABLE remarked (provider_run_id VARCHAR, conversation_id VARCHAR)")
    yield
    connection.execute("DROP TABLE remarked")
    connection.execute("DROP TABLE touched")


@contextmanager
def touched_rows(
    connection: duckdb.DuckDBPyConnection, provider: str, run_id: str, *, attached: bool
) -> Iterator[Scope]:
    """The scope of what was touched, for the block, which lies in one of `tracking`."""
    own = f"provider_run_id = {_quoted(run_id)}"
    remarked = [row[0] for row in connection.execute("SELECT DISTINCT provider_run_id FROM remarked").fetchall()]
    # Named one by one, the runs are a filter on the scan.
    others = f"provider_run_id IN ({', '.join(map(_quoted, remarked))}) AND (provider_run_id, conversation_id) IN ("
    others += "SELECT provider_run_id, conversation_id FROM remarked)"
    for table in MASH_TABLES:
        if table is TEXTS:
            continue
        query = f"SELECT * FROM store.{table.name} WHERE {own}"  # noqa: S608 - names of our own tables
        if table.name == "conversations":
            query = (
                f"SELECT * FROM store.conversations WHERE provider = {_quoted(provider)}"  # noqa: S608 - quoted
                " AND conversation_id IN (SELECT conversation_id FROM touched)"
            )
        elif table in VERSIONED and remarked:
            query += f" UNION ALL SELECT * FROM store.{table.name} WHERE {others}"  # noqa: S608 - names of our own tables
        connection.execute(f"CREATE TEMP VIEW touched_{table.name} AS {query}")
    arrived = "UNION ALL SELECT content_sha256 FROM run.store.texts" if attached else ""
    find_texts(
        connection,
        "touched_texts",
        "SELECT content_sha256 FROM touched_messages UNION ALL"  # noqa: S608 - a constant
        f" SELECT content_sha256 FROM touched_blocks WHERE content_sha256 IS NOT NULL {arrived}",
    )
    yield Scope("temp.touched_", run_id)
    connection.execute("DROP TABLE touched_texts")
    for table in MASH_TABLES:
        if table is not TEXTS:
            connection.execute(f"DROP VIEW touched_{table.name}")


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
