"""Is this OpenClaw's, or pi's, of whose format it is? (EXPORT-FORMATS §1, §15)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import Claim

_ENTRIES = frozenset(
    {"branch_summary", "compaction", "custom", "custom_message", "message", "model_change", "thinking_level_change"}
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_STORE = "openclaw-agent.sqlite"
#: `<id>.jsonl`, `<id>-topic-<n>.jsonl`, and what a reset or a deletion makes of their names.
_SESSION = re.compile(rf"{_UUID}(?:-topic-\d+)?\.jsonl(?:\.(?:reset|deleted)\.[\w.:-]+)?")
_ARCHIVED = re.compile(r".+\.jsonl\.(?:reset|deleted)\.[\w.:-]+")
_PI_SESSION = re.compile(rf"\d{{4}}-\d\d-\d\dT[\w-]+_{_UUID}\.jsonl")
_COPIES = re.compile(r".+\.(?:checkpoint\..+|trajectory)\.jsonl|.+\.jsonl\.bak.*|.+\.trajectory-path\.json")
_SECRET = frozenset({"auth-profiles.json", "auth.json", "models.json", "openclaw.json", ".env", "settings.json"})
_STATE_ROOT = re.compile(r"(?:^|/)(?:\.(?:openclaw|clawdbot|moltbot)(?:/|$)|agents/[^/]+/sessions/)")


def claim_of(objects: list[dict[str, Any]], name: str) -> tuple[str, Claim] | None:
    """`openclaw` or `pi` and the claim, for the first lines of a session; None when it is neither's."""
    header = next((record for record in objects if record.get("type") == "session"), None)
    if header is not None and header is objects[0] and ident(header.get("id")) and "traceSchema" not in header:
        if not ("cwd" in header or "version" in header):
            return None
        claim = Claim("session", 0.9, "a session header with cwd")
    elif any(_is_entry(record) for record in objects):
        claim = Claim("headerless", 0.8, "entries with id and parentId that wrap a message")
    else:
        return None
    return ("pi" if _is_pi(objects, header or {}, name) else "openclaw"), claim


def claim_tables(tables: Mapping[str, set[str]]) -> Claim | None:
    """Is this database, by the columns of its tables, OpenClaw's store?"""
    if {"session_id", "seq"} <= tables.get("transcript_events", set()):
        return Claim("openclaw-store", 1.0, "a table transcript_events")
    return None


def openclaw_files(names: Mapping[str, int]) -> list[str]:
    """Stores, then session files, then what is left of sessions that were reset or deleted, each by name."""
    found = [name for name in names if _is_openclaw(PurePosixPath(name)) and not openclaw_sidecar(name)]

    def order(name: str) -> tuple[bool, bool, str]:
        base = PurePosixPath(name).name
        return base != _STORE, _ARCHIVED.fullmatch(base) is not None, name

    return sorted(found, key=order)


def openclaw_sidecar(name: str) -> bool:
    """Indexes, copies made at compaction, traces of runs, settings and secrets; none of them is read as a session."""
    path = PurePosixPath(name)
    return (
        path.name in _SECRET | {"sessions.json"}
        or _COPIES.fullmatch(path.name) is not None
        or path.name in (f"{_STORE}-wal", f"{_STORE}-shm")
        or "credentials" in path.parts[:-1]
    )


def pi_files(names: Mapping[str, int]) -> list[str]:
    """Session files as pi names them, by name, which is by time."""
    found = [name for name in names if _PI_SESSION.fullmatch(PurePosixPath(name).name) and not openclaw_sidecar(name)]
    return sorted(found, key=lambda name: (PurePosixPath(name).name, name))


def is_store_name(name: str) -> bool:
    return PurePosixPath(name).name.endswith(".sqlite")


def _is_openclaw(path: PurePosixPath) -> bool:
    if "__MACOSX" in path.parts or _PI_SESSION.fullmatch(path.name):
        return False
    if path.name == _STORE or _ARCHIVED.fullmatch(path.name):
        return True
    if "projects" in path.parts[:-1] or path.name.startswith(("rollout-", "._")):
        return False
    in_sessions = path.parent.name in ("sessions", "session-sqlite-import-archive")
    return _SESSION.fullmatch(path.name) is not None or (in_sessions and path.name.endswith(".jsonl"))


def _is_entry(record: dict[str, Any]) -> bool:
    return (
        text_or_none(record.get("type")) in _ENTRIES
        and ident(record.get("id")) is not None
        and "parentId" in record
        and (record.get("type") != "message" or isinstance(record.get("message"), dict))
    )


def _is_pi(objects: list[dict[str, Any]], header: dict[str, Any], name: str) -> bool:
    for record in objects:
        marks = (record.get("customType"), mapping(record.get("message")).get("provider"), record.get("provider"))
        if any(isinstance(mark, str) and mark.startswith("openclaw") for mark in marks):
            return False
        if record.get("customType") == "model-snapshot" or "__openclaw" in mapping(record.get("message")):
            return False
    if _STATE_ROOT.search(name) or _STATE_ROOT.search(str(header.get("cwd"))):
        return False
    if header and ("version" not in header or "modelId" in header or "branchedFrom" in header):
        return True
    if "/.pi/" in f"/{name}" or _PI_SESSION.fullmatch(PurePosixPath(name).name):
        return True
    return any(mapping(record.get("message")).get("role") == "bashExecution" for record in objects)
