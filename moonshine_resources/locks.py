"""Locks between processes, by files the kernel frees when their holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from moonshine_assets.errors import Busy
from moonshine_resources import storage


@contextmanager
def exclusive(path: Path, *, seconds: float, what: str) -> Iterator[None]:
    """Hold the lock file `path` alone.

    Args:
        path: lock file; stays behind, empty, when released.
        seconds: how long to wait for another holder.
        what: what is being protected, for the message.

    Raises:
        Busy: another process held it all that time.
    """
    lock = FileLock(path)
    try:
        with storage.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=seconds)
    except Timeout as error:
        raise Busy(
            f"another process is writing {what} and did not finish within {seconds:g} s",
            where=str(path),
            fix="wait for it to end and run again; nothing was changed",
        ) from error
    try:
        yield
    finally:
        lock.release()
