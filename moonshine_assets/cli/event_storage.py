"""Dagster's SQLite files, written at the pace of a command that records thousands of events one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy


@contextmanager
def quick_commits() -> Iterator[None]:
    """Within the block no commit of an event waits for the disk, and no closing folds the log into its file.

    Dagster opens and closes a connection for each event. Closing the last one of a file folds its write-ahead log in
    (three syncs), so one connection a file is kept open. With `synchronous` NORMAL a crash of the machine can cost the
    last events, never the file (sqlite.org/wal.html); what Moonshine itself publishes is synced by itself.
    """
    kept: dict[str, sqlite3.Connection] = {}

    def opened(connection: Any, _: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path not in kept and connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            kept[path] = sqlite3.connect(path, check_same_thread=False)
            # The file is not really open before it is read.
            kept[path].execute("SELECT count(*) FROM sqlite_master").fetchone()

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", opened)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.engine.Engine, "connect", opened)
        for connection in kept.values():
            connection.close()
