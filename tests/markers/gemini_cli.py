"""Gemini CLI: a session as one object, and as lines with rewinds, beside that of a sub-agent."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks, json_lines

HAS_NO = {"artifact": "files are written by tools"}

_HEADER = {
    "sessionId": "s1",
    "projectHash": "p",
    "startTime": "2026-01-01T00:00:00Z",
    "lastUpdated": "2026-01-01T00:00:00Z",
}


def exports() -> list[Export]:
    return [_object(), _lines()]


def _object() -> Export:
    marks = Marks("gemini-cli-json")
    session = {**_HEADER, "summary": marks.title(), "messages": _messages(marks)}
    return Export("gemini-cli-json", {"session-1.json": session}, marks, ("gemini_cli-json",))


def _lines() -> Export:
    """The first prompt is taken back; a checkpoint repeats what is shown."""
    marks = Marks("gemini-cli-jsonl")
    gone, away, agent = marks.of("human", active=False), marks.of("model", active=False), marks.of("model")
    lines = [
        _HEADER,
        _said("g1", "user", gone("branch")),
        _said("g2", "gemini", away("branch")),
        {"$rewindTo": "g1"},
        *_messages(marks),
        {"$set": {"summary": marks.title()}},
    ]
    of_agent = [{**_HEADER, "sessionId": "s2", "kind": "subagent"}, _said("x1", "user", agent("main"))]
    files = {"chats/session-1.jsonl": json_lines(lines), "chats/s1/s2.jsonl": json_lines(of_agent)}
    return Export("gemini-cli-jsonl", files, marks, ("gemini_cli-jsonl",), folder=True)


def _said(name: str, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "timestamp": "2026-01-01T00:00:00Z", "type": kind, "content": content, **more}


def _messages(marks: Marks) -> list[dict[str, Any]]:
    asked, answer, client = marks.of("human"), marks.of("model"), marks.of("client_injected")
    hidden = marks.of("client_injected", visible=False)
    typed = asked("main")
    file = {"fileData": {"fileUri": "files/1", "displayName": asked.file(), "mimeType": "text/plain"}}
    sent = [{"text": f"{typed} {asked('hidden', 'text', 'payload')}"}, file]
    response = {"functionResponse": {"name": "read", "response": {"output": answer("result", "tool_result")}}}
    call = {
        "id": "c1",
        "name": "read",
        "args": {"path": answer("tool call", "tool_call")},
        "status": "success",
        "result": [response],
        "resultDisplay": answer("result", "tool_result", "payload"),
        "description": answer("tool call", "tool_call", "payload"),
    }
    thought = {"subject": answer("thinking", "thinking"), "description": answer("thinking", "thinking")}
    return [
        _said("m0", "user", f"<session_context>{client('hidden')}</session_context>"),
        _said("m1", "user", sent, displayContent=[{"text": typed}]),
        _said("m2", "gemini", answer("main"), thoughts=[thought], toolCalls=[call], model="gemini-3"),
        _said("m3", "info", client("main")),
        _said("m4", "error", client("error", "error")),
        _said("m5", "of_tomorrow", hidden("hidden", "raw", "payload")),
        _said("m6", "gemini", [{"text": answer("main")}, {"text": answer("thinking", "thinking"), "thought": True}]),
    ]
