"""OpenClaw: sessions of a state directory with an index, sessions that lost their header, and the SQLite store."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from markers.marks import Export, Marks, Speaker, json_lines

HAS_NO = {"artifact": "files are written by tools"}

SESSION = "11111111-1111-4111-8111-111111111111"
_AGENT = "22222222-2222-4222-8222-222222222222"


def exports() -> list[Export]:
    return [_folder(), _headerless(), _store()]


def entry(own: str, parent: str | None, kind: str = "message", **more: Any) -> dict[str, Any]:
    """A line of the tree."""
    return {"type": kind, "id": own, "parentId": parent, "timestamp": "2026-03-09T07:38:00.000Z", **more}


def entries(marks: Marks, *, gateway: bool) -> list[dict[str, Any]]:
    """A session without its header: what was typed in its wrapping, an answer with a call, a branch, and what the
    gateway of OpenClaw adds."""
    asked, answer, tool = marks.of("human"), marks.of("model"), marks.of("tool")
    hidden, away = marks.of("client_injected", visible=False), marks.of("model", active=False)
    sender = f'Sender (untrusted metadata): ```json\n{{"name": "{asked("hidden", "text", "payload")}"}}\n```\n\n'
    said = [
        {"type": "thinking", "thinking": answer("thinking", "thinking")},
        {"type": "text", "text": answer("main")},
        {"type": "toolCall", "id": "call", "name": "exec", "arguments": {"command": answer("tool call", "tool_call")}},
    ]
    result = {
        "role": "toolResult",
        "toolCallId": "call",
        "toolName": "exec",
        "content": [{"type": "text", "text": tool("result", "tool_result")}],
        "details": {"of": tool("result", "tool_result", "payload")},
    }
    prompt = f"{sender}[Mon 2026-03-09 15:38 GMT+8] {asked('main')}"
    picture = {"type": "image", "data": "abc", "mimeType": "image/png", "name": asked("attachment", "image", "payload")}
    failed = {"role": "assistant", "content": [], "stopReason": "error", "errorMessage": answer("error", "error")}
    lines = [
        entry("p1", None, message={"role": "user", "content": [_text(prompt), picture]}),
        entry("a0", "p1", message={"role": "assistant", "content": [_text(away("branch"))]}),
        entry("a1", "p1", message={"role": "assistant", "model": "m", "content": said}),
        entry("r1", "a1", message=result),
        entry("k1", "r1", "compaction", summary=hidden("hidden"), firstKeptEntryId="a1"),
        entry("b1", "k1", "branch_summary", fromId="a0", summary=hidden("hidden")),
        entry("c3", "b1", message={"role": "compactionSummary", "summary": hidden("hidden")}),
        entry("f1", "c3", message=failed),
        entry("u1", "f1", "of_tomorrow", text=hidden("hidden", "raw", "payload")),
    ]
    if gateway:
        echo = {"role": "assistant", "provider": "openclaw", "model": "delivery-mirror", "content": hidden("hidden")}
        context = {"customType": "openclaw.runtime-context", "content": hidden("hidden"), "display": False}
        problem = {"customType": "openclaw:prompt-error", "data": {"error": hidden("error", "raw", "payload")}}
        lines.append(entry("c1", "u1", "custom_message", **context))
        lines.append(entry("c2", "c1", "custom", **problem))
        lines.append(entry("m1", "c2", message=echo))
    lines.append(entry("a2", lines[-1]["id"], message={"role": "assistant", "content": [_text(answer("main"))]}))
    return lines


def shell(client: Speaker) -> dict[str, Any]:
    """A command that the person ran beside the talk."""
    return {"role": "bashExecution", "command": client("tool call", "code"), "output": client("result")}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _header(session: str) -> dict[str, Any]:
    return {"type": "session", "version": 3, "id": session, "timestamp": "2026-03-09T07:38:00.000Z", "cwd": "/home/sam"}


def _folder() -> Export:
    marks = Marks("openclaw-folder")
    agent = marks.of("model")
    index = {
        "agent:main:main": {"sessionId": SESSION},
        "agent:main:subagent:x": {"sessionId": _AGENT, "spawnedBy": "agent:main:main", "label": marks.title()},
    }
    of_agent = [_header(_AGENT), entry("g1", None, message={"role": "user", "content": agent("main")})]
    folder = "agents/main/sessions"
    files = {
        f"{folder}/sessions.json": index,
        f"{folder}/{SESSION}.jsonl": json_lines([_header(SESSION), *entries(marks, gateway=True)]),
        f"{folder}/{_AGENT}.jsonl": json_lines(of_agent),
        f"{folder}/{SESSION}.trajectory.jsonl": json_lines([{"traceSchema": "openclaw-trajectory"}]),
    }
    return Export("openclaw-folder", files, marks, ("openclaw-v3",), folder=True)


def _headerless() -> Export:
    marks = Marks("openclaw-headerless")
    lines = json_lines(entries(marks, gateway=True))
    return Export("openclaw-headerless", {f"{SESSION}.jsonl": lines}, marks, ("openclaw-headerless",))


def _store() -> Export:
    """The rows of the tables that hold entries; the session has its header in them."""
    marks = Marks("openclaw-store")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "store"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT)")
        rows = [
            (SESSION, seq, json.dumps(line))
            for seq, line in enumerate([_header(SESSION), *entries(marks, gateway=True)])
        ]
        connection.executemany("INSERT INTO transcript_events VALUES (?, ?, ?)", rows)
        connection.commit()
        connection.close()
        data = path.read_bytes()
    return Export("openclaw-store", {"openclaw-agent.sqlite": data}, marks, ("openclaw-v3",))
