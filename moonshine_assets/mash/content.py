"""What a database holds, as one hash: equal rows give equal hashes, however and in whatever order they were written."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import duckdb

from moonshine_assets.tables.schema import Table

_BATCH_ROWS = 100_000


def content_hash(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], *, schema: str = "store") -> str:
    """Hex SHA-256 over the names, columns and rows of some tables.

    Every row becomes a SHA-256 over its values, NULL and lengths told apart; the rows' hashes are sorted by DuckDB,
    which spills them to disk when they are many, and hashed in that order. Columns are those of the database, so a
    column nobody declared counts too.

    Args:
        connection: open database, also one inside a transaction.
        tables: which tables, in the order that is part of the hash.
        schema: schema they are in.
    """
    digest = sha256()
    for table in tables:
        columns = connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()"
            " AND schema_name = ? AND table_name = ? ORDER BY column_name",
            [schema, table.name],
        ).fetchall()
        digest.update(f"{table.name} {columns}\n".encode())
        row = ", ".join(_value(name, type_) for name, type_ in columns)
        hashes = connection.sql(f"SELECT sha256(concat({row})) FROM {schema}.{table.name} ORDER BY 1")  # noqa: S608 - names from the catalogue
        for batch in hashes.to_arrow_reader(_BATCH_ROWS):
            digest.update("".join(batch.column(0).to_pylist()).encode())
    return digest.hexdigest()


def _value(name: str, type_: str) -> str:
    """A column's value as `<bytes>:<text>`, or `-` for NULL."""
    if type_ == "BLOB":
        text = f'sha256("{name}")'
    elif type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION")):
        text = f'to_json("{name}")::VARCHAR'
    else:
        text = f'"{name}"::VARCHAR'
    return f"coalesce(strlen({text})::VARCHAR || ':' || {text}, '-')"
