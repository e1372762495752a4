"""Readers that give way: who reads the mash ends when a writer has been waiting for it.

DuckDB lets one process write or several read. A question of an hour would keep every merge out; a merge waits
30 s for the file, so a reader gives up before that.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from moonshine_assets.errors import Busy

#: Seconds a writer waits before a reader gives way, and between two looks.
GRACE, LOOK = 10.0, 0.5


@contextmanager
def giving_way(
    connection: duckdb.DuckDBPyConnection, lock: Path, *, grace: float = GRACE, look: float = LOOK
) -> Iterator[None]:
    """Interrupt what the connection does in the block once a writer has held the writers' lock for `grace` seconds.

    A writer takes the lock before it opens the file, which it cannot while the connection is open.

    Args:
        connection: the mash, read-only.
        lock: the writers' lock file.
        grace: how long a writer waits, seconds.
        look: seconds between two looks at the lock.

    Raises:
        Busy: the block was interrupted for a writer.
    """
    ended, gave_way = threading.Event(), threading.Event()

    def watch() -> None:
        waited = 0.0
        while not ended.wait(look):
            waited = waited + look if _is_held(lock) else 0.0
            if waited >= grace:
                gave_way.set()
                connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException as error:
        if not gave_way.is_set():
            raise
        raise Busy(
            f"a merge has been waiting for the mash for {grace:g} s, so the question was ended",
            where=str(lock),
            fix="ask again when the merge is done, or ask for less",
        ) from error
    finally:
        ended.set()
        watcher.join()


def _is_held(lock: Path) -> bool:
    """Whether somebody has the lock; taken for a moment to find out, and never made."""
    if not lock.exists():
        return False
    probe = FileLock(lock)
    try:
        probe.acquire(timeout=0)
    except (Timeout, PermissionError):
        return True
    probe.release()
    return False
