"""Postings in sorted segments: small ones are written by every merge and folded together as they gather."""

from __future__ import annotations

import duckdb
import polars as pl

#: So many segments of a level become one of the next.
FAN = 8
#: Postings from which a segment is of the next level; one beyond the last is never rewritten, so that a merge pays for
#: at most eight segments of the last level, and a term is looked up in few places however large the mash.
LEVELS = (65_536, 524_288, 4_194_304, 16_777_216)


def write(connection: duckdb.DuckDBPyConnection, parts: list[pl.DataFrame]) -> None:
    """Append a segment.

    Args:
        connection: the mash.
        parts: columns `term`, `text`, `tf`, `norm`; each sorted by the first two.
    """
    rows = pl.concat(parts).sort("term", "text") if len(parts) > 1 else parts[0]
    connection.register("search_rows", rows.to_arrow())
    _append(connection, "SELECT * FROM search_rows")
    connection.unregister("search_rows")


def compact(connection: duckdb.DuckDBPyConnection) -> None:
    """Fold segments until fewer than FAN of any level are left, the last one aside."""
    while segments := _gathered(connection):
        listed = ", ".join(map(str, segments))
        _append(connection, f"SELECT * FROM search.postings WHERE segment IN ({listed}) ORDER BY term, text")  # noqa: S608 - numbers
        for table in ("postings", "segments"):
            connection.execute(f"DELETE FROM search.{table} WHERE segment IN ({listed})")  # noqa: S608 - numbers


def _append(connection: duckdb.DuckDBPyConnection, sorted_rows: str) -> None:
    """One more segment of what a query returns."""
    ((number,),) = connection.execute("SELECT coalesce(max(segment) + 1, 0) FROM search.segments").fetchall()
    ((written,),) = connection.execute(
        f"INSERT INTO search.postings SELECT {number}, term, text, tf, norm FROM ({sorted_rows})"  # noqa: S608 - our own words
    ).fetchall()
    connection.execute("INSERT INTO search.segments VALUES (?, ?)", [number, written])


def _gathered(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """The segments of the lowest level that has FAN of them; empty when there is none."""
    levels: dict[int, list[int]] = {}
    for segment, postings in connection.execute(
        "SELECT segment, postings FROM search.segments ORDER BY segment"
    ).fetchall():
        levels.setdefault(sum(postings >= bound for bound in LEVELS), []).append(int(segment))
    return next((found for level, found in sorted(levels.items()) if level < len(LEVELS) and len(found) >= FAN), [])
