"""The end of a JSON Lines file, read backwards: what a session said last costs the same however long it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = 1 << 18
#: Nothing is looked for further from the end than this; one line with pictures may have tens of megabytes.
LIMIT = 1 << 26


class TailLine(NamedTuple):
    """A line without its line break, and how far from the end of the file it begins, bytes."""

    raw: bytes
    distance: int


def lines_backwards(path: Path, limit: int = LIMIT) -> Iterator[TailLine]:
    """The lines of a file, last first, blank ones left out, until `limit` bytes were read.

    The file may grow meanwhile: its end is where it was at the first look. A line that the limit cuts is not given.
    """
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        begin = at = end
        rest: list[bytes] = []  # pieces of the line whose beginning is not reached yet, last first
        while at > 0 and end - at < limit:
            begin = max(0, at - BLOCK)
            stream.seek(begin)
            block = stream.read(at - begin)
            position = len(block)
            while (cut := block.rfind(b"\n", 0, position)) >= 0:
                raw = b"".join([block[cut + 1 : position], *reversed(rest)])
                rest = []
                if raw.strip():
                    yield TailLine(raw, end - (begin + cut + 1))
                position = cut
            rest.append(block[:position])
            at = begin
        if at == 0 and (raw := b"".join(reversed(rest))).strip():
            yield TailLine(raw, end)


def first_line(path: Path, limit: int = 1 << 20) -> bytes:
    """The first line of a file, or as much of it as the limit allows."""
    with path.open("rb") as stream:
        return stream.readline(limit)
