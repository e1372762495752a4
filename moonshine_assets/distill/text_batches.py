"""Long texts out of the mash a batch at a time, while the same connection writes in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import polars as pl
import pyarrow as pa

#: Characters of a batch; a longer text is a batch of its own.
BATCH_CHARACTERS = 24_000_000


def batches(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    text: str,
    wanted: str | None,
    *,
    extra: Sequence[str] = (),
) -> Iterator[pl.DataFrame]:
    """Rows of a table as frames of `content_sha256`, `text` and the extra columns, each key once, by row id.

    Args:
        connection: for any other use between two batches as well.
        table: its name.
        key: expression for the content hash.
        text: its column with the text.
        wanted: query for the hashes to be read, in its only column; None: all.
        extra: further columns.

    Ranges of row ids are read, so that no batch looks at the texts of another.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE batch_rows AS
        SELECT min(rowid) AS place, {key} AS content_sha256, max(length({text})) AS characters
        FROM {table}
        {"" if wanted is None else f"WHERE {key} IN ({wanted})"}
        GROUP BY {key}
        """  # noqa: S608 - queries and names of our own
    )
    ranges = connection.execute(
        """
        SELECT min(place), max(place) FROM (
            SELECT place, sum(characters) OVER (ORDER BY place) // ? AS batch FROM temp.batch_rows
        ) GROUP BY batch ORDER BY batch
        """,
        [BATCH_CHARACTERS],
    ).fetchall()
    for first, last in ranges:
        yield connection.sql(
            f"""
            SELECT b.content_sha256, t.{text} AS text{"".join(f", t.{name}" for name in extra)}
            FROM {table} AS t
            JOIN temp.batch_rows AS b ON b.place = t.rowid
            WHERE t.rowid BETWEEN ? AND ? AND b.place BETWEEN ? AND ?
            ORDER BY t.rowid
            """,  # noqa: S608 - queries and names of our own
            params=[first, last, first, last],
        ).pl()
    connection.execute("DROP TABLE temp.batch_rows")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Add rows to a table by their columns' names."""
    if rows.num_rows:
        connection.register("incoming", rows)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608 - our own names
        connection.unregister("incoming")
