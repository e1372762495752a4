"""A lane between the cut of the slice, which builds all lanes in one pass, and its publication."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from moonshine_assets.lanes.rows import LaneResult
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_resources.atomic import atomic_file


class _Draft(msgspec.Struct):
    """A LaneResult as it is written; `made_by` is the version of Moonshine whose code built it."""

    made_by: str
    rows: list[dict[str, Any]]
    candidates: int
    dropped: dict[str, int]
    reasons: list[tuple[ConversationKey, tuple[str, ...]]]
    measures: dict[str, float]


def save_draft(path: Path, result: LaneResult) -> None:
    """Keep a built lane for `take_draft`."""
    draft = _Draft(
        version("moonshine"),
        result.rows,
        result.candidates,
        result.dropped,
        list(result.reasons.items()),
        result.measures,
    )
    with atomic_file(path) as stream:
        stream.write(msgspec.msgpack.encode(draft))


def take_draft(path: Path, build: Callable[[], LaneResult]) -> LaneResult:
    """The kept lane, which is used up, or `build()` where there is none of this version."""
    if not path.exists():
        return build()
    draft = msgspec.msgpack.decode(path.read_bytes(), type=_Draft)
    path.unlink()
    if draft.made_by != version("moonshine"):
        return build()
    return LaneResult(draft.rows, draft.candidates, draft.dropped, dict(draft.reasons), draft.measures)
