"""From bands to clusters: new texts are compared with all that share a band, and what is alike is gathered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from moonshine_assets.distill.cleaning_policy import NearDuplicates
from moonshine_assets.distill.near_duplicates.clusters import gathered
from moonshine_assets.distill.near_duplicates.shingles import normalised, shingles
from moonshine_assets.distill.replace import replace_rows
from moonshine_assets.distill.text_batches import batches, insert
from moonshine_assets.tables.near_duplicates import NEAR_DUPLICATES

_HERE = Path(__file__).parent
#: In a band that very many texts share, each is compared with the first and with so many next to it.
NEIGHBOURS = 32
#: Words of the texts that are compared at a time.
_CHUNK_WORDS = 12_000_000
_PAIRS = {"left_sha256": pl.String, "right_sha256": pl.String}


def find_near_duplicates(connection: duckdb.DuckDBPyConnection, rules: NearDuplicates) -> bool:
    """Bring store.near_pairs and store.near_duplicates up to date; True if the latter changed. In a transaction.

    Needs what `measure_texts` leaves: signals, bands, and the temporary table `new_normals`.
    """
    if rules.enabled:
        query = (_HERE / "candidates.sql").read_text("utf-8")
        candidates = connection.sql(query, params={"neighbours": NEIGHBOURS}).pl()
        for pairs in _chunks(connection, candidates):
            alike = _measured(connection, pairs, rules).filter(pl.col("jaccard") >= rules.candidate_jaccard)
            insert(connection, "store.near_pairs", alike.to_arrow())
    under = _gather(connection, rules) if rules.enabled else {}
    rows = pl.DataFrame(
        [(text, first, jaccard) for text, (first, jaccard) in sorted(under.items())],
        schema={"normal_sha256": pl.String, "cluster_sha256": pl.String, "jaccard": pl.Float64},
        orient="row",
    )
    connection.register("gathered_texts", rows.to_arrow())
    try:
        return replace_rows(connection, NEAR_DUPLICATES, "SELECT * FROM gathered_texts")
    finally:
        connection.unregister("gathered_texts")


def _chunks(connection: duckdb.DuckDBPyConnection, pairs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The pairs in pieces whose texts have a bounded number of words."""
    if pairs.is_empty():
        return
    connection.register("pairs_to_measure", pairs.to_arrow())
    sized = connection.sql(
        """
        WITH sizes AS (SELECT normal_sha256, max(words) AS words FROM store.text_signals GROUP BY ALL)
        SELECT left_sha256, right_sha256, l.words + r.words AS words
        FROM pairs_to_measure
        JOIN sizes AS l ON l.normal_sha256 = left_sha256
        JOIN sizes AS r ON r.normal_sha256 = right_sha256
        ORDER BY left_sha256, right_sha256
        """
    ).pl()
    connection.unregister("pairs_to_measure")
    chunk = (sized["words"].cum_sum() // _CHUNK_WORDS).alias("chunk")
    for piece in sized.with_columns(chunk).partition_by("chunk", maintain_order=True, include_key=False):
        yield piece.select("left_sha256", "right_sha256")


def _measured(connection: duckdb.DuckDBPyConnection, pairs: pl.DataFrame, rules: NearDuplicates) -> pl.DataFrame:
    """The pairs with their exact Jaccard index, from sets of shingles made anew of their texts."""
    names = pl.concat([pairs["left_sha256"], pairs["right_sha256"]]).unique()
    connection.register("chunk_texts", names.to_frame("normal_sha256").to_arrow())
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE compared AS SELECT normal_sha256, min(content_sha256) AS content_sha256"
        " FROM store.text_signals SEMI JOIN chunk_texts USING (normal_sha256) GROUP BY ALL"
    )
    connection.unregister("chunk_texts")
    named = connection.sql("SELECT * FROM temp.compared").pl()
    sets, wanted = [], "SELECT content_sha256 FROM temp.compared"
    for batch in batches(connection, "store.texts", "content_sha256", "text", wanted):
        texts = batch.select("content_sha256", normalised(pl.col("text")).alias("normal"))
        grouped = shingles(texts, rules.shingle_words).unique().group_by("row").agg("shingle")
        sets.append(
            grouped.select(pl.lit(texts["content_sha256"]).gather(pl.col("row")).alias("content_sha256"), "shingle")
        )
    connection.execute("DROP TABLE temp.compared")
    known = pl.concat(sets).join(named, on="content_sha256").select("normal_sha256", "shingle")
    joined = pairs.join(known, left_on="left_sha256", right_on="normal_sha256", how="left").join(
        known, left_on="right_sha256", right_on="normal_sha256", how="left", suffix="_right"
    )
    left, right = pl.col("shingle"), pl.col("shingle_right")
    common = left.list.set_intersection(right).list.len().cast(pl.Float64)
    return joined.select(
        "left_sha256",
        "right_sha256",
        (common / (left.list.len() + right.list.len() - common)).fill_null(0.0).alias("jaccard"),
    )


def _gather(connection: duckdb.DuckDBPyConnection, rules: NearDuplicates) -> dict[str, tuple[str, float]]:
    edges = connection.execute(
        "SELECT left_sha256, right_sha256 FROM store.near_pairs WHERE jaccard >= ? ORDER BY ALL", [rules.merge_jaccard]
    ).fetchall()
    if not edges:
        return {}
    rank = dict(connection.execute((_HERE / "first_occurrence.sql").read_text("utf-8")).fetchall())

    def measure(stars: Sequence[tuple[str, str]]) -> dict[tuple[str, str], float]:
        known = {
            (left, right): jaccard
            for left, right, jaccard in connection.execute("SELECT * FROM store.near_pairs").fetchall()
        }
        missing = sorted({tuple(sorted(star)) for star in stars} - set(known))
        for pairs in _chunks(connection, pl.DataFrame(missing, schema=_PAIRS, orient="row")):
            found = _measured(connection, pairs, rules)
            insert(connection, "store.near_pairs", found.to_arrow())
            known |= {(left, right): jaccard for left, right, jaccard in found.iter_rows()}
        return {star: known[min(star), max(star)] for star in stars}

    return gathered(edges, rank, rules.floor_jaccard, measure)
