"""The encodings of seed files as plain values, so that one mutator serves JSON, logs, tables and databases."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

_ZSTD = b"\x28\xb5\x2f\xfd"
_SQLITE = b"SQLite format 3\x00"


def form_of(name: str, data: bytes) -> str:
    """json, lines, table, page, zstd, sqlite, or bytes for what is none of them (it is mutated byte by byte)."""
    if data.startswith(_ZSTD):
        return "zstd"
    if data.startswith(_SQLITE):
        return "sqlite" if plain("sqlite", data) else "bytes"
    if name.endswith(".csv"):
        return "table"
    if name.endswith(".html"):
        return "page"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "bytes"
    try:
        json.loads(text, strict=False)
    except ValueError:
        return "lines" if _lines(text) is not None else "bytes"
    return "json"


def decoded(form: str, data: bytes) -> Any:
    """Lists, dictionaries and scalars; what a mutator made is taken by `encoded`. None for a form without values."""
    if form == "json":
        return json.loads(data.decode("utf-8-sig"), strict=False)
    if form == "lines":
        return _lines(data.decode("utf-8-sig"))
    if form == "zstd":
        return _lines(plain(form, data).decode())
    if form == "table":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"))))
    if form == "page":
        return re.split(r"(?<=>)(?=[^<])|(?=<)", data.decode("utf-8", "replace"))
    if form == "sqlite":
        return _tables(data)
    return None


def encoded(form: str, value: Any, original: bytes, *, ascii_only: bool) -> bytes:
    """The bytes of a file that holds `value`; half surrogate pairs become bytes that are not UTF-8.

    Args:
        original: the file before its value was changed; a database keeps its schema.
    """
    if form == "json":
        return _json(value, ascii_only)
    if form in ("lines", "zstd"):
        lines = value if isinstance(value, list) else [value]
        plain_bytes = b"".join(_json(line, ascii_only) + b"\n" for line in lines)
        return plain_bytes if form == "lines" else pa.compress(plain_bytes, codec="zstd", asbytes=True)
    if form == "table":
        written = io.StringIO()
        writer = csv.writer(written)
        for row in value if isinstance(value, list) else [value]:
            writer.writerow([_cell(cell) for cell in (row if isinstance(row, list) else [row])])
        return b"\xef\xbb\xbf" + written.getvalue().encode("utf-8", "surrogatepass")
    if form == "page":
        pieces = value if isinstance(value, list) else [value]
        return "".join(map(_cell, pieces)).encode("utf-8", "surrogatepass")
    return _database(value, original)


def plain(form: str, data: bytes) -> bytes:
    """The bytes in which a marker can be seen; what cannot be unpacked shows none."""
    try:
        if form == "zstd":
            with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
                return bytes(stream.read())
        return json.dumps(_tables(data)).encode() if form == "sqlite" else data
    except (OSError, pa.ArrowException, sqlite3.Error):
        return b""


def _lines(text: str) -> list[Any] | None:
    try:
        return [json.loads(line, strict=False) for line in text.splitlines() if line.strip()]
    except ValueError:
        return None


def _json(value: Any, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _tables(data: bytes) -> dict[str, list[list[Any]]]:
    """Rows by table; JSON columns decoded, everything SQLite keeps as text or number as it is."""
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        Path(file.name).write_bytes(data)
        connection = sqlite3.connect(f"file:{file.name}?immutable=1", uri=True)
        try:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            return {
                name: [[_inner(cell) for cell in row] for row in connection.execute(f'SELECT * FROM "{name}"')]
                for name in _table_names(connection)
            }
        finally:
            connection.close()


def _table_names(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return [name for (name,) in found]


def _inner(cell: Any) -> Any:
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def _database(value: Any, original: bytes) -> bytes:
    """The original database with the rows of `value`; rows that its schema does not allow are left out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "made.db")
        file.write_bytes(original)
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA journal_mode = DELETE")
        for name in _table_names(connection):
            width = len(connection.execute(f'PRAGMA table_info("{name}")').fetchall())
            connection.execute(f'DELETE FROM "{name}"')
            rows = value.get(name) if isinstance(value, dict) else None
            for row in rows if isinstance(rows, list) else []:
                cells = [_stored(cell) for cell in (row if isinstance(row, list) else [row])][:width]
                cells += [None] * (width - len(cells))
                try:
                    connection.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * width)})', cells)
                except (sqlite3.Error, OverflowError):
                    continue
        connection.commit()
        connection.execute("VACUUM")
        connection.close()
        return file.read_bytes()


def _stored(cell: Any) -> Any:
    if isinstance(cell, (dict, list)):
        return json.dumps(cell)
    if isinstance(cell, int) and abs(cell) >= 2**63:
        return str(cell)
    return cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell
