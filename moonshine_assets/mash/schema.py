"""The mash's tables: those of a run, each row with the run that superseded it, plus the list of runs and of merges."""

from __future__ import annotations

from pathlib import Path

import duckdb

from moonshine_assets.errors import Corruption
from moonshine_assets.tables import (
    ATTACHMENTS,
    BLOCKS,
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    QUARANTINE,
    RECEIPT_CATEGORIES,
    RECEIPTS,
)
from moonshine_assets.tables import TEXTS as RUN_TEXTS
from moonshine_assets.tables.merges import MERGES
from moonshine_assets.tables.runs import RUNS
from moonshine_assets.tables.schema import Column, Table

_SUPERSEDED_BY = Column(
    "superseded_by", "VARCHAR", "run with a newer version of this record; NULL: current", nullable=True
)
_MISSING_SINCE = Column(
    "missing_since",
    "VARCHAR",
    "first newer export of the account without the conversation; NULL: none, or an older version",
    nullable=True,
)
_TEXT_KEY = Column("text_key", "BIGINT", "first 60 bits of content_sha256: what look-ups scan", at_least=0)
#: Columns a merge computes from all runs together; the others are those of the run's own database.
MARKS = frozenset({_SUPERSEDED_BY.name, _MISSING_SINCE.name})


def _versioned(table: Table) -> Table:
    marks = (_SUPERSEDED_BY, _MISSING_SINCE) if table is CONVERSATIONS else (_SUPERSEDED_BY,)
    return Table(table.name, table.doc, (*table.columns, *marks), table.key)


#: Tables whose rows may be superseded by a later run, with their conversation.
VERSIONED: tuple[Table, ...] = tuple(
    _versioned(table) for table in (CONVERSATIONS, MESSAGES, BLOCKS, ATTACHMENTS, FEEDBACK)
)
#: Tables whose rows stay as the run wrote them.
PLAIN: tuple[Table, ...] = (QUARANTINE, RECEIPTS, RECEIPT_CATEGORIES)
#: Texts as the mash keeps them, with a narrow key.
TEXTS = Table(RUN_TEXTS.name, RUN_TEXTS.doc, (*RUN_TEXTS.columns, _TEXT_KEY), RUN_TEXTS.key)
#: What the runs make of the mash, whichever way it came to hold them: equal runs, equal rows.
CONTENT_TABLES: tuple[Table, ...] = (*VERSIONED, *PLAIN, TEXTS, RUNS)
MASH_TABLES: tuple[Table, ...] = (*CONTENT_TABLES, MERGES)

_VIEWS = (Path(__file__).with_name("views.sql"), *sorted((Path(__file__).parent / "views").glob("*.sql")))


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the mash's tables and views; changes nothing in a mash that has them."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS store")
    for table in MASH_TABLES:
        connection.execute(table.ddl())
    require_layout(connection, MASH_TABLES)
    for file in _VIEWS:
        connection.execute(file.read_text("utf-8"))


def require_layout(
    connection: duckdb.DuckDBPyConnection, tables: tuple[Table, ...], *, database: str | None = None
) -> None:
    """Every table has the declared columns and types.

    Args:
        connection: the mash.
        tables: the declarations.
        database: an attached database to look at; without it the mash itself.

    Raises:
        Corruption: a table is missing or was written by another version of Moonshine.
    """
    live: dict[str, set[tuple[str, str]]] = {}
    for table_name, column, type_ in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE schema_name = 'store' AND database_name = coalesce(?, current_database())",
        [database],
    ).fetchall():
        live.setdefault(table_name, set()).add((column, type_))
    for table in tables:
        if live.get(table.name) != {(column.name, column.type) for column in table.columns}:
            raise Corruption(
                f"store.{table.name} does not have the columns this version declares",
                where=f"database {database}" if database else "the mash",
                fix="it was written by another version; build it anew from the archived exports",
            )


def is_mash(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the open database holds a mash; the file a killed first merge leaves behind does not."""
    return bool(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()"
            " AND schema_name = 'store' AND table_name = 'runs'"
        ).fetchall()[0][0]
    )
