"""Measuring what was not measured yet: every distinct text of a message once."""

from __future__ import annotations

from hashlib import sha256

import duckdb
import msgspec
import polars as pl

from moonshine_assets.distill.decontamination import Benchmarks, benchmark_hits
from moonshine_assets.distill.near_duplicates.minhash import BANDS_VERSION, band_keys
from moonshine_assets.distill.near_duplicates.shingles import SHINGLES_VERSION, normalised, shingles
from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.signals.form import FORM_COLUMNS, form, zlib_ratio
from moonshine_assets.distill.signals.language import languages
from moonshine_assets.distill.signals.marks import machine, signatures
from moonshine_assets.distill.signals.tone import tones
from moonshine_assets.distill.text_batches import batches, insert
from moonshine_assets.mash.texts import KEY_SQL
from moonshine_assets.tables.near_duplicates import MINHASH_BANDS, NEAR_PAIRS
from moonshine_assets.tables.text_signals import TEXT_SIGNALS

#: Raise it when the code of a signal changes what it gives.
CODE_VERSION = 1
_KEY = KEY_SQL.replace("content_sha256", "normal_sha256")

_WANTED = """
CREATE OR REPLACE TEMP TABLE message_texts AS
SELECT
    content_sha256,
    bool_or(role = 'user' AND author_kind = 'human') AS by_person,
    bool_or(role <> 'tool') AS prose
FROM store.messages
WHERE superseded_by IS NULL AND role <> 'system'
GROUP BY content_sha256;

DELETE FROM store.text_signals WHERE content_sha256 NOT IN (SELECT content_sha256 FROM temp.message_texts);
"""
#: Bands and pairs of texts that are gone go too; a text that is told by another's key would only be compared in vain.
_FORGET = f"""
CREATE OR REPLACE TEMP TABLE known_normals AS SELECT DISTINCT normal_sha256, {_KEY} AS text_key FROM store.text_signals;

DELETE FROM store.minhash_bands WHERE text_key NOT IN (SELECT text_key FROM temp.known_normals);

DELETE FROM store.near_pairs
WHERE left_sha256 NOT IN (SELECT normal_sha256 FROM temp.known_normals)
    OR right_sha256 NOT IN (SELECT normal_sha256 FROM temp.known_normals);
"""  # noqa: S608 - constants of our own


def signals_version(policy: Policy, benchmarks: Benchmarks) -> str:
    """What the stored signals and bands depend on, as a short hash: texts are measured anew when it changes."""
    near = policy.near_duplicates
    parts = (
        (CODE_VERSION, SHINGLES_VERSION, BANDS_VERSION),
        (policy.signals, policy.language, policy.decontamination.gram_words, benchmarks.version),
        (near.enabled, near.minimum_words, near.shingle_words, near.bands, near.rows, near.candidate_jaccard),
    )
    return sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def measure_texts(
    connection: duckdb.DuckDBPyConnection, policy: Policy, benchmarks: Benchmarks, known_version: str
) -> int:
    """Measure the texts without signals; how many there were. Call it in a transaction.

    The temporary table `new_normals` holds the normalised texts that are new to minhash_bands.
    """
    for table in (TEXT_SIGNALS, MINHASH_BANDS, NEAR_PAIRS):
        connection.execute(table.ddl())
        if known_version != signals_version(policy, benchmarks):
            connection.execute(f"DELETE FROM store.{table.name}")  # noqa: S608 - our own names
    connection.execute(_WANTED)
    connection.execute(_FORGET)
    connection.execute("CREATE OR REPLACE TEMP TABLE new_normals (text_key BIGINT)")
    new = "SELECT content_sha256 FROM temp.message_texts ANTI JOIN store.text_signals USING (content_sha256)"
    uses = connection.sql(
        f"SELECT content_sha256, by_person, prose FROM temp.message_texts WHERE content_sha256 IN ({new})"  # noqa: S608 - our own names
    ).pl()
    measured = 0
    for batch in batches(connection, "store.texts", "content_sha256", "text", new):
        texts = batch.with_columns(normalised(pl.col("text")).alias("normal"))
        texts = texts.join(uses, on="content_sha256", how="left", maintain_order="left")
        texts = texts.with_columns(pl.Series("normal_sha256", _hashes(texts["normal"])))
        insert(connection, "store.text_signals", _signals(texts, policy, benchmarks).to_arrow())
        if policy.near_duplicates.enabled:
            _add_bands(connection, texts, policy)
        measured += len(batch)
    connection.execute("DROP TABLE temp.message_texts; DROP TABLE temp.known_normals")
    return measured


def _hashes(texts: pl.Series) -> list[str]:
    return [sha256(text.encode("utf-8")).hexdigest() for text in texts]


def _signals(texts: pl.DataFrame, policy: Policy, benchmarks: Benchmarks) -> pl.DataFrame:
    rules = policy.signals
    head = pl.col("head")
    heads = texts["text"].str.head(rules.head_characters).alias("head")
    frame = pl.concat([texts, heads.to_frame(), form(heads, texts["normal"])], how="horizontal")
    spoken = languages(heads, frame["prose"], policy.language)
    asked = frame["by_person"] & (spoken["lang"] == "en").fill_null(value=True)
    return frame.select(
        "content_sha256",
        "normal_sha256",
        pl.col("text").str.len_chars().cast(pl.Int32).alias("characters"),
        pl.col("normal").str.count_matches(" ", literal=True).add(pl.col("normal") != "").cast(pl.Int32).alias("words"),
        spoken["lang"],
        spoken["lang_confidence"],
        tones(heads, asked).alias("tone"),
        machine(head, rules).alias("machine"),
        signatures(head, pl.col("code_share"), pl.col("addresses_per_thousand"), rules).alias("signatures"),
        *benchmark_hits(frame["text"], benchmarks, policy.decontamination.gram_words),
        zlib_ratio(heads).alias("zlib_ratio"),
        *FORM_COLUMNS,
    )


def _add_bands(connection: duckdb.DuckDBPyConnection, texts: pl.DataFrame, policy: Policy) -> None:
    """Bands of the texts whose normalised form has none yet."""
    rules = policy.near_duplicates
    connection.register("batch_normals", texts.select("normal_sha256").unique().to_arrow())
    fresh = connection.sql(
        f"""
        SELECT normal_sha256, {_KEY} AS text_key FROM batch_normals
        WHERE {_KEY} NOT IN (SELECT text_key FROM store.minhash_bands)
        ORDER BY normal_sha256
        """  # noqa: S608 - constants of our own
    ).pl()
    connection.unregister("batch_normals")
    long_enough = pl.col("normal").str.count_matches(" ", literal=True) + 1 >= rules.minimum_words
    chosen = (
        texts.unique("normal_sha256", keep="first", maintain_order=True)
        .filter(long_enough)
        .join(fresh, on="normal_sha256", how="inner", maintain_order="left")
    )
    keys = band_keys(shingles(chosen, rules.shingle_words), rules)
    rows = keys.select(pl.lit(chosen["text_key"]).gather(pl.col("row")).alias("text_key"), "band_key")
    insert(connection, "store.minhash_bands", rows.to_arrow())
    insert(connection, "temp.new_normals", rows.select(pl.col("text_key").unique(maintain_order=True)).to_arrow())
