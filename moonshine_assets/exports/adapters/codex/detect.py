"""Is this Codex's? (EXPORT-FORMATS §1, §14)"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.adapters.codex.wire import ITEM_TYPES, whole_session
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import Claim

_ENVELOPES = frozenset({"compacted", "event_msg", "response_item", "session_meta", "turn_context", "world_state"})
_SIDECARS = frozenset({"auth.json", "config.toml", "history.jsonl", "session_index.jsonl", "version.json"})


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:  # noqa: ARG001 - by content alone
    """Are these first lines (or is this one object) a rollout?"""
    if len(objects) == 1 and whole_session(objects[0]) is not None:
        return Claim("codex-json", 0.9, "session and items")
    for record in objects:
        if text_or_none(record.get("type")) in _ENVELOPES and isinstance(record.get("payload"), dict):
            return Claim("codex", 1.0, f"an envelope of type {record['type']}")
    if not objects:
        return None
    first = objects[0]
    if "type" not in first and ident(first.get("id")) and "timestamp" in first and "instructions" in first:
        return Claim("codex-bare", 0.9, "a first line with id, timestamp and instructions")
    if any("record_type" in record for record in objects):
        return Claim("codex-bare", 0.8, "lines with record_type")
    kinds = {text_or_none(record.get("type")) for record in objects}
    if kinds & (ITEM_TYPES - {"message"}) and any(
        mapping(record.get("function")) or "call_id" in record for record in objects
    ):
        return Claim("codex-bare", 0.5, "items without an envelope")
    return None


def log_files(names: Mapping[str, int]) -> list[str]:
    """`rollout-*` files, the older sessions first; archived ones after the others."""
    found = [name for name in names if _is_rollout(PurePosixPath(name))]
    return sorted(
        found, key=lambda name: ("archived_sessions" in PurePosixPath(name).parts, PurePosixPath(name).name, name)
    )


def sidecar(name: str) -> bool:
    """Histories of prompts, indexes, settings and databases that repeat what rollouts hold."""
    path = PurePosixPath(name)
    return path.name in _SIDECARS or (
        path.suffix == ".sqlite" and path.name.startswith(("state_", "thread_history_", "logs_"))
    )


def _is_rollout(path: PurePosixPath) -> bool:
    if "__MACOSX" in path.parts:
        return False
    return path.name.startswith("rollout-") and path.name.endswith((".jsonl", ".jsonl.zst", ".json"))
