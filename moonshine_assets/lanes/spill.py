"""Rows of a lane on disk: a lane may be larger than memory, so only what decides about a row is kept in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO, overload

import msgspec

from moonshine_assets.lanes.columns import IDENTITY, columns
from moonshine_assets.lanes.rows import Row, conversation_of
from moonshine_assets.lanes.trees import ConversationKey

_encoder = msgspec.json.Encoder()
#: Objects of a row keep the order of their keys; for telling rows apart it does not count.
_sorted_encoder = msgspec.json.Encoder(order="sorted")
_BUFFER = 1 << 20


class Entry(msgspec.Struct):
    """Where a row stands, and what selection needs to know of it.

    Args:
        offset, length: of its JSON line in the file, in bytes; the line's end is not counted.
        identity: SHA-256 of what is trained on; equal for rows that teach the same.
        facts: measures of the lane that made it, by name (never written into the row).
    """

    record_uid: str
    offset: int
    length: int
    identity: bytes
    conversation: ConversationKey
    nodes: tuple[str, ...]
    signal: str
    tier: str
    split: str
    tokens: int
    facts: dict[str, float | int | str] = {}


class Spill:
    """A file that rows are appended to; it has no name and is gone with the process or the last reader."""

    def __init__(self, folder: str | None = None) -> None:
        # Rows are read from it after the build, so no block of code closes it.
        self._file: BinaryIO = tempfile.TemporaryFile(dir=folder, buffering=_BUFFER)  # type: ignore[assignment]  # noqa: SIM115
        self._end = 0

    def add(self, lane: str, row: Row, facts: dict[str, float | int | str] | None = None) -> Entry:
        """Write a row, its columns in the lane's order."""
        line = _encoder.encode({name: row[name] for name in columns(lane)})
        identity = sha256(_sorted_encoder.encode([row[name] for name in IDENTITY[lane]])).digest()
        self._file.write(line + b"\n")
        offset, self._end = self._end, self._end + len(line) + 1
        return Entry(
            record_uid=row["record_uid"],
            offset=offset,
            length=len(line),
            identity=identity,
            conversation=conversation_of(row),
            nodes=tuple(row["node_ids"]),
            signal=row["signal"],
            tier=row["tier"],
            split=row["split"],
            tokens=row["tokens_o200k"],
            facts=facts or {},
        )

    def rows(self, entries: Iterable[Entry]) -> Rows:
        self._file.flush()
        return Rows(self._file, list(entries))


class Rows(Sequence[Row]):
    """Rows of a file in an order of its own; each is read when it is asked for."""

    def __init__(self, file: BinaryIO, entries: list[Entry]) -> None:
        self._file = file
        self.entries = entries

    @classmethod
    def of(cls, lane: str, rows: Iterable[Row]) -> Rows:
        """Rows that are in memory already."""
        spill = Spill()
        return spill.rows([spill.add(lane, row) for row in rows])

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        if isinstance(index, slice):
            return Rows(self._file, self.entries[index])
        return msgspec.json.decode(self.line(self.entries[index]))

    def __iter__(self) -> Iterator[Row]:
        for entry in self.entries:
            yield msgspec.json.decode(self.line(entry))

    def line(self, entry: Entry) -> bytes:
        """The row as it is written, without the line's end."""
        # At a place of its own: the file may still be appended to.
        return os.pread(self._file.fileno(), entry.length, entry.offset)

    def only(self, entries: Iterable[Entry]) -> Rows:
        """The rows of some of the entries."""
        return Rows(self._file, list(entries))
