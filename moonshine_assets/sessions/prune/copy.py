"""A pruned copy of a session beside it, which its agent can go on from; the session itself stays as it is."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.prune.cut import CUTS, Limits
from moonshine_assets.sessions.prune.outcome import How, Pruned
from moonshine_assets.sessions.usage.collect import Look
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources.atomic import atomic_file

#: Names of copies come from the session and its content: the same session is copied once.
_NAMESPACE = uuid.UUID("6f0a9f3e-5b0c-5c1e-9d1f-6d6f6f6e7368")
_GO_ON = {"claude_code": "claude --resume", "codex": "codex resume"}
_PRIVATE = 0o600


class _Line(NamedTuple):
    data: bytes
    left_out: list[str]


def pruned_copy(reading: Reading, record: ArchiveRecord, archive: Path, look: Look) -> Pruned:
    """Write the copy, durably and under its final name only when it is whole.

    Args:
        reading: the session, in a file of its own.
        record: its archive, read back.
        archive: where that is, for the pointers.
        look: the situation; its counter says how many tokens were left out.

    Raises:
        OSError: the session cannot be read.
        StorageFull: there is no space; there is no copy.
    """
    path = Path(reading.source_path)
    copy_id = str(uuid.uuid5(_NAMESPACE, f"{reading.key}:{record.content_hash}"))
    settings = look.settings.prune
    limits = Limits(settings.keep_head_chars, settings.keep_tail_chars, f"the archive {archive}")
    target = path.with_name(path.name.replace(reading.session_id, copy_id))
    cuts, tokens = 0, 0
    for line in _lines(path, reading, copy_id, limits):
        cuts += len(line.left_out)
        tokens += sum(look.counter().count(text) for text in line.left_out)
    if not cuts or target == path:
        return Pruned(How.NOT_NEEDED, reason="no output of a tool is long enough to be cut")
    with atomic_file(target, mode=_PRIVATE) as stream:
        stream.writelines(line.data for line in _lines(path, reading, copy_id, limits))
    before = reading.used_tokens or 0
    return Pruned(
        How.COPIED,
        before,
        max(0, before - tokens),
        copy_id,
        reason=f"{cuts} outputs cut; go on from the copy with `{_GO_ON[reading.provider]} {copy_id}`",
    )


def _lines(path: Path, reading: Reading, copy_id: str, limits: Limits) -> Iterator[_Line]:
    """The lines of the copy, one by one: a session may be large."""
    with path.open("rb") as stream:
        for raw in stream:
            yield _pruned(raw, reading, copy_id, limits)


def _pruned(raw: bytes, reading: Reading, copy_id: str, limits: Limits) -> _Line:
    """A line of the copy; one that is no record yet stays as it is."""
    try:
        record = json.loads(raw)
    except ValueError:
        return _Line(raw, [])
    if not isinstance(record, dict):
        return _Line(raw, [])
    renamed, is_renamed = _renamed(record, reading, copy_id)
    changed, left_out = CUTS[reading.provider](renamed, limits)
    if not left_out and not is_renamed:
        return _Line(raw, [])
    return _Line(json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode() + b"\n", left_out)


def _renamed(record: dict[str, Any], reading: Reading, copy_id: str) -> tuple[dict[str, Any], bool]:
    """The record as one of the copy: wherever it says which session it belongs to."""
    if record.get("sessionId") == reading.session_id:
        return {**record, "sessionId": copy_id}, True
    payload = record.get("payload")
    if record.get("type") == "session_meta" and isinstance(payload, dict):
        return {**record, "payload": {**payload, **dict(_ids(payload, reading.session_id, copy_id))}}, True
    return record, False


def _ids(payload: dict[str, Any], old: str, new: str) -> Iterator[tuple[str, str]]:
    for name, value in payload.items():
        if value == old:
            yield name, new
