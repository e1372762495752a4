"""The CSV of the privacy dashboard as rows with their bytes: fields in quotes, line breaks inside them.

Three layouts are known; the columns of the first file are `Conversation,Time,Author,Message`. Always: every byte after
the header is in exactly one row or between rows, whatever is damaged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from moonshine_assets.exports.decode import NUL_STRIPPED, UTF8_REPLACED

#: Layouts: the columns that hold conversation, time, author and text; None where a layout has none.
_LAYOUTS: tuple[tuple[str | None, str, str | None, str], ...] = (
    ("conversation", "time", "author", "message"),
    ("chatname", "createdat", "author", "messagecontent"),
    ("clientapp", "timestamp", None, "prompt"),
)
_DELIMITERS = b",;\t"
_LONGEST_HEADER = 4096
_BOM = b"\xef\xbb\xbf"


class Layout(NamedTuple):
    """The header of a file: where its first row begins, the delimiter, the columns in order, and the place of each
    role; `conversation` and `author` may be missing."""

    start: int
    delimiter: bytes
    columns: list[str]
    conversation: int | None
    time: int
    author: int | None
    text: int


class Row(NamedTuple):
    """Bytes [start, end) without the line break, the fields, and flags of reading them."""

    start: int
    end: int
    fields: list[str]
    flags: frozenset[str]


def layout_of(head: bytes) -> Layout | None:
    """The layout by the first line of a file, or None where it is none of those known."""
    start = len(_BOM) if head.startswith(_BOM) else 0
    line = re.split(rb"[\r\n]", head[start : start + _LONGEST_HEADER], maxsplit=1)[0]
    for delimiter in (bytes((code,)) for code in _DELIMITERS):
        columns = [column.strip() for column in _fields(line, delimiter)[0]]
        names = [column.lower().replace(" ", "").replace("_", "") for column in columns]
        for roles in _LAYOUTS:
            if all(role is None or role in names for role in roles):
                at = [None if role is None else names.index(role) for role in roles]
                return Layout(start + len(line), delimiter, columns, at[0], at[1] or 0, at[2], at[3] or 0)
    return None


def rows(data: memoryview, layout: Layout) -> Iterator[Row]:
    """The rows after the header that are not blank."""
    pattern = _row_pattern(layout.delimiter)
    at = layout.start
    while at < len(data):
        match = pattern.match(data, at)
        if match is None or match.end() == at:
            return
        raw = bytes(match[1])
        if raw.strip(b" \t\r\n\x00" + layout.delimiter):
            fields, flags = _fields(raw, layout.delimiter)
            yield Row(at, at + len(raw), fields, flags)
        at = match.end()


@cache
def _row_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    """One row and its line break: a quote counts only where a field begins, as spreadsheets read it."""
    mark = re.escape(delimiter)
    quoted = rb'"(?:[^"]++|"")*+(?:"|\Z)'
    field = rb"(?:" + quoted + rb")?+[^\r\n" + mark + rb"]*+"
    return re.compile(rb"(" + field + rb"(?:" + mark + field + rb")*+)(?:\r\n|\n|\r|\Z)")


@cache
def _field_pattern(delimiter: bytes) -> re.Pattern[bytes]:
    mark = re.escape(delimiter)
    return re.compile(rb'(?:"((?:[^"]++|"")*+)(?:"|\Z))?+([^' + mark + rb"]*+)(?:" + mark + rb"|\Z)")


def _fields(raw: bytes, delimiter: bytes) -> tuple[list[str], frozenset[str]]:
    """The fields of a row; what stands behind a closing quote belongs to its field."""
    flags: set[str] = set()
    fields: list[str] = []
    # a row that ends with a delimiter has an empty field behind it
    for match in _field_pattern(delimiter).finditer(raw):
        if match.start() == len(raw) and fields and not raw.endswith(delimiter):
            break
        quoted = match[1]
        fields.append(_text((quoted or b"").replace(b'""', b'"') + match[2], flags))
    return fields, frozenset(flags)


def _text(raw: bytes, flags: set[str]) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode(errors="replace")
        flags.add(UTF8_REPLACED)
    if "\x00" in text:
        text = text.replace("\x00", "")
        flags.add(NUL_STRIPPED)
    return text
