"""The JSON text of a conversation file, of which the raw tokens are counted: also where a log is packed.

In: a member of an export. Out: a file with its text. Always: a member that is text is its own text, byte for byte.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.container import Container
from moonshine_assets.exports.sqlite_copy import as_bytes, is_sqlite, opened
from moonshine_assets.exports.unzstd import is_zstd, unzstd
from moonshine_resources import storage

_HEAD_BYTES = 16


def json_text_on_disk(container: Container, name: str, work: Path) -> Path:
    """A path with the text: the member itself, what its zstd frames hold, or the JSON in the cells of its database.

    A packed member that cannot be unpacked is given as it stands: it is in quarantine as such.

    Args:
        container: the opened export.
        name: one of its conversation files.
        work: scratch folder.
    """
    path = container.on_disk(name, work)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not (is_zstd(head) or is_sqlite(head)):
        return path
    target = work / f"text-{path.name}"
    with storage.writing(work):
        work.mkdir(parents=True, exist_ok=True)
        try:
            if is_zstd(head):
                target.write_bytes(unzstd(path.read_bytes()))
                return target
            with opened(name, path.read_bytes(), container.read_whole) as connection, target.open("wb") as stream:
                stream.writelines(_json_cells(connection))
        except Unreadable:
            return path
    return target


def _json_cells(connection: sqlite3.Connection) -> Iterator[bytes]:
    """Every cell that holds a JSON object or array, zstd frames unpacked, a line each; table by table."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
    ).fetchall()
    for (table,) in tables:
        quoted = table.replace('"', '""')
        for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - quoted, of a copy
            for cell in row:
                try:
                    said = unzstd(as_bytes(cell))
                except Unreadable:
                    continue
                if said.lstrip()[:1] in (b"{", b"["):
                    yield said + b"\n"
