"""The index kept up with the mash: a merged run's new texts are added, texts no message uses any more are taken out."""

from __future__ import annotations

from functools import partial

import duckdb
import polars as pl

from moonshine_assets.mash.search.segments import compact, write
from moonshine_assets.mash.search.tables import create, drop, exists
from moonshine_assets.mash.search.terms import counted, lengths, terms
from moonshine_assets.mash.texts import KEY_SQL

#: Tokens of text that are split at once: some 16 MB of prose.
BATCH_TOKENS = 4_000_000
#: Postings that are sorted and written together.
SEGMENT_POSTINGS = 4_000_000
#: Row ids from here on belong to rows the transaction has not committed yet (DuckDB counts them from about 2^55).
_UNCOMMITTED = 1 << 54


def index_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Bring the index up to date with a run just merged; call it inside the merge's transaction.

    Args:
        connection: the mash, the run's database attached as `run`.
        run_id: the run. If the index lacks another run of the mash, it is made anew.
    """
    create(connection)
    behind = connection.execute(
        "SELECT count(*) FROM store.runs AS m FULL JOIN search.runs AS s USING (provider_run_id, database_sha256)"
        " WHERE provider_run_id <> ? AND (m.provider IS NULL OR s.run IS NULL)",
        [run_id],
    ).fetchall()[0][0]
    if behind:
        rebuild(connection)
    else:
        _index(connection, run_id, "run.store")


def rebuild(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the index anew from schema `store`, run by run in the order of their merges."""
    drop(connection)
    create(connection)
    for (run_id,) in connection.execute(
        "SELECT provider_run_id FROM store.runs ORDER BY merged_at, provider_run_id"
    ).fetchall():
        _index(connection, run_id, "store")


def forget_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Take a run out of the index, with the texts only its messages use; nothing to do where the index lacks it."""
    if exists(connection):
        _take_out(connection, run_id)
        _remove_unused(connection)


def _index(connection: duckdb.DuckDBPyConnection, run_id: str, source: str) -> None:
    known = _take_out(connection, run_id)
    ((number,),) = connection.execute("SELECT coalesce(max(run) + 1, 0) FROM search.runs").fetchall()
    connection.execute(
        "INSERT INTO search.runs SELECT ?, provider_run_id, database_sha256 FROM store.runs WHERE provider_run_id = ?",
        [number, run_id],
    )
    _find_new(connection, run_id, source)
    _add_texts(connection, _add_postings(connection, source), source)
    _add_uses(connection, int(number), run_id, source)
    if known:
        _remove_unused(connection)
    compact(connection)
    for table in ("search_new", "search_before"):
        connection.execute(f"DROP TABLE {table}")


def _take_out(connection: duckdb.DuckDBPyConnection, run_id: str) -> bool:
    """Remove the uses by a run's messages, their texts are in `search_before` then; whether the index had the run."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE search_before AS SELECT DISTINCT text FROM search.uses"
        " WHERE run IN (SELECT run FROM search.runs WHERE provider_run_id = ?)",
        [run_id],
    )
    connection.execute(
        "DELETE FROM search.uses WHERE run IN (SELECT run FROM search.runs WHERE provider_run_id = ?)", [run_id]
    )
    removed = connection.execute("DELETE FROM search.runs WHERE provider_run_id = ?", [run_id]).fetchall()
    return removed != [(0,)]


