"""JSON Lines as agents write them: appended to while running, cut off by a crash, repaired by hand.

In: the bytes of a file. Out: one `Line` for every line that is not blank, in file order. Always: what does not parse
comes out with the reason and its range, never as an error and never as nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.records import BadNode

#: A line that did not parse ends the file without a line break: the writer was stopped.
CUT = "cut_last_line"

_BOM = b"\xef\xbb\xbf"
#: A crash leaves runs of NUL where a file was grown and not written.
_BLANK = b" \t\r\n\x0b\x0c\x00"


class Line(NamedTuple):
    """Bytes [start, end) of the file, without the line break: an object, or None and the problem with it.

    `flags` are those of `decode`, and `cut_last_line`.
    """

    start: int
    end: int
    value: dict[str, Any] | None
    problem: str | None
    flags: tuple[str, ...] = ()

    def bad_node(self, data: bytes) -> BadNode:
        """The line as it is kept when it did not parse."""
        return BadNode(None, self.problem or "a line without an object", bytes(data[self.start : self.end]))


def lines(data: bytes | memoryview) -> Iterator[Line]:
    """The lines of a file; a byte order mark, CR LF, blank lines and a missing last line break are all taken."""
    raw = bytes(data)
    start = len(_BOM) if raw.startswith(_BOM) else 0
    while start < len(raw):
        found = raw.find(b"\n", start)
        end = len(raw) if found < 0 else found
        said = raw[start:end]
        kept = said.strip(_BLANK)
        if kept:
            begin = start + len(said) - len(said.lstrip(_BLANK))
            yield _line(kept, begin, closed=found >= 0)
        start = end + 1


def _line(said: bytes, start: int, closed: bool) -> Line:
    end = start + len(said)
    try:
        value, flags = decode(said, Any)
    except Unreadable as error:
        return Line(start, end, None, error.what, () if closed else (CUT,))
    if not isinstance(value, dict):
        return Line(start, end, None, "a line must be a JSON object", tuple(flags))
    return Line(start, end, value, None, tuple(flags))
