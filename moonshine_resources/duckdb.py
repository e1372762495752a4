"""DuckDB files: read-only or single writer, bounded wait, closed on every way out.

Follows dagster-duckdb's resource (a `database` path and a `get_connection` context manager), with what it lacks
(DAGSTER-FACTS trap 5): a read-only mode, a bounded wait on the file lock, and no connection left open by an exception.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.errors import Busy, Corruption
from moonshine_resources import storage

#: Files can be read by DuckDB 1.5 and later.
STORAGE_VERSION = "v1.5.0"
MEMORY_LIMIT = "512MB"

#: How DuckDB words a file that another process has, or this one in the other mode; the path is in the message too, so
#: fewer words would not do.
_LOCKED = (
    "Could not set lock on file",
    "a different configuration than existing connections",
    "is already attached by database",
)
#: How it words damage it meets while reading (flipped bytes, a file cut off).
_DAMAGE = ("Corrupt database file", "Could not read enough bytes")


@contextmanager
def connect(
    path: Path,
    *,
    read_only: bool,
    wait_seconds: float = 30.0,
    memory_limit: str = MEMORY_LIMIT,
    row_group_rows: int | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database file.

    Args:
        path: the file; with `read_only` it must exist.
        read_only: readers share the file with readers, a writer excludes everybody (one process at a time).
        wait_seconds: how long to wait while another process has it.
        memory_limit: DuckDB buffer limit, e.g. "512MB"; beyond it DuckDB spills beside the file.
        row_group_rows: rows of a row group, a multiple of 2,048, of a file that is made new; default: DuckDB's own.
            So many rows of a table are held uncompressed while it is written.

    What is written goes to no write-ahead log: a checkpoint, which is one switch of the file's header, makes it last
    (`transaction` ends with one, and so does leaving the block without an exception). Measured on a run of 200 MB:
    160 MB less to write for its own file and as much for the mash.

    Raises:
        Busy: the file stayed locked.
        Corruption: DuckDB cannot read the file.
        StorageFull: there is no space to write or to spill.
    """
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "autoinstall_known_extensions": False,
        "temp_directory": f"{path}.tmp",
    }
    with storage.writing(path):
        connection = _open(path, read_only, config, row_group_rows, time.monotonic() + wait_seconds, wait_seconds)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            yield connection
            if not read_only:
                connection.execute("CHECKPOINT")
        except duckdb.Error as error:
            if any(words in str(error) for words in _DAMAGE):
                raise _corruption(path, error) from error
            raise
        finally:
            connection.close()


def _open(
    path: Path,
    read_only: bool,
    config: dict[str, Any],
    row_group_rows: int | None,
    deadline: float,
    wait_seconds: float,
) -> duckdb.DuckDBPyConnection:
    pause = 0.05
    while True:
        try:
            if read_only:
                return duckdb.connect(str(path), read_only=True, config=config)
            return _for_writing(path, config, row_group_rows)
        except duckdb.Error as error:
            if storage.is_full(error):
                raise
            if not any(words in str(error) for words in _LOCKED):
                raise _corruption(path, error) from error
            if time.monotonic() >= deadline:
                raise Busy(
                    f"the database is open elsewhere and stayed so for {wait_seconds:g} s",
                    where=str(path),
                    fix="wait for the run to end, then try again",
                ) from error
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def _for_writing(path: Path, config: dict[str, Any], row_group_rows: int | None) -> duckdb.DuckDBPyConnection:
    """The file attached as the default catalog, under the name that `duckdb.connect(path)` gives it."""
    place, name = str(path).replace("'", "''"), path.stem.replace('"', '""')
    options = f"RECOVERY_MODE no_wal_writes, STORAGE_VERSION '{STORAGE_VERSION}'"
    if row_group_rows is not None:
        options += f", ROW_GROUP_SIZE {row_group_rows}"
    connection = duckdb.connect(config=config)
    try:
        connection.execute(f"ATTACH '{place}' AS \"{name}\" ({options})")
        connection.execute(f'USE "{name}"')
    except BaseException:
        connection.close()
        raise
    return connection


def _corruption(path: Path, error: duckdb.Error) -> Corruption:
    return Corruption(
        f"DuckDB cannot read the file: {str(error).splitlines()[0]}",
        where=str(path),
        fix="restore it from the archive",
    )


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit on success and make it last, roll back on any exception.

    A crash at any point leaves the file as it was before or with all of it.
    """
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
    except BaseException:
        # A connection that a full disk has taken down cannot even roll back; the first failure is the one to tell.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")
