"""The index's file: opened, checked, set aside when it is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Another version's index is made anew.
VERSION = 2
_BUSY_SECONDS = 10.0


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The index for reading.

    Raises:
        sqlite3.Error: it is not there, damaged, or another version's.
    """
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
    try:
        _require_version(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The index for its one writer, made where it is not there; the caller commits, what is not committed is undone.

    Raises:
        sqlite3.Error: it is damaged, or another version's.
    """
    from importlib.resources import files  # half as long to load as all else that asking needs

    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if is_new or _version(connection) == 0:
            connection.executescript(files(__package__).joinpath("schema.sql").read_text("utf-8"))
            connection.execute(f"PRAGMA user_version = {VERSION}")
        _require_version(connection)
        yield connection
    finally:
        connection.close()


def set_aside(path: Path) -> None:
    """Move a damaged index away; the one before it that was set aside is replaced."""
    for ending in ("", "-wal", "-shm"):
        file = path.with_name(path.name + ending)
        if file.exists():
            file.replace(path.with_name(f"{path.name}{ending}.damaged"))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _require_version(connection: sqlite3.Connection) -> None:
    if (found := _version(connection)) != VERSION:
        raise sqlite3.DatabaseError(f"an index of version {found}")