def _find_new(connection: duckdb.DuckDBPyConnection, run_id: str, source: str) -> None:
    """The texts of the run's messages that the index lacks as `search_new`, numbered in their order."""
    key = "text_key" if source == "store" else KEY_SQL
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE search_new AS
        WITH candidates AS (SELECT rowid AS source_row, {key} AS text_key, tokens FROM {source}.texts),
        used AS (SELECT {KEY_SQL} AS text_key FROM {source}.messages WHERE provider_run_id = ?)
        SELECT ((SELECT coalesce(max(text) + 1, 0) FROM search.texts) + row_number() OVER (ORDER BY source_row) - 1
            )::UINTEGER AS text, text_key, source_row,
            (sum(tokens) OVER (ORDER BY source_row) // {BATCH_TOKENS})::INTEGER AS batch
        FROM candidates SEMI JOIN used USING (text_key) ANTI JOIN search.texts USING (text_key)
        """,  # noqa: S608 - names of our own schemas
        [run_id],
    )


def _add_postings(connection: duckdb.DuckDBPyConnection, source: str) -> pl.DataFrame:
    """Segments for the new texts.

    Returns:
        Columns `text` and `length`; a text without terms is not in it.
    """
    gathered: list[pl.DataFrame] = []
    found: list[pl.DataFrame] = []
    for batch, low, high in connection.execute(
        "SELECT batch, min(source_row), max(source_row) FROM search_new GROUP BY batch ORDER BY batch"
    ).fetchall():
        texts = connection.sql(
            f"SELECT n.text, t.text AS content FROM {source}.texts AS t"  # noqa: S608 - names of our own schemas
            " INNER JOIN search_new AS n ON t.rowid = n.source_row WHERE t.rowid BETWEEN ? AND ? AND n.batch = ?"
            " ORDER BY n.text",
            params=[low, high, batch],
        ).pl()
        # Ranks in the batch instead of numbers of texts: what is known of a text is then looked up by place.
        occurrences = terms(texts.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("text"), "content"))
        counts = lengths(occurrences)
        norms = pl.Series([0], dtype=pl.UInt8).new_from_index(0, texts.height)
        norms = norms.scatter(counts["text"], counts.select(_norm())["norm"])
        postings = counted(occurrences, partial(hashes, connection))
        gathered.append(
            postings.select(
                "term",
                text=texts["text"].gather(postings["text"]),
                tf=pl.col("tf").clip(upper_bound=255).cast(pl.UInt8),
                norm=norms.gather(postings["text"]),
            )
        )
        found.append(counts.select(text=texts["text"].gather(counts["text"]), length=pl.col("length").cast(pl.UInt32)))
        if sum(part.height for part in gathered) >= SEGMENT_POSTINGS:
            write(connection, gathered)
            gathered = []
    if any(part.height for part in gathered):
        write(connection, gathered)
    return pl.concat(found) if found else pl.DataFrame(schema={"text": pl.UInt32, "length": pl.UInt32})


def hashes(connection: duckdb.DuckDBPyConnection, names: pl.Series) -> pl.Series:
    """The number each term is known by, in their order."""
    connection.register("search_names", pl.DataFrame({"term": names}, schema={"term": pl.String}).to_arrow())
    found = connection.sql("SELECT md5_number_lower(term) AS term FROM search_names").pl()["term"]
    connection.unregister("search_names")
    return found


def _norm() -> pl.Expr:
    return (pl.col("length").cast(pl.Float64).log(2) * 8).round().clip(upper_bound=255).cast(pl.UInt8).alias("norm")


def _add_texts(connection: duckdb.DuckDBPyConnection, counts: pl.DataFrame, source: str) -> None:
    """The new texts, with where store.texts has them, or will have them once this transaction is committed."""
    connection.register("search_lengths", counts.to_arrow())
    connection.execute(
        f"""
        INSERT INTO search.texts BY NAME
        WITH fresh AS (SELECT rowid AS row, text_key FROM store.texts WHERE rowid >= {_UNCOMMITTED}),
        ends AS (SELECT (SELECT count(*) FROM store.texts) - count(*) AS committed, min(row) AS first FROM fresh)
        SELECT n.text, n.text_key, coalesce(l.length, 0)::UINTEGER AS length,
               CASE WHEN $committed AND n.source_row < {_UNCOMMITTED} THEN n.source_row
                    ELSE ends.committed + f.row - ends.first END AS place
        FROM search_new AS n LEFT JOIN fresh AS f USING (text_key)
        LEFT JOIN search_lengths AS l USING (text) CROSS JOIN ends
        ORDER BY n.text
        """,  # noqa: S608 - a number of ours
        {"committed": source == "store"},
    )
    connection.unregister("search_lengths")


def _add_uses(connection: duckdb.DuckDBPyConnection, number: int, run_id: str, source: str) -> None:
    connection.execute(
        f"""
        INSERT INTO search.uses BY NAME
        SELECT i.text, ?::INTEGER AS run, m.raw_index, m.position, m.role, m.created_at
        FROM (SELECT *, {KEY_SQL} AS text_key FROM {source}.messages WHERE provider_run_id = ?) AS m
        INNER JOIN search.texts AS i USING (text_key)
        ORDER BY i.text, m.created_at, m.raw_index, m.position
        """,  # noqa: S608 - names of our own schemas
        [number, run_id],
    )


def _remove_unused(connection: duckdb.DuckDBPyConnection) -> None:
    """Texts of an earlier build of the run that no message uses any more."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE search_gone AS FROM search_before ANTI JOIN search.uses USING (text)"
    )
    for table in ("postings", "texts"):
        connection.execute(f"DELETE FROM search.{table} WHERE text IN (FROM search_gone)")  # noqa: S608 - our own names
