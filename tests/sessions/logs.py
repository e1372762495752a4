"""Small session files as the agents write them, and readings."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from moonshine_assets.sessions.usage.reading import Doubt, Reading

NOW = 1_800_000_000
SESSION = "33333333-3333-4333-8333-333333333333"
OTHER = "44444444-4444-4444-8444-444444444444"
ISO = "2027-01-15T07:00:00.000Z"


def reading(ratio: float | None, *, at: int = NOW, **more: Any) -> Reading:
    """A reading of that share of a window of 100 000 tokens; None: nothing is known."""
    used = None if ratio is None else round(ratio * 100_000)
    told: dict[str, Any] = {
        "provider": "codex",
        "session_id": SESSION,
        "source_path": "rollout.jsonl",
        "used_tokens": used,
        "window_tokens": 100_000,
        "own_compaction_at": None,
        "updated_at_epoch_secs": at,
        "captured_at_epoch_secs": at,
        "doubts": (Doubt.NO_USAGE,) if used is None else (),
        **more,
    }
    return Reading(**told)


def write(path: Path, records: Iterable[dict[str, Any] | str], *, changed: int = NOW - 10) -> Path:
    """A JSON Lines file; a text is a line as it stands, without a line break."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record) + "\n" for record in records]
    path.write_text("".join(lines), "utf-8")
    os.utime(path, (changed, changed))
    return path


def claude_answer(tokens: int, own: str = "msg_1", model: str = "claude-sonnet-4-6", **more: Any) -> dict[str, Any]:
    """A line of an answer after which the context holds that many tokens."""
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": tokens - 205,
        "output_tokens": 100,
    }
    message = {"id": own, "role": "assistant", "model": model, "content": [], "usage": usage}
    return {
        "type": "assistant",
        "uuid": f"line-{own}",
        "sessionId": SESSION,
        "timestamp": ISO,
        "message": message,
    } | more


def claude_compaction(own: str, **told: Any) -> dict[str, Any]:
    metadata = {"trigger": "auto", "preTokens": 177_500, **told}
    return {
        "type": "system",
        "subtype": "compact_boundary",
        "uuid": own,
        "sessionId": SESSION,
        "compactMetadata": metadata,
    }


def codex_count(tokens: int, window: int | None = 258_400, life: int = 900_000) -> dict[str, Any]:
    info = {
        "total_token_usage": {"total_tokens": life},
        "last_token_usage": {"input_tokens": tokens - 50, "output_tokens": 50, "total_tokens": tokens},
        "model_context_window": window,
    }
    return {"timestamp": ISO, "type": "event_msg", "payload": {"type": "token_count", "info": info}}


def codex_line(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": ISO, "type": kind, "payload": payload}


def openclaw_row(total: int | None, **more: Any) -> dict[str, Any]:
    """A row of the session index."""
    row = {
        "key": "agent:main:main",
        "sessionId": SESSION,
        "updatedAt": (NOW - 10) * 1000,
        "totalTokens": total,
        "totalTokensFresh": True,
        "contextTokens": 200_000,
        "model": "some-model",
        **more,
    }
    return {key: value for key, value in row.items() if value is not None}


def openclaw_answer(prompt: int, **more: Any) -> dict[str, Any]:
    usage = {"input": prompt, "output": 90, "cacheRead": 0, "cacheWrite": 0, "totalTokens": prompt + 90}
    message = {"role": "assistant", "provider": "some", "content": [], "usage": usage, **more}
    return {"type": "message", "id": "a", "parentId": None, "timestamp": ISO, "message": message}


def openclaw_store(path: Path, rows: list[dict[str, Any]], entries: dict[str, list[dict[str, Any]]]) -> Path:
    """A store; every other entry is packed, as larger ones are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode=WAL;"
        "CREATE TABLE session_nodes (session_key TEXT, current_session_id TEXT, entry_json TEXT);"
        "CREATE TABLE session_windows (session_id TEXT, session_key TEXT, previous_session_id TEXT);"
        "CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT, event_zstd BLOB);"
    )
    for row in rows:
        entry = {key: value for key, value in row.items() if key != "key"}
        connection.execute(
            "INSERT INTO session_nodes VALUES (?, ?, ?)", (row["key"], row["sessionId"], json.dumps(entry))
        )
    for session_id, events in entries.items():
        for number, event in enumerate(events):
            raw = json.dumps(event).encode()
            plain, packed = (raw.decode(), None) if number % 2 else (None, zstd(raw))
            connection.execute("INSERT INTO transcript_events VALUES (?, ?, ?, ?)", (session_id, number, plain, packed))
    connection.commit()
    connection.close()
    return path


def zstd(raw: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(raw)
    return sink.getvalue().to_pybytes()


def live(provider: str, path: Path, session_id: str = SESSION, **more: Any) -> Reading:
    """A reading that says where a session is."""
    return reading(0.8, provider=provider, session_id=session_id, source_path=str(path), **more)


def claude_said(number: int, text: str, role: str = "user", **more: Any) -> dict[str, Any]:
    """A line of Claude Code in which a person or the model says something."""
    message: dict[str, Any] = {"role": role, "content": text}
    if role == "assistant":
        content = [{"type": "text", "text": text}]
        message = {"id": f"msg_{number}", "role": role, "model": "claude-sonnet-4-6", "content": content}
    return {
        "type": role,
        "uuid": f"uuid-{number}",
        "parentUuid": f"uuid-{number - 1}" if number else None,
        "sessionId": SESSION,
        "timestamp": clock_time(number),
        "message": message,
    } | more


def claude_call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": arguments}
    line = claude_said(number, "", "assistant")
    return line | {"message": line["message"] | {"content": [block]}}


def claude_result(number: int, call: int, text: str) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": f"toolu_{call}", "content": text}
    return claude_said(number, "") | {"message": {"role": "user", "content": [block]}}


def openclaw_said(number: int, text: str, role: str = "user") -> dict[str, Any]:
    message = {"role": role, "content": [{"type": "text", "text": text}], "model": "some-model"}
    above = f"entry-{number - 1}" if number else None
    return {
        "type": "message",
        "id": f"entry-{number}",
        "parentId": above,
        "timestamp": clock_time(number),
        "message": message,
    }


def codex_said(number: int, text: str, role: str = "user") -> dict[str, Any]:
    kind = "input_text" if role == "user" else "output_text"
    payload = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
    return {"timestamp": clock_time(number), "type": "response_item", "payload": payload}


def clock_time(number: int) -> str:
    """A second after the other from 2027-01-15 05:00 UTC on."""
    return f"2027-01-15T{5 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
