"""Words of a text, as the index has them and as a question is asked: equal on both sides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Scripts written without spaces.
_CJK = "぀-ヿ㐀-䶿一-鿿豈-﫿가-힯"
_WORD = re.compile(r"[^\W_]+")
_CJK_RUN = re.compile(f"[{_CJK}]+")
#: Parts of camelCase, with runs of capitals kept together: parseHTTPResponse → parse, HTTP, Response.
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HAS_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ied", "ers", "er", "ed", "es", "s", "e", "y")
_SHORTEST_STEM = 4


def folded(text: str) -> str:
    """A text in lower case without diacritics, as SQLite's unicode61 compares it."""
    if text.isascii():
        return text.lower()
    kept = (c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "".join(kept))


def words(text: str) -> list[str]:
    """The words of a text, in order: runs of letters and digits."""
    return _WORD.findall(folded(text))


def extra_words(text: str) -> Iterator[str]:
    """What is indexed besides the words: parts of camelCase, neighbouring characters of scripts without spaces."""
    if _HAS_CAMEL.search(text):
        for word in _WORD.findall(text):
            if _HAS_CAMEL.search(word):
                yield from (part.lower() for part in _CAMEL.findall(word))
    if not text.isascii():
        for run in _CJK_RUN.findall(folded(text)):
            yield from run
            yield from (run[at : at + 2] for at in range(len(run) - 1))


def is_cjk(word: str) -> bool:
    return _CJK_RUN.fullmatch(word) is not None


def stem(word: str) -> str:
    """A word without its ending, as far as that is told by its letters alone; words with digits stay as they are."""
    if not word.isalpha() or not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word
