"""opencode: databases of both generations, the storage folder, an exported session and a recorded run."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from markers.marks import Export, Marks, json_lines

HAS_NO = {"artifact": "files are written by tools"}

_SESSION = "ses_1"


def exports() -> list[Export]:
    return [_first_database(), _second_database(), _folder(), _exported(), _run()]


def _messages(marks: Marks) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The messages of a session with their parts; what comes after a revert is no longer shown."""
    asked, answer = marks.of("human"), marks.of("model")
    gone, away = marks.of("human", active=False), marks.of("model", active=False)
    summary = marks.of("model", visible=False)
    file = {"type": "file", "filename": asked.file(), "mime": "text/plain", "url": "file:///a"}
    prompt = [
        {"type": "text", "text": asked("main")},
        {"type": "text", "text": asked("hidden", "raw", "payload"), "synthetic": True},
        {**file, "source": {"content": asked("attachment", "file")}},
    ]
    call = {
        "type": "tool",
        "tool": "bash",
        "callID": "c",
        "state": {
            "status": "completed",
            "input": {"command": answer("tool call", "tool_call")},
            "output": answer("result", "tool_result"),
            "title": answer("result", "tool_result", "payload"),
            "metadata": {"of": answer("result", "tool_result", "payload")},
        },
    }
    failed = {**call, "callID": "d", "state": {"status": "error", "input": {}, "error": answer("error", "tool_result")}}
    said = [
        {"type": "step-start"},
        {"type": "reasoning", "text": answer("thinking", "thinking")},
        {"type": "text", "text": answer("main")},
        call,
        failed,
        {"type": "subtask", "prompt": answer("tool call", "raw"), "agent": "x"},
        {"type": "patch", "files": [answer("tool call", "raw", "payload")]},
    ]
    error = {"name": "ProviderError", "data": {"message": answer("error", "error")}}
    return [
        (_info(1, "user"), prompt),
        (_info(2, "assistant", modelID="m", error=error), said),
        (_info(3, "assistant", summary=True), [{"type": "text", "text": summary("hidden")}]),
        (_info(4, "user"), [{"type": "text", "text": gone("branch")}]),
        (_info(5, "assistant"), [{"type": "text", "text": away("branch")}]),
    ]


def _info(rank: int, role: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{rank}",
        "sessionID": _SESSION,
        "role": role,
        "time": {"created": 1_760_000_000_000 + rank},
        **more,
    }


def _session(marks: Marks) -> dict[str, Any]:
    return {
        "id": _SESSION,
        "projectID": "p",
        "directory": "/home/sam",
        "title": marks.title(),
        "time": {"created": 1_760_000_000_000, "updated": 1_760_000_000_009},
        "revert": {"messageID": "msg_4"},
    }


def _parts(name: str, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": f"prt_{name}_{rank}", "messageID": name, "sessionID": _SESSION, **part}
        for rank, part in enumerate(parts)
    ]


def _folder() -> Export:
    marks = Marks("opencode-files")
    files: dict[str, Any] = {f"session/p/{_SESSION}.json": _session(marks), "migration": "2"}
    for info, parts in _messages(marks):
        files[f"message/{_SESSION}/{info['id']}.json"] = info
        for part in _parts(info["id"], parts):
            files[f"part/{info['id']}/{part['id']}.json"] = part
    return Export("opencode-files", files, marks, ("opencode-files",), folder=True)


def _exported() -> Export:
    marks = Marks("opencode-export")
    listed = [{"info": info, "parts": _parts(info["id"], parts)} for info, parts in _messages(marks)]
    whole = {"info": _session(marks), "messages": listed}
    return Export("opencode-export", {"session.json": whole}, marks, ("opencode-export",))


def _run() -> Export:
    """A run tells of the parts of answers alone."""
    marks = Marks("opencode-run")
    answer = marks.of("model")
    state = {
        "status": "completed",
        "input": {"q": answer("tool call", "tool_call")},
        "output": answer("result", "tool_result"),
    }
    parts = [
        {"type": "reasoning", "text": answer("thinking", "thinking")},
        {"type": "text", "text": answer("main")},
        {"type": "tool", "tool": "bash", "callID": "c", "state": state},
    ]
    lines = [{"type": "part", "timestamp": 1, "sessionID": _SESSION, "part": part} for part in _parts("msg_1", parts)]
    return Export("opencode-run", {"run.jsonl": json_lines(lines)}, marks, ("opencode-run",))


def _first_database() -> Export:
    marks = Marks("opencode-db-1")
    session = _session(marks)
    messages, parts = [], []
    for info, own in _messages(marks):
        messages.append((info["id"], _SESSION, json.dumps(info)))
        parts += [(part["id"], info["id"], _SESSION, json.dumps(part)) for part in _parts(info["id"], own)]
    row = (_SESSION, session["title"], session["directory"], 1, 2, json.dumps(session["revert"]))
    data = _database(
        {
            "session (id, title, directory, time_created, time_updated, revert)": [row],
            "message (id, session_id, data)": messages,
            "part (id, message_id, session_id, data)": parts,
        }
    )
    return Export("opencode-db-1", {"opencode.db": data}, marks, ("opencode-db-1",))


def _second_database() -> Export:
    """A message holds its parts itself."""
    marks = Marks("opencode-db-2")
    asked, answer, hidden = marks.of("human"), marks.of("model"), marks.of("client_injected", visible=False)
    content = [
        {"type": "reasoning", "text": answer("thinking", "thinking")},
        {"type": "text", "text": answer("main")},
        {
            "type": "tool",
            "id": "c",
            "name": "bash",
            "state": {
                "status": "completed",
                "input": {"command": answer("tool call", "tool_call")},
                "content": [{"type": "text", "text": answer("result", "tool_result")}],
            },
        },
    ]
    listed: list[tuple[str, dict[str, Any]]] = [
        ("user", {"text": asked("main"), "files": [{"name": asked.file(), "mime": "text/plain", "uri": "file:///a"}]}),
        ("assistant", {"content": content, "model": {"id": "m"}}),
        ("synthetic", {"text": hidden("hidden")}),
        ("compaction", {"summary": hidden("hidden")}),
        ("of-tomorrow", {"text": hidden("hidden")}),
    ]
    rows = [(f"msg_{rank}", _SESSION, kind, rank, json.dumps(data)) for rank, (kind, data) in enumerate(listed, 1)]
    data = _database(
        {
            "session_v2 (id, title, time_created)": [(_SESSION, marks.title(), 1)],
            "session_message (id, session_id, type, seq, data)": rows,
        }
    )
    return Export("opencode-db-2", {"opencode.db": data}, marks, ("opencode-db-2",))


def _database(tables: dict[str, list[tuple[Any, ...]]]) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "made"
        connection = sqlite3.connect(path)
        for table, rows in tables.items():
            connection.execute(f"CREATE TABLE {table}")
            for row in rows:
                connection.execute(f"INSERT INTO {table.partition(' ')[0]} VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
        connection.close()
        return path.read_bytes()
