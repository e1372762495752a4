"""A lane between the cut of the slice, which builds all lanes in one pass, and its publication."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from moonshine_assets.lanes.books import LaneResult, LeftOut, MessageKey
from moonshine_assets.lanes.spill import Entry, Rows
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_resources.atomic import atomic_file

_LENGTH_BYTES = 8


class _Draft(msgspec.Struct):
    """A LaneResult without its rows; `made_by` is the version of Moonshine whose code built it."""

    made_by: str
    entries: list[Entry]
    candidates: int
    dropped: dict[str, int]
    reasons: list[tuple[ConversationKey, tuple[str, ...]]]
    measures: dict[str, float | int]
    borrowed: list[MessageKey]
    left_out: list[LeftOut]


def save_draft(path: Path, result: LaneResult) -> None:
    """Keep a built lane for `take_draft`: the rows' lines, then the books, then the length of the books."""
    entries: list[Entry] = []
    with atomic_file(path) as stream:
        end = 0
        for entry in result.rows.entries:
            stream.write(result.rows.line(entry) + b"\n")
            entries.append(msgspec.structs.replace(entry, offset=end))
            end += entry.length + 1
        books = msgspec.msgpack.encode(
            _Draft(
                version("moonshine"),
                entries,
                result.candidates,
                result.dropped,
                list(result.reasons.items()),
                dict(result.measures),
                result.borrowed,
                result.left_out,
            )
        )
        stream.write(books + len(books).to_bytes(_LENGTH_BYTES, "big"))


def take_draft(path: Path, build: Callable[[], LaneResult]) -> LaneResult:
    """The kept lane, which is used up, or `build()` where there is none of this version.

    The file loses its name at once; its rows are read from it until the result is let go of.
    """
    if not path.exists():
        return build()
    stream = path.open("rb")
    path.unlink()
    stream.seek(-_LENGTH_BYTES, 2)
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "big")
    stream.seek(-_LENGTH_BYTES - length, 2)
    try:
        draft = msgspec.msgpack.decode(stream.read(length), type=_Draft)
    except msgspec.ValidationError:
        return build()
    if draft.made_by != version("moonshine"):
        return build()
    return LaneResult(
        Rows(stream, draft.entries),
        draft.candidates,
        draft.dropped,
        dict(draft.reasons),
        draft.measures,
        draft.borrowed,
        draft.left_out,
    )
