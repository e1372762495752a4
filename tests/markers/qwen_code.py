"""Qwen Code: a session with a rewind, with and without a version."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks, json_lines

HAS_NO = {"artifact": "files are written by tools"}

_SESSION = "11111111-1111-4111-8111-111111111111"


def exports() -> list[Export]:
    return [_export("qwen_code-0.9"), _export("qwen_code")]


def _export(shape: str) -> Export:
    marks = Marks(shape)
    asked, answer, tool = marks.of("human"), marks.of("model"), marks.of("tool")
    gone, away = marks.of("human", active=False), marks.of("model", active=False)
    hidden = marks.of("client_injected", visible=False)
    reminder = asked("hidden", "text", "payload")
    prompt = [
        {"text": f"{asked('main')}<system-reminder>{reminder}</system-reminder>"},
        {"fileData": {"fileUri": "f", "displayName": asked.file(), "mimeType": "text/plain"}},
    ]
    said = [
        {"text": answer("thinking", "thinking"), "thought": True},
        {"text": answer("main")},
        {"functionCall": {"id": "c", "name": "read", "args": {"path": answer("tool call", "tool_call")}}},
    ]
    response = {"id": "c", "name": "read", "response": {"output": tool("result", "tool_result")}}
    told = {"callId": "c", "status": "success", "resultDisplay": tool("result", "tool_result", "payload")}
    summary = {"summary": hidden("hidden")}
    command = {"rawCommand": hidden("hidden"), "outputHistoryItems": [{"text": hidden("hidden", "text", "payload")}]}
    records = [
        _record("p0", None, "user", parts=[{"text": gone("branch")}]),
        _record("a0", "p0", "assistant", parts=[{"text": away("branch")}]),
        _record("p1", None, "user", parts=prompt),
        _record("a1", "p1", "assistant", parts=said, model="qwen3"),
        _record("r1", "a1", "tool_result", parts=[{"functionResponse": response}], toolCallResult=told),
        _record("n1", "r1", "system", subtype="chat_compression", systemPayload=summary),
        _record("n2", "n1", "system", subtype="slash_command", systemPayload=command),
        _record("n3", "n2", "system", subtype="custom_title", systemPayload={"customTitle": marks.title()}),
        _record("u1", "n3", "of_tomorrow", text=hidden("hidden", "raw", "payload")),
        _record("a2", "u1", "assistant", parts=[{"text": answer("main")}]),
    ]
    if shape == "qwen_code":
        for record in records:
            del record["version"]
    return Export(shape, {f"{_SESSION}.jsonl": json_lines(records)}, marks, (shape,))


def _record(name: str, parent: str | None, kind: str, parts: Any = None, **more: Any) -> dict[str, Any]:
    record = {
        "uuid": name,
        "parentUuid": parent,
        "sessionId": _SESSION,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "type": kind,
        "version": "0.9.1",
        **more,
    }
    if parts is not None:
        record["message"] = {"role": "model" if kind == "assistant" else "user", "parts": parts}
    return record
