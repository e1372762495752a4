"""The tone of what a person says, by VADER (Hutto and Gilbert, 2014), a lexicon of English: other languages have none.

Measured on labelled turns of coding sessions: the first 120 characters tell praise from complaint with AUC 0.96,
complaint from neutral with 0.62 only, and half of the turns score exactly 0. A figure to publish with its n, no filter.
"""

from __future__ import annotations

from functools import cache

import polars as pl
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

#: Characters of a turn that are scored.
HEAD = 120


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def tones(texts: pl.Series, asked: pl.Series) -> pl.Series:
    """VADER's compound score, -1 to 1, of the beginning of each text that is asked for; null for the others."""
    score = _analyzer().polarity_scores
    return pl.Series(
        [score(text)["compound"] if wanted else None for text, wanted in zip(texts.str.head(HEAD), asked, strict=True)],
        dtype=pl.Float64,
    )
