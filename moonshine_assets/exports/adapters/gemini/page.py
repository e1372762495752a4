"""MyActivity.html: one `outer-cell` a record (EXPORT-FORMATS §8).

    <div class="outer-cell …"> <div class="header-cell …">Gemini Apps</div>
      <div class="content-cell …">Prompted …<br>Mar 2, 2026, 9:15:00 AM CET<br>answer as HTML</div>
      <div class="content-cell … text-right"></div>  <div class="content-cell … caption">Products: …</div> </div>

Cells are found by their bytes and parsed one by one, so a page of any size is never held, and damage stays inside the
cell it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.gemini.prompts import is_attached_line
from moonshine_assets.exports.adapters.gemini.record import Turn, add_answer
from moonshine_assets.exports.decode import NUL_STRIPPED, UTF8_REPLACED
from moonshine_assets.exports.html_text import whole_tags
from moonshine_assets.exports.local_times import ZONE_UNKNOWN, local_time
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.values import payload

TIME_UNREADABLE = "time_unreadable"

_CELL = re.compile(rb"<div\b[^<>]{0,200}?\bclass\s*=\s*[\"']?[^\"'<>]{0,200}?\bouter-cell\b", re.IGNORECASE)
_STRAY = re.compile(rb"<div\b[^<>]{0,200}?\bcontent-cell\b", re.IGNORECASE)
_CONTENT = re.compile(
    r"<div\b[^<>]{0,200}?\bclass\s*=\s*[\"']?([^\"'<>]{0,200}?\bcontent-cell\b[^\"'<>]*)[^<>]*>", re.IGNORECASE
)
_LINE_END = re.compile(r"(<br\b[^<>]*>)|<(?=(?:p|div|ul|ol|pre|table|blockquote|h[1-6r])[\s>])", re.IGNORECASE)
#: A line with a time of day and a year, in whatever language.
_LIKE_TIME = re.compile(r"(?=.*(?<!\d)\d{1,2}[:.]\d{2}[:.]\d{2}(?!\d))(?=.*(?<!\d)\d{4}(?!\d)).{8,70}")
#: With tags and character references.
_LONGEST_TIME = 400
_TAG = re.compile(r"<[^<>]*>")
_DASH = " \t\r\n\xa0\u2003-–•"


def cells(data: memoryview) -> Iterator[tuple[int, int]]:
    """The byte ranges of the records, in order; each ends where the next begins, the last with the file."""
    start: int | None = None
    for match in _CELL.finditer(data):
        if start is None:
            start = _headless(data, match.start())
        if start is not None:
            yield start, match.start()
        start = match.start()
    if start is None:
        start = _headless(data, len(data))
    if start is not None:
        yield start, len(data)


def _headless(data: memoryview, end: int) -> int | None:
    """Where content begins before the first record: the tag that begins its record is damaged."""
    found = _STRAY.search(data, 0, end)
    return found.start() if found is not None else None


def read_cell(raw: bytes) -> tuple[Turn, set[str]]:
    """A record, and flags of its conversation.

    Raises:
        Unreadable: there is no content cell.
    """
    flags: set[str] = set()
    try:
        html = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        html = raw.decode("utf-8-sig", errors="replace")
        flags.add(UTF8_REPLACED)
    if "\x00" in html:
        html = html.replace("\x00", "")
        flags.add(NUL_STRIPPED)
    html = whole_tags(html)
    lines, beside = _layout(html)
    if not any(
        "<img" in html[begin:end].lower() or _TAG.sub("", html[begin:end]).strip() for begin, end in lines + beside
    ):
        raise Unreadable("an activity cell without content")
    turn = Turn()
    rank = _time_line(html, lines, turn, flags)
    _prompt(html, lines[:rank], turn)
    if rank < len(lines):
        _add_shown(turn, html[lines[rank][1] : lines[-1][1]])
    for begin, end in beside:
        _add_shown(turn, html[begin:end])
    return turn, flags


def _add_shown(turn: Turn, html: str) -> None:
    """A part of the page that may be nothing but tags."""
    if _TAG.sub("", html).strip() or "<img" in html.lower():
        add_answer(turn, html)


def _time_line(html: str, lines: list[tuple[int, int]], turn: Turn, flags: set[str]) -> int:
    """Set the time; the rank of its line, past the last where there is none."""
    unreadable: int | None = None
    for rank, (begin, end) in enumerate(lines):
        line = _Line(html[begin:end]).text.strip() if rank and end - begin < _LONGEST_TIME else ""
        if not _LIKE_TIME.fullmatch(line):
            continue
        found = local_time(line)
        if found is not None:
            turn.time = found.micros
            if not found.zone_known:
                flags.add(ZONE_UNKNOWN)
            return rank
        unreadable = rank if unreadable is None else unreadable
    flags.add(TIME_UNREADABLE)
    return len(lines) if unreadable is None else unreadable


def _prompt(html: str, lines: list[tuple[int, int]], turn: Turn) -> None:
    """The title, which may have several lines, and the files listed under it."""
    said: list[str] = []
    for rank, (begin, end) in enumerate(lines):
        line = _Line(html[begin:end])
        if rank and line.is_file:
            turn.files.append(line.address)
            if (shown := line.text.strip(_DASH)) not in ("", line.address):
                turn.asked.append(Block("raw", shown, payload=payload({"href": line.address})))
        elif rank and is_attached_line(line.text):
            turn.asked.append(Block("raw", payload=payload({"title_ends_with": line.text.strip()})))
        else:
            said.append(line.text)
            turn.link = turn.link or line.address or None
        for source in line.images:
            turn.asked.append(Block("image", payload=payload({"src": source})))
    turn.title = "\n".join(said).strip()


def _layout(html: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where the lines of the content cell stand, each [start, end) up to a `<br>` or the beginning of a block, and
    the other content cells that may show something.

    A cell reaches to the next one: a stray end tag in an answer does not end it.
    """
    lines: list[tuple[int, int]] = []
    beside: list[tuple[int, int]] = []
    found = list(_CONTENT.finditer(html))
    for match, end in zip(found, [*(following.start() for following in found[1:]), len(html)], strict=False):
        begin = match.end()
        if any(name.endswith("caption") for name in match[1].split()):
            continue
        if lines:
            beside.append((begin, end))
            continue
        for line_end in _LINE_END.finditer(html, begin, end):
            lines.append((begin, line_end.start()))
            begin = line_end.end() if line_end[1] else line_end.start()
        lines.append((begin, end))
    return lines, beside


class _Line(HTMLParser):
    """One line of a title: its text as it was typed, the first address it links to, its images."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = ""
        self.images: list[str] = []
        self._pieces: list[str] = []
        self.feed(html)
        self.close()
        self.text = "".join(self._pieces)

    @property
    def is_file(self) -> bool:
        """A link to a file beside the page and nothing else."""
        return bool(self.address) and "://" not in self.address and not self.address.startswith(("#", "mailto:"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.address = self.address or given.get("href") or ""
        elif tag == "img":
            self.images.append(given.get("src") or "")
        elif tag == "br":
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)
