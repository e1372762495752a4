"""Is this Claude Code's? (EXPORT-FORMATS §1, §13)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import Claim

_TYPES = frozenset({"summary", "file-history-snapshot", "queue-operation", "permission-mode", "last-prompt", "mode"})
_SAYING = frozenset({"user", "assistant", "system", "attachment", "progress"})
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SESSION = re.compile(rf"(?:{_UUID}|agent-[\w-]+)\.jsonl")
_SIDECAR_NAMES = frozenset({"journal.jsonl", "sessions-index.json", "history.jsonl", ".claude.json", "settings.json"})


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:  # noqa: ARG001 - by content alone
    """Are these first lines (or is this one object) Claude Code's? Qwen Code's, which has `parts`, is not."""
    if len(objects) == 1 and isinstance(objects[0].get("loglines"), list):
        return Claim("claude_code-web", 1.0, "loglines is a list")
    if any("parts" in mapping(record.get("message")) or "systemPayload" in record for record in objects):
        return None
    for record in objects:
        kind = text_or_none(record.get("type"))
        if ident(record.get("sessionId")) and kind in _SAYING and ident(record.get("uuid")):
            return Claim("claude_code", 1.0, "records with uuid and sessionId")
    if any(isinstance(record.get("isSnapshotUpdate"), bool) or "leafUuid" in record for record in objects):
        return Claim("claude_code", 0.9, "a snapshot or summary record")
    if any(ident(record.get("sessionId")) and text_or_none(record.get("type")) in _TYPES for record in objects):
        return Claim("claude_code", 0.8, "a bookkeeping record with sessionId")
    for record in objects:
        message = mapping(record.get("message"))
        if record.get("type") in ("user", "assistant") and "content" in message and "timestamp" in record:
            return Claim("claude_code", 0.5, "records of type user or assistant that wrap a message")
    return None


def log_files(names: Mapping[str, int]) -> list[str]:
    """Files named as sessions are, or that stand under `projects/`; a session before its sub-agents, then by name."""
    found = [name for name in names if _is_session(PurePosixPath(name)) and not sidecar(name)]

    def order(name: str) -> tuple[bool, str]:
        return PurePosixPath(name).name.startswith("agent-"), name

    return sorted(found, key=order)


def sidecar(name: str) -> bool:
    """Descriptions of sub-agents, journals of workflows, spilled tool output, indexes and settings."""
    path = PurePosixPath(name)
    return (
        path.name.endswith(".meta.json")
        or path.name in _SIDECAR_NAMES
        or ("tool-results" in path.parts[:-1])
        or (path.suffix == ".md" and "memory" in path.parts[:-1])
    )


def _is_session(path: PurePosixPath) -> bool:
    if path.suffix != ".jsonl" or "__MACOSX" in path.parts or path.name.startswith("._"):
        return False
    return "sessions" not in path.parts[:-1] and (
        _SESSION.fullmatch(path.name) is not None or "projects" in path.parts[:-1]
    )
