"""Le Chat: a zip with a list of messages for every chat, and the chat's files beside it."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"hidden": "what the model was told besides is not exported"}


def exports() -> list[Export]:
    """A second version of the answer makes the first one a branch."""
    marks = Marks("lechat")
    asked, answer, away = marks.of("human"), marks.of("model"), marks.of("model", active=False)
    upload = asked.file()
    messages = [
        _message(
            "asked",
            "user",
            1,
            content=asked("main"),
            files=[{"type": "text/plain", "name": upload}],
            quotes=[{"text": asked("citation", "citation")}],
        ),
        _message("again", "assistant", 2, content=away("branch")),
        _message(
            "answer",
            "assistant",
            3,
            version=1,
            **_said(answer),
            reaction="like",
            reactionComment=marks.feedback(),
            reactionDetail=marks.feedback(),
        ),
    ]
    files: dict[str, Any] = {"chat-11111111.json": messages, f"chat-11111111-files/{upload}": "abc"}
    return [Export("lechat", files, marks, ("lechat",))]


def _message(name: str, role: str, second: int, **more: Any) -> dict[str, Any]:
    given = {"version": 0, "content": "", "contentChunks": None, **more}
    return {"id": name, "chatId": "11111111", "role": role, "createdAt": f"2026-01-01T00:00:0{second}Z", **given}


def _said(answer: Any) -> dict[str, Any]:
    call = {
        "type": "tool_call",
        "name": "web_search",
        "publicArguments": json.dumps({"q": answer("tool call", "tool_call")}),
        "publicResult": answer("result", "tool_result"),
        "isDone": True,
        "success": True,
    }
    return {
        "contentChunks": [
            {"type": "thinking", "thinking": [{"type": "text", "text": answer("thinking", "thinking")}]},
            call,
            {"type": "text", "text": answer("main")},
            {"type": "reference", "referenceIds": [1], "title": answer("citation", "citation", "payload")},
            {"type": "image_url", "imageUrl": f"https://a.example/{answer('main', 'image', 'payload')}"},
            {"type": "file_reference", "name": answer("attachment", "file", "payload")},
            {"type": "custom_element", "text": answer("main", "raw")},
        ],
        "canvas": [{"title": answer("artifact", "artifact", "payload"), "content": answer("artifact", "artifact")}],
        "context": {"text": answer("main", "raw")},
        "ofTomorrow": {"of": answer("main", "raw", "payload")},
    }
