"""Where in the home something stands: every file, as bytes and as what it packs (zip, zstd, Parquet, databases)."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from moonshine_assets.exports.sqlite_copy import is_sqlite
from moonshine_assets.exports.unzstd import is_zstd
from moonshine_assets.exports.zipped import is_zip
from moonshine_assets.forget.needles import ID, Needle
from moonshine_resources.home import Home

_CHUNK = 1 << 23
#: Longer than any needle, so that none is missed between two pieces.
_OVERLAP = 4096
#: So many places of one file are told.
_MOST_PLACES = 5
#: Called with (bytes searched, bytes in total).
Progress = Callable[[int, int], None]


class Place(NamedTuple):
    """Where something was found: the file, what inside it, and what it was."""

    file: Path
    inside: str
    needle: str


def files_of(home: Home) -> list[Path]:
    """Every file of the home that is Moonshine's own, but for the record of what is being forgotten.

    The inbox is the person's: see `in_inbox`.
    """
    left_out = {home.forget_intent}
    return [
        path
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and not path.is_symlink() and path not in left_out and home.inbox not in path.parents
    ]


def search(home: Home, wanted: Sequence[Needle], progress: Progress = lambda *_: None) -> list[Place]:
    """Every place in the home's own files where something stands that should not."""
    files = files_of(home)
    sizes = [path.stat().st_size for path in files]
    total, done = sum(sizes), 0
    found: list[Place] = []
    for path, size in zip(files, sizes, strict=True):
        found += in_file(path, wanted, home.root)
        done += size
        progress(done, total)
    return found


def in_inbox(home: Home, wanted: Sequence[Needle]) -> list[Path]:
    """Files of the inbox that hold it; they are the person's and are never changed."""
    if not home.inbox.is_dir():
        return []
    return [path for path in sorted(home.inbox.rglob("*")) if path.is_file() and in_file(path, wanted)]


def in_file(path: Path, wanted: Sequence[Needle], root: Path | None = None) -> list[Place]:
    """Where in one file something stands; a file that is gone meanwhile holds nothing.

    Args:
        path: the file.
        wanted: what to look for.
        root: the folders from here on may be named for a conversation too; without it the file's name alone.
    """
    shown = str(path.relative_to(root)) if root is not None else path.name
    found = {
        Place(path, "name", needle.name)
        for needle in wanted
        if needle.name.startswith(ID) and not needle.is_short and needle.value in shown
    }
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
            stream.seek(0)
            found |= {Place(path, "bytes", name) for name in _in_stream(stream, wanted)}
        for inside, name in _unpacked(path, head, wanted):
            found.add(Place(path, inside, name))
            if len(found) >= _MOST_PLACES:
                break
    except FileNotFoundError:
        return []
    return sorted(found)


def _in_stream(stream: IO[bytes] | pa.NativeFile, wanted: Sequence[Needle]) -> set[str]:
    found: set[str] = set()
    rest = b""
    while piece := stream.read(_CHUNK):
        data = rest + piece
        found |= {needle.name for needle in wanted if needle.name not in found and needle.inside(data)}
        rest = data[-_OVERLAP:]
    return found


def _unpacked(path: Path, head: bytes, wanted: Sequence[Needle]) -> Iterator[tuple[str, str]]:
    """(where inside, what) for a file that packs others or rows."""
    if is_zip(head[:4]):
        yield from _in_zip(path, wanted)
    elif is_zstd(head):
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            for name in _in_stream(stream, wanted):
                yield "unpacked", name
    elif head[:4] == b"PAR1":
        yield from _in_parquet(path, wanted)
    elif head[8:12] == b"DUCK":
        yield from _in_duckdb(path, wanted)
    elif is_sqlite(head):
        yield from _in_sqlite(path, wanted)


def _in_zip(path: Path, wanted: Sequence[Needle]) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as stream:
                for name in _in_stream(stream, wanted):
                    yield info.filename, name
                if info.file_size >= 4:
                    stream.seek(0)
                    if is_zstd(stream.read(4)):
                        stream.seek(0)
                        with pa.CompressedInputStream(io.BytesIO(stream.read()), "zstd") as inner:
                            for name in _in_stream(inner, wanted):
                                yield info.filename, name


def _in_parquet(path: Path, wanted: Sequence[Needle]) -> Iterator[tuple[str, str]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1_000):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                yield from ((f"column {name}", one) for one in _in_array(column, wanted))


def _in_duckdb(path: Path, wanted: Sequence[Needle]) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()"
            " WHERE database_name = current_database() AND NOT internal"
            " AND (schema_name, table_name) IN (SELECT schema_name, table_name FROM duckdb_tables())"
        ).fetchall()
        tables: dict[str, list[str]] = {}
        for schema, table, column, type_ in columns:
            if any(word in type_ for word in ("VARCHAR", "JSON", "BLOB")):
                shown = f'"{column}"' if type_ == "BLOB" else f'"{column}"::VARCHAR AS "{column}"'
                tables.setdefault(f'"{schema}"."{table}"', []).append(shown)
        for place, texts in tables.items():
            reader = connection.sql(f"SELECT {', '.join(texts)} FROM {place}").to_arrow_reader(20_000)  # noqa: S608 - names from the catalogue
            for batch in reader:
                for name, array in zip(batch.schema.names, batch.columns, strict=True):
                    where = f"{place.replace(chr(34), '')}.{name}"
                    yield from ((where, one) for one in _in_array(array, wanted))


def _in_sqlite(path: Path, wanted: Sequence[Needle]) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            quoted = table.decode().replace('"', '""')
            for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - quoted
                data = b"\0".join(cell for cell in row if isinstance(cell, bytes))
                yield from ((f"table {table.decode()}", needle.name) for needle in wanted if needle.inside(data))


def _in_array(column: pa.Array, wanted: Sequence[Needle]) -> list[str]:
    """Which of the needles stand in the buffers of a column, its lists' and structs' included."""
    whole = [bytes(buffer) for buffer in column.buffers() if buffer is not None]
    return [needle.name for needle in wanted if any(needle.inside(data) for data in whole)]
