"""Is this opencode's? (EXPORT-FORMATS §1, §17)"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.fields import ident, items, mapping
from moonshine_assets.exports.records import Claim

_FOLDERS = ("session", "message", "part")
_OTHER_FOLDERS = frozenset({"migration", "permission", "project", "session_diff", "session_share", "todo"})
_SIDECARS = frozenset({"auth.json", "mcp-auth.json", "migration", "config.json", "opencode.json"})


def claim_lines(objects: list[dict[str, Any]], name: str) -> Claim | None:
    """Are these first lines (or is this one object) opencode's: a record, an exported session, a run?"""
    if len(objects) == 1:
        value = objects[0]
        listed = [mapping(item) for item in items(value.get("messages"))]
        if isinstance(value.get("info"), dict) and any("info" in item for item in listed):
            return Claim("opencode-export", 0.9, "info and messages that have info")
        if is_record_file(name) and ident(value.get("id")):
            return Claim("opencode-files", 0.9, "a record in a folder of sessions, messages or parts")
        if (
            ident(value.get("sessionID"))
            and ident(value.get("id"))
            and ("role" in value or ident(value.get("messageID")))
        ):
            return Claim("opencode-files", 0.8, "a message or part with sessionID")
        if ident(value.get("projectID")) and isinstance(value.get("time"), dict) and "directory" in value:
            return Claim("opencode-files", 0.8, "a session with projectID and directory")
    for record in objects:
        if ident(record.get("sessionID")) and isinstance(record.get("part"), dict):
            return Claim("opencode-run", 0.8, "lines with sessionID and a part")
    return None


def claim_tables(tables: Mapping[str, set[str]]) -> Claim | None:
    """Is this database, by the columns of its tables, opencode's?"""
    if {"id", "session_id", "type", "data"} <= tables.get("session_message", set()):
        return Claim("opencode-db-2", 1.0, "a table session_message")
    if {"id", "session_id", "data"} <= tables.get("message", set()) and "session" in tables:
        return Claim("opencode-db-1", 1.0, "tables session and message")
    return None


def log_files(names: Mapping[str, int]) -> list[str]:
    """Databases, then the files of sessions, of messages and of parts, each by name."""
    found = [name for name in names if (is_record_file(name) or _is_database(name)) and not sidecar(name)]

    def order(name: str) -> tuple[int, str]:
        parts = PurePosixPath(name).parts
        rank = next((_FOLDERS.index(part) for part in reversed(parts[:-1]) if part in _FOLDERS), -1)
        return rank, name

    return sorted(found, key=order)


def sidecar(name: str) -> bool:
    """Records that hold no conversation, and secrets."""
    path = PurePosixPath(name)
    if path.name in _SIDECARS or path.name.endswith((".db-wal", ".db-shm")):
        return True
    return bool(_OTHER_FOLDERS & set(path.parts[:-1])) and path.suffix == ".json"


def is_record_file(name: str) -> bool:
    """Whether a file is a record of the storage folder, by its place."""
    path = PurePosixPath(name)
    if path.suffix != ".json" or "__MACOSX" in path.parts or path.name.startswith("._"):
        return False
    return any(part in _FOLDERS for part in path.parts[:-1]) and not _OTHER_FOLDERS & set(path.parts[:-1])


def _is_database(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name.startswith("opencode") and path.suffix == ".db"
