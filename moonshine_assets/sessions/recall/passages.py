"""A part of a session's text, taken apart into entries and passages: what is found and cited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

#: A passage goes over no more characters, unless one line does; a longer line is several passages of the same line.
PASSAGE = 1_200
_LONGEST = 4_000
_HEADING = re.compile(
    r"## (?P<who>\w+) · (?:(?P<utc>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) · (?P<local>[^·]+)|time unknown) ·(?: .* ·)?"
    r" line (?P<number>\d+) · id (?P<id>[^·]+?)(?: · also .*)?"
)


class Entry(NamedTuple):
    """What one message said: its heading stands in line `line`, from 1, at byte `start` of the file.

    `at` is in epoch seconds, None when unknown; `times` are its times as they are searched for.
    """

    line: int
    start: int
    at: int | None
    who: str
    message_id: str
    heading: str
    times: str


class Passage(NamedTuple):
    """Lines [line, line_end] of an entry, bytes [start, start + size) of the file; `text` is without quote marks."""

    line: int
    line_end: int
    start: int
    size: int
    text: str


def entries(data: bytes) -> Iterator[tuple[Entry, list[Passage]]]:
    """The entries of a part with their passages, in order."""
    entry: Entry | None = None
    gathered = _Gathered()
    at = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        start, at = at, at + len(raw) + 1
        if raw.startswith(b"## "):
            if entry is not None:
                yield entry, gathered.taken()
            entry = _entry(raw.decode("utf-8", "replace"), number, start)
        elif entry is not None and raw.startswith((b">", b"### ")):
            gathered.add(number, start, raw)
    if entry is not None:
        yield entry, gathered.taken()


def unquoted(raw: bytes) -> str:
    """A line of a text without its quote mark."""
    text = raw.decode("utf-8", "replace")
    if text.startswith("> "):
        return text[2:]
    return "" if text == ">" else text.removeprefix("### ")


def searched_times(utc: str, local: str) -> str:
    """Times as words: `2026-11-28 05:39:12 UTC 2026-11-28 16:39:12 AEDT`."""
    return f"{utc[:10]} {utc[11:19]} UTC {local.strip()}"


def heading_facts(heading: str) -> dict[str, str]:
    """What a heading tells: who, utc, local, number (line of the log) and id; empty for a line that is none."""
    match = _HEADING.fullmatch(heading)
    return {key: value for key, value in match.groupdict().items() if value} if match else {}


def _entry(heading: str, number: int, start: int) -> Entry | None:
    facts = heading_facts(heading)
    if not facts:
        return None
    moment = datetime.strptime(facts["utc"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if "utc" in facts else None
    times = searched_times(facts["utc"], facts["local"]) if moment else ""
    at = int(moment.timestamp()) if moment else None
    return Entry(number, start, at, facts["who"], facts["id"], heading, times)


class _Gathered:
    """Lines on their way into passages."""

    def __init__(self) -> None:
        self._passages: list[Passage] = []
        self._lines: list[str] = []
        self._characters = self._first = self._last = self._start = self._end = 0

    def add(self, number: int, start: int, raw: bytes) -> None:
        text = unquoted(raw)
        if self._lines and (
            self._characters + len(text) > PASSAGE or (raw[:1] == b"#" and self._characters > PASSAGE // 3)
        ):
            self._close()
        if len(text) > _LONGEST:
            self._close()
            self._cut(number, start, raw)
            return
        if not self._lines:
            self._first, self._start = number, start
        self._lines.append(text)
        self._characters += len(text) + 1
        self._last, self._end = number, start + len(raw)

    def taken(self) -> list[Passage]:
        """The passages gathered so far; the next line begins another entry."""
        self._close()
        found, self._passages = self._passages, []
        return found

    def _close(self) -> None:
        if self._lines:
            text = "\n".join(self._lines)
            self._passages.append(Passage(self._first, self._last, self._start, self._end - self._start, text))
        self._lines, self._characters = [], 0

    def _cut(self, number: int, start: int, raw: bytes) -> None:
        """A long line in pieces that overlap by a word or two, cut between characters."""
        overlap, at = 200, 0
        while at < len(raw):
            end = min(at + _LONGEST, len(raw))
            while end < len(raw) and raw[end] & 0xC0 == 0x80:
                end += 1
            text = raw[at:end].decode("utf-8", "replace")
            self._passages.append(Passage(number, number, start + at, end - at, text.removeprefix("> ")))
            if end == len(raw):
                return
            at = end - overlap
            while raw[at] & 0xC0 == 0x80:
                at += 1
