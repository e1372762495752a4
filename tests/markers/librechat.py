"""LibreChat: conversations with a flat list of messages, and with every answer nested in its question."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"artifact": "pages an answer makes stand in its text"}

_ROOT = "00000000-0000-0000-0000-000000000000"


def exports() -> list[Export]:
    return [_export("librechat-flat"), _export("librechat-nested")]


def _export(shape: str) -> Export:
    """The newest leaf is the one shown."""
    marks = Marks(shape)
    hidden, asked, answer = marks.of("client_injected", visible=False), marks.of("human"), marks.of("model")
    away, edited = marks.of("model", active=False), marks.of("human", active=False)
    upload = {
        "file_id": "f",
        "filename": asked.file(),
        "type": "text/plain",
        "bytes": 3,
        "text": asked("attachment", "file"),
    }
    rated = {"rating": "thumbsDown", "tag": marks.feedback(), "text": marks.feedback()}
    messages = [
        _message("asked", _ROOT, True, 1, text=asked("main"), files=[upload]),
        _message("again", "asked", False, 2, text=away("branch")),
        _message("edited", _ROOT, True, 3, text=edited("branch")),
        _message("answer", "asked", False, 4, content=_parts(answer), attachments=_left(answer), feedback=rated),
        _message(
            "old",
            "answer",
            False,
            5,
            text=f":::thinking\n{answer('thinking', 'thinking')}\n:::\n{answer('main')}",
            **_plugin(answer),
        ),
        _message("failed", "old", False, 6, text=answer("error", "error"), error=True),
    ]
    talk = {
        "conversationId": "talk",
        "endpoint": "openAI",
        "title": marks.title(),
        "options": {"model": "m", "promptPrefix": hidden("hidden"), "system": hidden("hidden")},
        "recursive": shape == "librechat-nested",
        "messages": _nested(messages) if shape == "librechat-nested" else messages,
    }
    return Export(shape, {"talk.json": talk}, marks, (shape,))


def _message(name: str, parent: str, asks: bool, second: int, **more: Any) -> dict[str, Any]:
    return {
        "messageId": name,
        "parentMessageId": parent,
        "isCreatedByUser": asks,
        "sender": "User" if asks else "GPT",
        "createdAt": f"2025-01-01T00:00:0{second}Z",
        "text": "",
        **more,
    }


def _nested(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = {message["messageId"]: {**message, "children": []} for message in messages}
    for message in by_id.values():
        if message["parentMessageId"] in by_id:
            by_id[message["parentMessageId"]]["children"].append(message)
    return [message for message in by_id.values() if message["parentMessageId"] == _ROOT]


def _parts(answer: Any) -> list[dict[str, Any]]:
    call = {
        "id": "c",
        "name": "search",
        "args": json.dumps({"q": answer("tool call", "tool_call")}),
        "output": answer("result", "tool_result"),
    }
    code = {
        "type": "code_interpreter",
        "code_interpreter": {
            "input": answer("tool call", "tool_call"),
            "outputs": [{"type": "logs", "logs": answer("result", "tool_result")}],
        },
    }
    return [
        {"type": "think", "think": answer("thinking", "thinking")},
        {"type": "tool_call", "tool_call": call},
        {"type": "tool_call", "tool_call": code},
        {"type": "image_file", "image_file": {"file_id": "i", "filename": answer.file()}},
        {"type": "error", "error": answer("error", "error")},
        {"type": "of_tomorrow", "text": answer("main", "raw")},
        {
            "type": "text",
            "text": {"value": answer("main"), "annotations": [{"text": answer("citation", "raw", "payload")}]},
        },
    ]


def _left(answer: Any) -> list[dict[str, Any]]:
    found = {"organic": [{"title": answer("citation", "citation"), "link": "https://a.example"}]}
    return [
        {"type": "web_search", "web_search": found},
        {"file_id": "g", "filename": answer.file(), "type": "image/png"},
    ]


def _plugin(answer: Any) -> dict[str, Any]:
    step = {
        "plugin": "search",
        "thought": answer("thinking", "thinking"),
        "input": answer("tool call", "tool_call"),
        "outputStr": answer("result", "tool_result"),
    }
    return {"plugin": {"latest": "search", "inputs": [step], "outputs": answer("result", "tool_result")}}
