"""Files that only grow by whole lines: appended and synced under their writer's lock, mended after a torn write.

In and out: lines of bytes without line breaks. Always: a line that was appended is on disk when `append` returns, what
stands before it is never changed, and half a line that a crash left is set aside, never read and never lost.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from moonshine_resources import storage
from moonshine_resources.atomic import sync_directory

_BLOCK = 1 << 16


def append(path: Path, lines: Sequence[bytes]) -> None:
    """Add lines at the end, durably; the caller holds the lock of their writer.

    Raises:
        StorageFull: there is no space; the file is as it was.
    """
    if not lines:
        return
    is_new = not path.exists()
    with storage.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as stream:
            end = _mended(path, stream.fileno())
            try:
                stream.write(b"".join(line + b"\n" for line in lines))
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                os.ftruncate(stream.fileno(), end)
                raise
        if is_new:
            sync_directory(path.parent)


def read_lines(path: Path) -> list[bytes]:
    """The whole lines of a file that need not exist; half a line at its end is left out."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return data.split(b"\n")[:-1]


def torn(path: Path) -> Path:
    """Where half lines are set aside."""
    return path.with_name(f"{path.name}.torn")


def _mended(path: Path, descriptor: int) -> int:
    """Set half a last line aside; the size of the file without it, bytes."""
    size = os.fstat(descriptor).st_size
    at, rest = size, b""
    while at > 0:
        begin = max(0, at - _BLOCK)
        rest = os.pread(descriptor, at - begin, begin) + rest
        if (cut := rest.rfind(b"\n")) >= 0:
            rest = rest[cut + 1 :]
            break
        at = begin
    if not rest:
        return size
    with torn(path).open("ab") as aside:
        aside.write(rest + b"\n")
        aside.flush()
        os.fsync(aside.fileno())
    os.ftruncate(descriptor, size - len(rest))
    return size - len(rest)
