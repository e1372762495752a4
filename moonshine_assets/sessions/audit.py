"""`moon/logs/audit.log`: what was done to sessions, by whomever, one JSON object a line. Ids and counts, never text.

The file is appended to in one write a line, so that processes do not mix their lines; beyond 10 MB it is rotated.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from moonshine_resources import storage
from moonshine_resources.home import Home

#: Bytes after which a new file is begun, and how many older ones stay.
ROTATE_AT = 10_000_000
KEPT = 3


class Code(StrEnum):
    """What happened; the first word says how it went."""

    ARCHIVED = "MOON_OK_ARCHIVED"
    PRUNED = "MOON_OK_PRUNED"
    PRUNE_NOT_NEEDED = "MOON_OK_PRUNE_NOT_NEEDED"
    PRUNE_SWITCHED_OFF = "MOON_OK_PRUNE_SWITCHED_OFF"
    DISTILLED = "MOON_OK_DISTILLED"
    CONTINUED = "MOON_OK_CONTINUED"
    HOOK = "MOON_OK_HOOK"
    CYCLE = "MOON_OK_CYCLE"
    ARCHIVE_FAILED = "MOON_WARN_ARCHIVE_FAILED"
    PRUNE_FAILED = "MOON_WARN_PRUNE_FAILED"
    DISTILL_FAILED = "MOON_WARN_DISTILL_FAILED"
    MEMORY_FAILED = "MOON_WARN_MEMORY_FAILED"
    USAGE_FAILED = "MOON_WARN_USAGE_FAILED"
    HOOK_FAILED = "MOON_WARN_HOOK_FAILED"
    STATE_REBUILT = "MOON_WARN_STATE_REBUILT"
    CYCLE_FAILED = "MOON_WARN_CYCLE_FAILED"


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.

    Args:
        code: one of `Code`, or another stage's own.
        at: epoch seconds.
        stage: archive, prune, distill, memory, usage, hook, state or cycle.
        action: number of the session's action; 0 outside of one.
        session: provider:session_id.
        archive: ArchiveRecord.archive_path.
        retry: whether it will be tried again by itself.
        reason: why, in one sentence.
        figures: counts worth keeping.
    """

    code: str
    at: int
    stage: str = ""
    action: int = 0
    session: str = ""
    archive: str = ""
    retry: bool = False
    reason: str = ""
    figures: dict[str, Any] = {}

    @property
    def is_warning(self) -> bool:
        return self.code.startswith("MOON_WARN")

    def json(self) -> str:
        """The line as it stands in the log, without a line break."""
        return msgspec.json.encode(self).decode()


def note(home: Home, line: Line) -> Line:
    """Append a line; it is given back.

    Raises:
        StorageFull: there is no space for it.
    """
    path = home.moon_audit_log
    with storage.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _rotate(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.json().encode() + b"\n")
        finally:
            os.close(descriptor)
    return line


def lines(path: Path) -> list[Line]:
    """The lines of a log; one that is damaged or half written is left out."""
    found = []
    for raw in path.read_bytes().splitlines() if path.exists() else []:
        try:
            found.append(msgspec.json.decode(raw, type=Line))
        except msgspec.DecodeError:
            continue
    return found


def _rotate(path: Path) -> None:
    """audit.log → audit.log.1 → … → audit.log.3 → gone. Two processes at once rotate at worst one time too often."""
    try:
        if path.stat().st_size < ROTATE_AT:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT, 0, -1):
        older = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        try:
            older.replace(path.with_name(f"{path.name}.{number}"))
        except FileNotFoundError:
            continue
