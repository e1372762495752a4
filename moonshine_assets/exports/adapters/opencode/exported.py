"""What opencode writes for others: `opencode export` (one object a session) and `run --format json` (lines)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.opencode.session import Stored, conversation
from moonshine_assets.exports.decode import compact_json, decode
from moonshine_assets.exports.fields import ident, mapping
from moonshine_assets.exports.lines import Line, lines
from moonshine_assets.exports.records import BadNode, LogConversation


def read_exported(name: str, data: bytes) -> Iterator[LogConversation]:
    """The session of an exported file, or the sessions that the lines of a run tell of."""
    found = list(lines(data))
    if any("part" in (line.value or {}) for line in found):
        yield from _runs(name, data, found)
        return
    try:
        value, _ = decode(data, Any)
        stored = _session(name, mapping(value))
        yield LogConversation(conversation(stored), None, {name: len(data)}, data)
    except Unreadable as error:
        yield LogConversation(None, error.what, {name: len(data)}, data)
    except RecursionError:
        yield LogConversation(None, "the JSON is nested too deeply", {name: len(data)}, data)


def _session(name: str, value: dict[str, Any]) -> Stored:
    listed = value.get("messages")
    if not isinstance(listed, list):
        raise Unreadable("an exported session must have a list of messages")
    info = mapping(value.get("info"))
    messages: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    bad: list[BadNode] = []
    for rank, item in enumerate(listed):
        if not isinstance(item, dict):
            bad.append(BadNode(None, "a message must be a JSON object", compact_json(item).encode()))
            continue
        stated = item.get("info")
        said = stated if isinstance(stated, dict) else {"info": stated} if stated else {}
        message = {**said, "id": ident(said.get("id")) or f"message-{rank}"}
        messages.append(message)
        listed_parts = item.get("parts")
        for part in listed_parts if isinstance(listed_parts, list) else [listed_parts] if listed_parts else []:
            parts.append({**(part if isinstance(part, dict) else {"value": part}), "messageID": message["id"]})
    session_id = ident(info.get("id")) or PurePosixPath(name).stem
    return Stored(session_id, info, messages, parts, bad, "opencode-export")


def _runs(name: str, data: bytes, found: list[Line]) -> Iterator[LogConversation]:
    """A run's lines: a part each, of messages that are not given themselves."""
    sessions: dict[str, list[dict[str, Any]]] = {}
    bad = [line.bad_node(data) for line in found if line.value is None]
    sizes: dict[str, int] = {}
    for number, line in enumerate(found):
        if line.value is None:
            continue
        part = mapping(line.value.get("part"))
        session_id = ident(line.value.get("sessionID")) or ident(part.get("sessionID")) or PurePosixPath(name).stem
        told = (
            {"time": {"start": line.value.get("timestamp")}, **part}
            if part
            else {**line.value, "messageID": f"line-{number}"}
        )
        sessions.setdefault(session_id, []).append(told)
        sizes[session_id] = sizes.get(session_id, 0) + line.end - line.start + 1
    first = next(iter(sessions))
    sizes[first] = len(data) - sum(size for session_id, size in sizes.items() if session_id != first)
    for session_id, parts in sessions.items():
        groups = len({ident(part.get("messageID")) or "" for part in parts})
        own_bad = bad if session_id == first else []
        stored = Stored(session_id, {}, [], parts, own_bad, "opencode-run", copies=len(parts) - groups)
        try:
            yield LogConversation(conversation(stored), None, {name: sizes[session_id]}, data)
        except RecursionError:
            yield LogConversation(None, "the JSON is nested too deeply", {name: sizes[session_id]}, data)
