"""The content hash: the same for the same rows, another for any other value."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from moonshine_assets.mash.content import content_hash
from moonshine_assets.tables.schema import Column, Table

THINGS = Table("things", "Any rows.", (Column("a", "VARCHAR", "what names the row"),), ("a",))
TYPES = "a VARCHAR, b VARCHAR, n INTEGER, moment TIMESTAMP, raw BLOB, flags VARCHAR[], payload JSON, yes BOOLEAN"
ROW = "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA store")
        yield connection


def hashed(connection: duckdb.DuckDBPyConnection, rows: str, types: str = TYPES) -> str:
    connection.execute(f"CREATE OR REPLACE TABLE store.things ({types})")
    connection.execute(f"INSERT INTO store.things {rows}")
    return content_hash(connection, [THINGS])


def test_the_order_of_rows_does_not_matter(connection: duckdb.DuckDBPyConnection) -> None:
    values = "SELECT i::VARCHAR, i::VARCHAR FROM range(5000) t(i) ORDER BY "
    types = "a VARCHAR, b VARCHAR"
    assert hashed(connection, values + "i", types) == hashed(connection, values + "hash(i)", types)


@pytest.mark.parametrize(
    "other",
    [
        "'xy', '', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'x', NULL, 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'x', '-', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'y', 'x', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'x', 'y', 2, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01 00:00:00.000001', '\\x00'::BLOB, ['p', 'q'], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x01'::BLOB, ['p', 'q'], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p, q'], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, [], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, NULL, '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', NULL], '{}', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{ }', true",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', false",
        "'x', 'y', 1, TIMESTAMP '2026-01-01', '\\x00'::BLOB, ['p', 'q'], '{}', NULL",
    ],
)
def test_any_other_value_gives_another_hash(connection: duckdb.DuckDBPyConnection, other: str) -> None:
    assert hashed(connection, f"VALUES ({ROW})") != hashed(connection, f"VALUES ({other})")


def test_how_often_a_row_occurs_matters(connection: duckdb.DuckDBPyConnection) -> None:
    once, twice, thrice = (hashed(connection, f"SELECT {ROW} FROM range({times})") for times in (1, 2, 3))
    assert len({once, twice, thrice}) == 3


def test_a_column_nobody_declared_counts(connection: duckdb.DuckDBPyConnection) -> None:
    before = hashed(connection, f"VALUES ({ROW})")
    connection.execute("ALTER TABLE store.things ADD COLUMN extra VARCHAR")
    assert content_hash(connection, [THINGS]) != before


def test_a_row_uncommitted_counts_within_its_transaction(connection: duckdb.DuckDBPyConnection) -> None:
    before = hashed(connection, f"VALUES ({ROW})")
    connection.execute("BEGIN")
    connection.execute("DELETE FROM store.things")
    assert content_hash(connection, [THINGS]) != before
    connection.execute("ROLLBACK")
    assert content_hash(connection, [THINGS]) == before
