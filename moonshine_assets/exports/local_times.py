"""Times as a page writes them for its reader: "Mar 2, 2026, 9:15:00 AM CET", "02.03.2026, 09:15:00 MEZ", "2 mars 2026
à 09:15 GMT+2", "2026年3月2日 上午9:15:00 GMT+8" → microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from moonshine_assets.exports.times import to_micros

ZONE_UNKNOWN = "zone_unknown"

_BLANKS = re.compile(r"[\s\u200e\u200f,]+")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.(\d{1,6}))?)?(?!\d|[:.]\d)")
_OFFSET = re.compile(r"(?:gmt|utc)?\s?([+\u2212-])(\d{1,2})(?::?(\d{2}))?(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[./年-]\s?(\d{1,2})\s?[./月-]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?(\d{4})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(?:(\d{4})|(\d{1,2}))(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_NAMED_ZONE = re.compile(r"[^\W\d_]{1,5}(?![\w+-])")

_MORNING = ("am", "a.m.", "a. m.", "vorm.", "午前", "上午", "오전", "凌晨", "早上", "清晨")
_AFTERNOON = ("pm", "p.m.", "p. m.", "nachm.", "午後", "下午", "오후", "晚上", "中午", "傍晚")

#: Beginnings of month names, January first; the longest that fits a word wins.
_MONTHS = (
    "jan ene gen янв січ sty led ocak oca tammi ιαν",
    "feb fév fev фев лют lut úno şub helmi φεβ",
    "mar mär mrt maa март мар бер bře maalis μαρ",
    "apr avr abr ápr апр кві kwi dub nis huhti απρ",
    "may mai mag mei maj máj мая май тра kvě touko μαΐ μαι",
    "jun juin giu jún июн чер cze červen čvn haz kesä ιουν",
    "jul juil lug júl июл лип lip červenec července čvc tem heinä ιουλ",
    "aug aoû aou ago авг сер sie srp ağu elo αυγ",
    "sep set szept сен вер wrz zář eyl syys σεπ",
    "oct okt ott out окт жов paź říj eki loka οκτ",
    "nov ноя лис lis kas marras νοε",
    "dec déc dez dic des дек гру gru pro ara joulu δεκ",
)
_MONTH_OF = {beginning: rank for rank, names in enumerate(_MONTHS, 1) for beginning in names.split()}
_LONGEST_BEGINNING = max(map(len, _MONTH_OF))

#: Hours ahead of UTC. Names that several zones share mean the one that Google's English pages use.
_ZONES: dict[str, float] = {
    **dict.fromkeys(("utc", "gmt", "z", "wet", "wez"), 0),
    **dict.fromkeys(("cet", "mez", "seč", "bst", "west", "wesz", "wat", "hnec"), 1),
    **dict.fromkeys(("cest", "mesz", "selč", "eet", "oez", "sast", "cat", "haec"), 2),
    **dict.fromkeys(("eest", "oesz", "msk", "мск", "trt", "eat", "idt"), 3),
    **dict.fromkeys(("gst", "msd"), 4),
    **dict.fromkeys(("pkt", "uzt"), 5),
    "ist": 5.5,
    "npt": 5.75,
    **dict.fromkeys(("ict", "wib"), 7),
    **dict.fromkeys(("hkt", "sgt", "pht", "myt", "awst", "wita"), 8),
    **dict.fromkeys(("jst", "kst", "wit"), 9),
    "acst": 9.5,
    "acdt": 10.5,
    "aest": 10,
    "aedt": 11,
    "nzst": 12,
    "nzdt": 13,
    **dict.fromkeys(("brt", "art", "adt", "clst", "uyt"), -3),
    "nst": -3.5,
    "ndt": -2.5,
    **dict.fromkeys(("ast", "edt", "clt", "bot", "vet"), -4),
    **dict.fromkeys(("est", "cdt", "cot", "pet", "ect"), -5),
    **dict.fromkeys(("cst", "mdt"), -6),
    **dict.fromkeys(("mst", "pdt"), -7),
    **dict.fromkeys(("pst", "akdt"), -8),
    "akst": -9,
    "hst": -10,
}


class LocalTime(NamedTuple):
    """Microseconds UTC, and whether the text named a zone that is known (otherwise it was taken for UTC)."""

    micros: int
    zone_known: bool


def local_time(text: str, *, month_first: bool = False) -> LocalTime | None:
    """The time a text is, or None when it is none.

    Args:
        text: a date and a time of day, month as a number or a name, in the order and language of the page.
        month_first: `3/2/2026` is the second of March even where no AM or PM says that it is American.
    """
    shown = _BLANKS.sub(" ", text).strip().casefold()
    if not 8 <= len(shown) <= 80:
        return None
    date = _date(shown, month_first)
    if date is None:
        return None
    clock = next((match for match in _CLOCK.finditer(shown) if not date.overlaps(match)), None)
    if clock is None:
        return None
    hour = _hour(int(clock[1]), shown)
    after = shown[clock.end() :].strip()
    offset = _zone(after)
    try:
        when = datetime(date.year, date.month, date.day, hour, int(clock[2]), int(clock[3] or 0), tzinfo=UTC)
        when = when.replace(microsecond=int((clock[4] or "").ljust(6, "0"))) - timedelta(hours=offset or 0)
        micros = to_micros(when.isoformat())
    except (ValueError, OverflowError):
        return None
    return None if micros is None else LocalTime(micros, offset is not None)


class _Date(NamedTuple):
    year: int
    month: int
    day: int
    start: int
    end: int

    def overlaps(self, match: re.Match[str]) -> bool:
        return match.start() < self.end and match.end() > self.start


def _date(shown: str, month_first: bool) -> _Date | None:
    if match := _YEAR_FIRST.search(shown):
        return _Date(int(match[1]), int(match[2]), int(match[3]), *match.span())
    if match := _YEAR_LAST.search(shown):
        one, two = int(match[1]), int(match[3])
        american = month_first or (match[2] == "/" and _says(shown, ("am", "pm")))
        month, day = (one, two) if (american and one <= 12) or two > 12 else (two, one)
        return _Date(int(match[4]), month, day, *match.span())
    return _named_date(shown)


def _named_date(shown: str) -> _Date | None:
    """A date with the month's name: its year is the number of four digits, its day the first of one or two that is
    no time of day."""
    month = next((found for word in _WORD.finditer(shown) if (found := _month(word[0]))), None)
    if month is None:
        return None
    clock = _CLOCK.search(shown)
    rest = shown[: clock.start()] + " " + shown[clock.end() :] if clock else shown
    numbers = list(_NUMBERS.finditer(rest))
    years = [int(match[1]) for match in numbers if match[1]]
    days = [int(match[2]) for match in numbers if match[2]]
    return _Date(years[0], month, days[0], 0, 0) if years and days else None


def _month(word: str) -> int | None:
    for length in range(min(len(word), _LONGEST_BEGINNING), 2, -1):
        if month := _MONTH_OF.get(word[:length]):
            return month
    return None


def _hour(hour: int, shown: str) -> int:
    if hour <= 12:
        if _says(shown, _AFTERNOON):
            return hour % 12 + 12
        if _says(shown, _MORNING):
            return hour % 12
    return hour


def _says(shown: str, words: tuple[str, ...]) -> bool:
    return any(re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![a-z])", shown) for word in words)


def _zone(after: str) -> float | None:
    """Hours ahead of UTC by what stands after the time of day; None where nothing known does."""
    for word in (*_MORNING, *_AFTERNOON, "uhr", "h"):
        after = after.removeprefix(word).strip() if not after[len(word) : len(word) + 1].isalpha() else after
    after = after.strip("()[] ")
    if match := _OFFSET.match(after):
        hours = int(match[2]) + int(match[3] or 0) / 60
        return hours if match[1] == "+" else -hours
    match = _NAMED_ZONE.match(after)
    return _ZONES.get(match[0]) if match else None
