"""Near duplicates: what MinHash keeps of a text, the pairs that were compared exactly, and what comes under what."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

MINHASH_BANDS = Table(
    name="minhash_bands",
    doc="One row a distinct normalised text and band.",
    key=("text_key", "band_key"),
    columns=(
        Column("text_key", "BIGINT", "first 60 bits of its normal_sha256", at_least=0),
        Column("band_key", "BIGINT", "hash of a band of its signature"),
    ),
)

NEAR_PAIRS = Table(
    name="near_pairs",
    doc="Pairs of texts whose Jaccard index was computed and reaches what the policy keeps, or was asked for.",
    key=("left_sha256", "right_sha256"),
    columns=(
        Column("left_sha256", "VARCHAR", "normal_sha256 of the one, the smaller", sha256=True),
        Column("right_sha256", "VARCHAR", "normal_sha256 of the other", sha256=True),
        Column("jaccard", "DOUBLE", "of their sets of runs of words", at_least=0),
    ),
)

NEAR_DUPLICATES = Table(
    name="near_duplicates",
    doc="One row a text that comes under another.",
    key=("normal_sha256",),
    columns=(
        Column("normal_sha256", "VARCHAR", "the text", sha256=True),
        Column("cluster_sha256", "VARCHAR", "normal_sha256 of the text that stands for it", sha256=True),
        Column("jaccard", "DOUBLE", "of the two", at_least=0),
    ),
)
