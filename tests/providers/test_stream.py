"""Rows through one open statement: all of them, in order, or none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from moonshine_assets.providers.stream import TableStream
from moonshine_resources.duckdb import connect

SCHEMA = pa.schema([("number", pa.int64()), ("text", pa.string())])
INSERT = "INSERT INTO file.numbers SELECT number + $more, text FROM rows_to_write"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path / "file.db", read_only=False, row_group_rows=2_048) as connection:
        connection.execute("SET threads = 1")
        connection.execute("CREATE TABLE numbers (number BIGINT CHECK (number < 1000000), text VARCHAR)")
        yield connection


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield pool


def rows(*numbers: int) -> pa.Table:
    return pa.table({"number": list(numbers), "text": [f"text {number}" for number in numbers]}, schema=SCHEMA)


def test_all_batches_are_in_the_table_in_their_order_once_the_stream_is_closed(
    database: duckdb.DuckDBPyConnection, threads: ThreadPoolExecutor
) -> None:
    stream = TableStream(database, INSERT, {"more": 1}, SCHEMA, threads)
    for first in range(0, 9_000, 900):
        stream.put(rows(*range(first, first + 900)))
    stream.close()
    found = database.execute("SELECT number, text FROM numbers").fetchall()
    assert found == [(number + 1, f"text {number}") for number in range(9_000)]


def test_row_groups_have_the_size_asked_for_whatever_the_batches(
    database: duckdb.DuckDBPyConnection, threads: ThreadPoolExecutor
) -> None:
    stream = TableStream(database, INSERT, {"more": 0}, SCHEMA, threads)
    for first in range(0, 6_000, 100):
        stream.put(rows(*range(first, first + 100)))
    stream.close()
    database.execute("CHECKPOINT")
    sizes = database.execute(
        "SELECT sum(count) FROM pragma_storage_info('numbers') WHERE column_name = 'number' AND segment_type = 'BIGINT'"
        " GROUP BY row_group_id ORDER BY row_group_id"
    ).fetchall()
    assert sizes == [(2_048,), (2_048,), (1_904,)]


def test_an_abandoned_stream_leaves_nothing(database: duckdb.DuckDBPyConnection, threads: ThreadPoolExecutor) -> None:
    stream = TableStream(database, INSERT, {"more": 0}, SCHEMA, threads)
    for _ in range(5):
        stream.put(rows(*range(3_000)))
    stream.abandon()
    assert database.execute("SELECT count(*) FROM numbers").fetchall() == [(0,)]


def test_a_statement_that_fails_is_told_to_whoever_hands_over_more_and_leaves_nothing(
    database: duckdb.DuckDBPyConnection, threads: ThreadPoolExecutor
) -> None:
    stream = TableStream(database, INSERT, {"more": 999_990}, SCHEMA, threads)
    stream.put(rows(1, 2))
    with pytest.raises(duckdb.ConstraintException, match="CHECK constraint failed"):
        for _ in range(1_000):
            stream.put(rows(*range(100)))
    stream.abandon()
    assert database.execute("SELECT count(*) FROM numbers").fetchall() == [(0,)]


def test_a_statement_that_fails_at_its_end_is_told_on_closing(
    database: duckdb.DuckDBPyConnection, threads: ThreadPoolExecutor
) -> None:
    stream = TableStream(database, INSERT, {"more": 999_990}, SCHEMA, threads)
    stream.put(rows(20))
    with pytest.raises(duckdb.ConstraintException):
        stream.close()
