"""What of a file is looked at for its keys: the lines of a log, the rows of a database or table, or nothing.

In: a file of an export. Out: JSON as bytes, or values already decoded, each one record. Files whose conversations are
JSON of their own have none of these: there the conversations are looked at one by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.copilot.rows import layout_of, rows
from moonshine_assets.exports.adapters.opencode.detect import is_record_file
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.known.inventory import Known, above
from moonshine_assets.exports.sqlite_copy import DAMAGE, as_bytes, columns, is_sqlite, opened
from moonshine_assets.exports.unzstd import unzstd

#: Where rows of a database stand in the paths of an inventory: `db.<table>.<column>`.
DATABASE = "db"
#: Where rows of a table file stand: `row.<column>`.
ROW = "row"

_HEAD_BYTES = 1 << 16
#: The records of opencode's storage, and what tells one that stands in no folder.
_RECORDS: dict[str, frozenset[str]] = {
    "part": frozenset({"messageID"}),
    "message": frozenset({"role"}),
    "session": frozenset(),
}
#: What makes an object of opencode more than one record.
_RECORD_KEYS = frozenset({"info", "part", "parts", "messages"})

Piece = bytes | memoryview | dict[str, Any]


def has_file_pieces(adapter: ModuleType) -> bool:
    """Whether some of a provider's files may have records of this kind."""
    return hasattr(adapter, "claim_lines") or hasattr(adapter, "parse_file")


def file_pieces(
    adapter: ModuleType, known: Known, name: str, data: memoryview, read: Callable[[str], bytes | None]
) -> Iterator[Piece] | None:
    """The records of a file in order; None where its conversations are JSON of their own.

    Args:
        adapter: the provider's module.
        known: its inventory; of a database those tables are read that it names, all of them where it names none.
        name: the file's name in the export.
        data: its bytes.
        read: gives the file beside a database that holds what was not yet written into it.
    """
    if hasattr(adapter, "claim_lines"):
        return _log(known, name, bytes(data), read)
    if not has_file_pieces(adapter):
        return None
    head = bytes(data[:_HEAD_BYTES])
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return iter(())
    return _table(data) if adapter.claim_bytes(head, name) is not None and layout_of(head) is not None else None


def _log(known: Known, name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[Piece]:
    if is_sqlite(data):
        yield from _database(known, name, data, read)
        return
    try:
        plain = unzstd(data).strip(b"\xef\xbb\xbf \t\r\n\x00")
    except Unreadable:
        return
    if known.provider == "opencode" and (kind := _record_kind(name, plain)):
        yield b'{"%s":%s}' % (kind.encode(), plain)
    elif _is_one_value(plain):
        yield plain
    else:
        yield from (line for line in plain.split(b"\n") if line.strip(b" \t\r\x00"))


def _record_kind(name: str, data: bytes) -> str | None:
    """What a file of opencode's storage is a record of: by its folder, else by the ids it has; None for other files."""
    if is_record_file(name):
        return next(part for part in reversed(PurePosixPath(name).parts[:-1]) if part in _RECORDS)
    try:
        value, _ = decode(data, dict[str, Any])
    except Unreadable:
        return None
    if not isinstance(value, dict) or not _RECORD_KEYS.isdisjoint(value):
        return None
    return next(kind for kind, marks in _RECORDS.items() if not marks or not marks.isdisjoint(value))


def _is_one_value(data: bytes) -> bool:
    """Whether a file is one JSON value over several lines, and not a value a line."""
    first, _, others = data.partition(b"\n")
    if not others:
        return True
    try:
        msgspec.json.decode(first, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return first.strip() in (b"{", b"[") or data.endswith((b"\n}", b"\n]"))
    return False


def _database(known: Known, name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[Piece]:
    """The rows of a database, with the JSON in their cells."""
    try:
        with opened(name, data, read) as connection:
            listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            named = {path.partition(".")[2] for path in known.keys if above(path) == DATABASE}
            for (table,) in listed:
                if isinstance(table, str) and (table in named or not named):
                    yield from _rows(connection, table)
    except (Unreadable, *DAMAGE):
        return


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[Piece]:
    names = sorted(columns(connection, table))
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    table_quoted = table.replace('"', '""')
    for row in connection.execute(f'SELECT {quoted} FROM "{table_quoted}" ORDER BY rowid'):  # noqa: S608 - quoted
        yield {DATABASE: {table: {name: _cell(value) for name, value in zip(names, row, strict=True)}}}


def _cell(value: object) -> Any:
    try:
        raw = unzstd(as_bytes(value))
        return decode(raw, Any)[0] if raw[:1] in (b"{", b"[") else value if isinstance(value, str) else None
    except Unreadable:
        return None


def _table(data: memoryview) -> Iterator[Piece]:
    """The rows of a table file by their columns, in small letters and without blanks."""
    layout = layout_of(bytes(data[:_HEAD_BYTES]))
    if layout is not None:
        names = [column.lower().replace(" ", "").replace("_", "") for column in layout.columns]
        for row in rows(data, layout):
            yield {ROW: dict(zip(names, row.fields, strict=False))}
