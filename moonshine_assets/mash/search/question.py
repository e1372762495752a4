"""What is asked: words and phrases as terms, and the filters."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

import polars as pl

from moonshine_assets.errors import BadInput
from moonshine_assets.mash.search.terms import RUN, WORD, folded

_QUOTED = re.compile(r'"([^"]*)"')
MOST_TERMS = 32
#: Between two words of a phrase, or around it, stands anything but a letter, digit or mark.
_GAP = r"[^\p{L}\p{N}\p{M}]"


class Filters(NamedTuple):
    """Which messages count: exact provider and role, time from `since` on and before `until`, UTC."""

    provider: str | None = None
    role: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Question(NamedTuple):
    """A question: `required` are the terms of its phrases, `wanted` those of its other words, each once."""

    required: tuple[str, ...]
    wanted: tuple[str, ...]
    phrases: tuple[str, ...]


def parsed(asked: str) -> Question:
    """The question somebody typed; what stands in double quotes is a phrase.

    Raises:
        BadInput: there is no word in it, or there are more than MOST_TERMS.
    """
    quoted = [phrase for phrase in _QUOTED.findall(asked) if _terms(phrase)]
    required = dict.fromkeys(term for phrase in quoted for term in _terms(phrase))
    wanted = [term for term in dict.fromkeys(_terms(_QUOTED.sub(" ", asked))) if term not in required]
    if not required and not wanted:
        raise BadInput("there is no word to search for", fix="give one or more words; a phrase goes in double quotes")
    if len(required) + len(wanted) > MOST_TERMS:
        raise BadInput(f"more than {MOST_TERMS} different words", fix="give fewer")
    return Question(tuple(required), tuple(wanted), tuple(pattern(phrase) for phrase in quoted))


def holds(contents: pl.Series, phrases: tuple[str, ...]) -> pl.Series:
    """Which texts have every phrase."""
    compared = folded(contents)
    kept = pl.Series([True]).new_from_index(0, len(contents))
    for phrase in phrases:
        kept &= compared.str.contains(phrase)
    return kept


def pattern(phrase: str) -> str:
    """A regular expression for a phrase, or a word, in a folded text."""
    parts = _parts(phrase)
    found = ""
    for number, part in enumerate(parts):
        if number:
            # Between scripts without spaces and others there need be nothing.
            found += f"{_GAP}*" if _is_run(part) or _is_run(parts[number - 1]) else f"{_GAP}+"
        found += part
    before = "" if _is_run(parts[0]) else rf"(?:^|{_GAP}|{RUN})"
    after = "" if _is_run(parts[-1]) else rf"(?:$|{_GAP}|{RUN})"
    return before + found + after


def _terms(text: str) -> list[str]:
    """The terms of a question in its order; a run without spaces by its pairs alone, where it has any."""
    terms: list[str] = []
    for part in _parts(text):
        pairs = [part[at : at + 2] for at in range(len(part) - 1)]
        terms += pairs if pairs and _is_run(part) else [part]
    return terms


def _parts(text: str) -> list[str]:
    return list(folded(pl.Series([text])).str.extract_all(f"{RUN}|{WORD}")[0])


def _is_run(part: str) -> bool:
    return bool(pl.Series([part]).str.contains(f"^{RUN}$")[0])
