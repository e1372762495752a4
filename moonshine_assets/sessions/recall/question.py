"""A question in a person's words to what is looked for: things that must stand in a text as they are, and words.

A pure function. What looks like a path, a flag, a hash, a version, a number or a time is wanted as it is written; of
the other words those that carry the question count.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from moonshine_assets.sessions.recall.kinds import NOTHING, Wants
from moonshine_assets.sessions.recall.terms import extra_words, folded, is_cjk, words

#: Words of questions that every text has.
_STOP = frozenset(
    words(
        """a about after again all also am an and any are as at be because been before being but by can could did do
        does
    doing done for from get give had has have having he her here his how i if in into is it its just let me my no not of
    off on or our out please she should show so some such tell than that the their them then there these they this those
    to up us use used using was we were what when where which who whom whose why will with would you your
    again earlier ever exactly find last remember said say says told recall"""
    )
)
_QUOTED = re.compile(r"\"([^\"]+)\"|`([^`]+)`|“([^”]+)”")
#: A run without blanks in which letters or digits are joined by something else.
_CODE = re.compile(r"[^\s,;!?()\[\]{}<>\"'`“”‘’]+")
_JOINED = re.compile(
    r"[^\W_][^\w\s]+[^\W_]|_|^-{1,2}[^\W\d_]|^[./~]{1,2}\w|[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]|^\d+$|^#\w"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        1,
    )
    for name in names
}
_DAY_MONTH = re.compile(
    r"\b(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>[A-Za-z]{3,9})|(?P<month2>[A-Za-z]{3,9})\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?)"
    r"(?:,?\s+(?P<year>\d{4}))?\b"
)


class Literal(NamedTuple):
    """Something wanted as it is written: `text` in lower case, and the words it is found by, in this order."""

    text: str
    words: tuple[str, ...]


class Question(NamedTuple):
    """What is looked for; `words` are single ones, those of literals not among them. `wants` is what kind of answer."""

    literals: tuple[Literal, ...]
    words: tuple[str, ...]
    wants: Wants = NOTHING

    @property
    def is_empty(self) -> bool:
        return not self.literals and not self.words


def parsed(asked: str) -> Question:
    """Take a question apart. Words that say nothing are left out unless there are no others."""
    literals: dict[str, Literal] = {}
    rest = asked
    for match in _QUOTED.finditer(asked):
        _add(literals, next(group for group in match.groups() if group))
    rest = _QUOTED.sub(" ", rest)
    for match in _DAY_MONTH.finditer(rest):
        if date := _date(match):
            _add(literals, date)
    single: dict[str, None] = {}
    for token in _CODE.findall(rest):
        bare = token.strip(".:") if not token.startswith((".", "~")) else token.rstrip(".:")
        if bare and _JOINED.search(bare):
            _add(literals, bare)
            if len(words(bare)) > 1:
                continue
        single.update(dict.fromkeys(words(token)))
        single.update(dict.fromkeys(word for word in extra_words(token) if is_cjk(word) and len(word) > 1))
    telling = [word for word in single if word not in _STOP and (len(word) > 1 or word.isdigit())]
    chosen = telling or ([] if literals else list(single))
    known = {word for literal in literals.values() for word in literal.words if len(literal.words) == 1}
    return Question(tuple(literals.values()), tuple(word for word in chosen if word not in known), _wants(asked))


def _wants(asked: str) -> Wants:
    said = words(asked)
    pairs = set(itertools.pairwise(said))
    known = set(said)
    counted = ("how", "many") in pairs or ("how", "much") in pairs or ("how", "long") in pairs
    return Wants(
        command=bool(known & {"command", "commands", "ran", "run"}) or ("how" in known and not counted),
        path=bool(known & {"where", "path", "file", "folder", "directory"}),
        number=counted or bool(known & {"number", "port", "version", "when", "date", "limit", "size", "timeout"}),
    )


def _add(literals: dict[str, Literal], text: str) -> None:
    found = tuple(words(text))
    if found:
        literals.setdefault(folded(text), Literal(folded(text).strip(), found))


def _date(match: re.Match[str]) -> str | None:
    """`2026-11-28`, or `11-28` without a year, for a day of a month in words."""
    month = _MONTHS.get((match["month"] or match["month2"]).lower())
    day = int(match["day"] or match["day2"])
    if month is None or not 1 <= day <= 31:
        return None
    return f"{match['year']}-{month:02d}-{day:02d}" if match["year"] else f"{month:02d}-{day:02d}"
