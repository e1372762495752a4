"""The new lines of a log to entries of its text."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.exports.lines import lines
from moonshine_assets.exports.records import Block
from moonshine_assets.sessions.archive.segments import Content, bytes_from
from moonshine_assets.sessions.projection.reading import LogLine, Reader
from moonshine_assets.sessions.projection.said import Said
from moonshine_assets.sessions.projection.state import Progress
from moonshine_assets.sessions.projection.write import Writer


class Log(NamedTuple):
    """A log as it was kept. `old` is what it was before it was rewritten; None: it was only continued."""

    folder: Path
    content: Content
    old: Content | None
    is_agent: bool


class _Line(NamedTuple):
    """A line: its number from 1, its object or None, its bytes."""

    number: int
    log_line: LogLine | None
    raw: bytes


def log_entries(log: Log, reader: Reader, progress: Progress, writer: Writer) -> None:
    """Write the lines that are new; of a log that was rewritten, those that stood nowhere in it before."""
    known: set[bytes] = set()
    if log.old is not None:
        known = set(_prints(log.folder, log.old))
        progress.offset = progress.line = progress.rank = progress.record = 0
    for batch in _batches(log, progress):
        fresh = [line for line in batch if _print(line.raw) not in known] if known else batch
        objects = [line.log_line for line in fresh if line.log_line is not None]
        told = iter(reader(objects, progress.memory, log.is_agent))
        for line in fresh:
            said = next(told) if line.log_line is not None else _damaged(line)
            if said is None:
                progress.noise += 1
                writer.left_out()
            else:
                writer.add(said, line.number)


def _batches(log: Log, progress: Progress) -> Iterator[list[_Line]]:
    """Whole lines from where the progress stands, some megabytes at a time; it goes on with every batch."""
    rest = b""
    for piece in bytes_from(log.folder, log.content, progress.offset):
        rest += piece
        cut = rest.rfind(b"\n") + 1
        if cut:
            yield _taken(rest[:cut], progress)
            rest = rest[cut:]
    # an agent may be writing its last line; one that is whole already counts
    last = list(lines(rest))
    if len(last) == 1 and last[0].value is not None:
        yield _taken(rest, progress)


def _taken(data: bytes, progress: Progress) -> list[_Line]:
    found = []
    at, number = 0, progress.line
    for line in lines(data):
        number += data.count(b"\n", at, line.start)
        at = line.start
        is_object = line.value is not None
        log_line = LogLine(line.value, progress.rank, progress.record) if line.value is not None else None
        found.append(_Line(number + 1, log_line, data[line.start : line.end]))
        progress.rank += 1
        progress.record += is_object
    progress.offset += len(data)
    progress.line += data.count(b"\n")
    return found


def _damaged(line: _Line) -> Said:
    """A line that is no object, as it stands."""
    text = line.raw.decode("utf-8", "replace")
    return Said(f"damaged-{line.number}", "client", None, [Block("text", text)], note="damaged")


def _prints(folder: Path, content: Content) -> Iterator[bytes]:
    rest = b""
    for piece in bytes_from(folder, content, 0):
        *whole, rest = (rest + piece).split(b"\n")
        yield from map(_print, whole)
    yield _print(rest)


def _print(raw: bytes) -> bytes:
    return blake2b(raw.strip(), digest_size=16).digest()
