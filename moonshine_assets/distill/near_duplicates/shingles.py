"""A text as the set of its runs of words, each run a 64-bit number."""

from __future__ import annotations

import polars as pl

#: Scripts without spaces between words: each character is a word.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
#: Odd constants that spread the hashes of a run's words over 64 bits (the golden ratio's and SplitMix64's).
_MULTIPLIER = 0x9E3779B97F4A7C15
_SEED = 20_260_131
#: Raise it when shingles of the same text change.
SHINGLES_VERSION = f"1 polars {pl.__version__}"


def normalised(text: pl.Expr) -> pl.Expr:
    """Lower case, white space collapsed: texts that are equal so are exact duplicates."""
    # Two patterns, for one that takes runs of any white space is four times as slow.
    spaced = text.str.to_lowercase().str.replace_all(r"[^\S ]", " ")
    return spaced.str.replace_all(" {2,}", " ").str.strip_chars(" ")


def shingles(texts: pl.DataFrame, words: int) -> pl.DataFrame:
    """Hashes of every run of `words` words: columns `row` (UInt32, ascending) and `shingle` (UInt64), repeats included.

    Args:
        texts: a column `normal` of normalised texts; rows are told by their number.
        words: length of a run. Punctuation at the edges of words counts; a text of fewer words has no shingle.
    """
    spaced = pl.col("normal").str.contains(f"[{_UNSPACED}]")
    numbered = texts.select("normal").with_row_index("row")
    split = pl.concat(
        [
            numbered.filter(~spaced).select("row", pl.col("normal").str.split(" ").alias("word")),
            numbered.filter(spaced).select(
                "row", pl.col("normal").str.extract_all(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+").alias("word")
            ),
        ]
    )
    hashed = split.sort("row").explode("word").select("row", pl.col("word").hash(_SEED).alias("word"))
    run = pl.col("word")
    for place in range(1, words):
        run = run * pl.lit(_MULTIPLIER, pl.UInt64) + pl.col("word").shift(-place)
    return (
        hashed.select("row", run.alias("shingle"), (pl.col("row").shift(-(words - 1)) == pl.col("row")).alias("whole"))
        .filter("whole")
        .select("row", "shingle")
    )
