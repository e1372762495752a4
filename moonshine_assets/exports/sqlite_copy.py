"""SQLite databases inside an export, opened for reading alone and shared out among what they hold."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from pathlib import Path

from moonshine_assets.errors import Unreadable

#: What reading a damaged database raises; its own messages may not be UTF-8 either.
DAMAGE = (sqlite3.Error, UnicodeDecodeError)

_MAGIC = b"SQLite format 3\x00"


def is_sqlite(data: bytes) -> bool:
    """Whether a file is a SQLite database."""
    return data.startswith(_MAGIC)


@contextmanager
def opened(name: str, data: bytes, read: Callable[[str], bytes | None]) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of a database, with what stands in its write-ahead log; texts that are not UTF-8 repaired.

    Args:
        name: the database's name in the export.
        data: its bytes.
        read: gives the log beside it, `<name>-wal`.

    Raises:
        Unreadable: the database is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="moonshine-sqlite-") as folder:
        copy = Path(folder) / "copy.sqlite"
        copy.write_bytes(data)
        if ahead := read(f"{name}-wal"):
            copy.with_name("copy.sqlite-wal").write_bytes(ahead)
        connection = sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)
        try:
            connection.text_factory = _text
            yield connection
        except DAMAGE as error:
            raise Unreadable("a SQLite database that cannot be read") from error
        finally:
            connection.close()


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """Names of a table's columns; none when there is no such table."""
    return {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def as_bytes(value: object) -> bytes:
    """A cell's text or bytes; nothing for numbers and NULL."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else b""


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in whole parts as the weights are, with no rest; in equal parts where no weight says more."""
    weights = list(weights) if any(weights) else [1] * len(weights)
    ends = [total * begun // sum(weights) for begun in accumulate(weights)]
    return [end - before for before, end in pairwise([0, *ends])]


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")
