"""Derived tables: written whole, and only when what they would hold differs from what they hold."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from moonshine_assets.tables.schema import Table


def replace_rows(
    connection: duckdb.DuckDBPyConnection, table: Table, query: str, parameters: Mapping[str, object] | None = None
) -> bool:
    """Make `table` hold what `query` returns (its columns, by name). True if anything had to be written.

    Call it inside a transaction: until that commits, readers see the table as it was.
    """
    names = ", ".join(f'"{name}"' for name in table.column_names)
    connection.execute("CREATE SCHEMA IF NOT EXISTS store")
    connection.execute(table.ddl())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT {names} FROM ({query})", parameters)  # noqa: S608 - our own names
    stored = f"SELECT {names} FROM store.{table.name}"  # noqa: S608 - our own names
    wanted = f"SELECT {names} FROM temp.wanted"  # noqa: S608 - our own names
    difference = connection.execute(
        f"SELECT EXISTS (({stored}) EXCEPT ALL ({wanted})) OR EXISTS (({wanted}) EXCEPT ALL ({stored}))"
    ).fetchall()[0][0]
    if difference:
        connection.execute(f"DELETE FROM store.{table.name}")  # noqa: S608 - our own names
        connection.execute(f"INSERT INTO store.{table.name} BY NAME {wanted}")
    connection.execute("DROP TABLE temp.wanted")
    return bool(difference)
