"""A full disk, told as one error wherever it is met."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moonshine_assets.errors import StorageFull

#: A full disk, a used-up quota, a file beyond the size limit of the process.
_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: DuckDB says in words what the system said in numbers; the last is its own limit, 90 % of the free disk.
_WORDS = (*map(os.strerror, _CODES), "max_temp_directory_size")


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Whatever the block writes at `place` (a file or folder) fails with one error when there is no space for it.

    Raises:
        StorageFull: the disk, the quota or the limit on file sizes is used up; other failures pass as they are.
    """
    try:
        yield
    except Exception as error:
        if not is_full(error):
            raise
        raise full(place) from error


def is_full(error: Exception) -> bool:
    """Whether a failure, the system's or DuckDB's, means that there is no space left."""
    if isinstance(error, OSError):
        return error.errno in _CODES
    # DuckDB is not loaded for this: who never loaded it cannot meet its errors, and hooks must start fast
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, duckdb.Error) and any(words in str(error) for words in _WORDS)


def full(place: Path) -> StorageFull:
    """The error for a place that cannot take what is to be written."""
    return StorageFull(
        "no space left to write",
        where=str(place),
        fix="free space there or move the data home (MOONSHINE_HOME) to a larger disk, then run the same again;"
        " nothing finished was changed",
    )
