"""Pieces out of JSON, JSON lines and pages: the byte ranges to leave out so that the rest reads as before."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.scan import scan
from moonshine_assets.exports.split import Span

#: Ids have no white space; whatever has is no id.
_NAMES = re.compile(rb'"([^"\\\s]{4,256}|(?:[^"\\\s]|\\[^\s]){4,512})"')
_BLANKS = b" \t\r\n"
_OPENERS = (0x5B, 0x7B)


class Hit(NamedTuple):
    """Whether a string of the file is a name that goes."""

    has: Callable[[str], bool]

    def inside(self, data: bytes | memoryview) -> bool:
        """Whether any string of some JSON is such a name."""
        return any(self.has(name) for name in names_in(data))


def names_in(data: bytes | memoryview) -> Iterator[str]:
    """The strings of some JSON text, parsable or not, that could be ids; each once."""
    for found in dict.fromkeys(match[1] for match in _NAMES.finditer(data)):
        if b"\\" in found:
            try:
                yield json.loads(b'"' + found + b'"')
            except ValueError:
                continue
        else:
            yield found.decode("utf-8", errors="replace")


def with_separators(view: memoryview | bytes, ranges: Iterable[Span]) -> list[Span]:
    """Ranges of elements of an array or object, each with the one comma that goes with it."""
    found: list[Span] = []
    for start, end in sorted(ranges):
        after = _next(view, end)
        if bytes(view[after : after + 1]) == b",":
            # With the blanks up to the next one, so that what is left looks as if it had never been there.
            found.append(Span(start, _next(view, after + 1)))
            continue
        before = _back(view, start)
        while found and before <= found[-1].end:
            # What goes before it took its comma along: both go with the comma before them.
            start = found.pop().start
            before = _back(view, start)
        if bytes(view[before - 1 : before]) == b",":
            start = before - 1
        found.append(Span(start, end))
    return found


def map_entries(view: memoryview, spans: Iterable[Span]) -> list[Span]:
    """Values of an object as ranges that begin with their names."""
    return [Span(_name_start(view, start), end) for start, end in spans]


def named_ranges(name: str, view: memoryview, hit: Hit) -> list[Span]:
    """What must go of a JSON file that has no conversations: entries of its arrays that name what goes, and fields
    that do; a field that holds others is entered.

    Raises:
        BadInput: the file is not JSON.
    """
    start = _next(view, 3 if bytes(view[:3]) == b"\xef\xbb\xbf" else 0)
    if start >= len(view) or view[start] not in _OPENERS:
        return []
    return _named(name, view, start, hit)


def line_ranges(data: bytes, gone: Iterable[bytes], hit: Hit | None = None) -> tuple[list[Span], int]:
    """Ranges of the lines of a log that stand in some pieces of it, each as often as there, or name what goes.

    Returns:
        The ranges, and how many lines of the pieces were not found.
    """
    wanted: Counter[bytes] = Counter(
        stripped for piece in gone for line in piece.split(b"\n") if (stripped := line.strip())
    )
    found = []
    position = 0
    while position < len(data):
        end = data.find(b"\n", position) + 1 or len(data)
        line = data[position:end].strip()
        if wanted[line] > 0:
            wanted[line] -= 1
            found.append(Span(position, end))
        elif hit is not None and hit.inside(line):
            found.append(Span(position, end))
        position = end
    return found, sum(count for count in wanted.values() if count > 0)


def kept_ranges(size: int, dropped: Iterable[Span]) -> list[Span]:
    """What is left of `size` bytes without some ranges."""
    kept = []
    position = 0
    for start, end in sorted(dropped):
        if start > position:
            kept.append(Span(position, start))
        position = max(position, end)
    if position < size:
        kept.append(Span(position, size))
    return kept


def _named(name: str, view: memoryview, start: int, hit: Hit) -> list[Span]:
    found = scan(name, view, start, closed=False)
    if view[start] == _OPENERS[0]:
        hits = [Span(*span) for span in found.spans if hit.inside(view[span[0] : span[1]])]
        return with_separators(view, hits)
    fields: list[Span] = []
    inner: list[Span] = []
    for key, (begin, end) in zip(found.names, found.spans, strict=True):
        entered = view[begin] in _OPENERS and not hit.has(key)
        if entered and hit.inside(view[begin:end]):
            inner += _named(name, view, begin, hit)
        elif hit.has(key) or (not entered and hit.inside(view[begin:end])):
            fields.append(Span(begin, end))
    return sorted([*with_separators(view, map_entries(view, fields)), *inner])


def _name_start(view: memoryview, value: int) -> int:
    """Where the name of the field begins whose value begins at `value`."""
    colon = _back(view, value) - 1
    close = _back(view, colon) - 1
    if bytes(view[colon : colon + 1]) != b":" or bytes(view[close : close + 1]) != b'"':
        raise BadInput("a field without a name", fix="the JSON is damaged")
    at = close - 1
    while at >= 0 and (view[at] != 0x22 or _escaped(view, at)):
        at -= 1
    return at


def _escaped(view: memoryview, at: int) -> bool:
    before = at
    while before > 0 and view[before - 1] == 0x5C:
        before -= 1
    return (at - before) % 2 == 1


def _next(view: memoryview | bytes, at: int) -> int:
    """The first byte from `at` on that is not blank."""
    while at < len(view) and view[at] in _BLANKS:
        at += 1
    return at


def _back(view: memoryview | bytes, at: int) -> int:
    """The end of what stands before `at`, blanks left out."""
    while at > 0 and view[at - 1] in _BLANKS:
        at -= 1
    return at
