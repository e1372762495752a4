"""The index's tables, in schema `search`: declared like all others, left out of what is hashed and archived."""

from __future__ import annotations

import duckdb

from moonshine_assets.tables.schema import Column, Table

SCHEMA = "search"

RUNS = Table(
    name="runs",
    doc="Which build of which run the index holds.",
    key=("run",),
    columns=(
        Column("run", "INTEGER", "number of the run in this index"),
        Column("provider_run_id", "VARCHAR", "run id"),
        Column("database_sha256", "VARCHAR", "SHA-256 of the database that was indexed", sha256=True),
    ),
)
TEXTS = Table(
    name="texts",
    doc="Every indexed text, numbered in the order it came.",
    key=("text",),
    columns=(
        Column("text", "UINTEGER", "number of the text in this index"),
        Column("text_key", "BIGINT", "first 60 bits of its SHA-256, as in store.texts", at_least=0),
        Column("length", "UINTEGER", "terms it has"),
        Column(
            "place", "BIGINT", "where store.texts had it (row id): a hint, checked before it is used", nullable=True
        ),
    ),
)
USES = Table(
    name="uses",
    doc="Which messages have a text, superseded ones included, with what a search may ask of them.",
    key=("run", "text", "raw_index", "position"),
    columns=(
        Column("text", "UINTEGER", "number of the text"),
        Column("run", "INTEGER", "number of the run"),
        Column("raw_index", "INTEGER", "the message's raw_index"),
        Column("position", "INTEGER", "the message's position"),
        Column("role", "VARCHAR", "the message's role"),
        Column("created_at", "TIMESTAMP", "the message's time, UTC", nullable=True),
    ),
)
POSTINGS = Table(
    name="postings",
    doc="Which texts have a term, each segment in the order of terms.",
    key=("term", "text"),
    columns=(
        Column("segment", "INTEGER", "sorted part of the table it belongs to"),
        Column("term", "UBIGINT", "lower 64 bits of the MD5 of the term"),
        Column("text", "UINTEGER", "number of the text"),
        Column("tf", "UTINYINT", "how often the text has the term, at most 255"),
        Column("norm", "UTINYINT", "length of the text in steps of an eighth of a power of two"),
    ),
)
SEGMENTS = Table(
    name="segments",
    doc="The segments of postings.",
    key=("segment",),
    columns=(
        Column("segment", "INTEGER", "sorted part of postings"),
        Column("postings", "BIGINT", "rows it was written with"),
    ),
)
SEARCH_TABLES: tuple[Table, ...] = (RUNS, TEXTS, USES, POSTINGS, SEGMENTS)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of the index."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for table in SEARCH_TABLES:
        connection.execute(table.ddl(SCHEMA))


def drop(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the index."""
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def exists(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the open database holds an index."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ?", [SCHEMA]
    ).fetchall()
    return bool(found[0][0] == len(SEARCH_TABLES))
