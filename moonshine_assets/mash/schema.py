"""The mash's tables: those of a run, each row with the run that superseded it, plus the list of runs and of merges."""

from __future__ import annotations

from pathlib import Path

import duckdb

from moonshine_assets.tables import ATTACHMENTS, BLOCKS, CONVERSATIONS, MESSAGES, QUARANTINE, RECEIPTS, TEXTS
from moonshine_assets.tables.merges import MERGES
from moonshine_assets.tables.runs import RUNS
from moonshine_assets.tables.schema import Column, Table

_SUPERSEDED_BY = Column(
    "superseded_by", "VARCHAR", "run with a newer version of this record; NULL: current", nullable=True
)


def _versioned(table: Table) -> Table:
    return Table(table.name, table.doc, (*table.columns, _SUPERSEDED_BY), table.key)


#: Tables whose rows may be superseded by a later run.
VERSIONED: tuple[Table, ...] = tuple(_versioned(table) for table in (CONVERSATIONS, MESSAGES, BLOCKS, ATTACHMENTS))
#: Tables whose rows stay as the run wrote them.
PLAIN: tuple[Table, ...] = (QUARANTINE, RECEIPTS)
MASH_TABLES: tuple[Table, ...] = (*VERSIONED, *PLAIN, TEXTS, RUNS, MERGES)

_VIEWS = Path(__file__).with_name("views.sql")


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the mash's tables and views; changes nothing in a mash that has them."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS store")
    for table in MASH_TABLES:
        connection.execute(table.ddl())
    connection.execute(_VIEWS.read_text("utf-8"))


def is_mash(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the open database holds a mash; the file a killed first merge leaves behind does not."""
    return bool(
        connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()"
            " AND schema_name = 'store' AND table_name = 'runs'"
        ).fetchall()[0][0]
    )
