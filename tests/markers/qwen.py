"""Qwen: answers in phases, and older ones in plain text."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks
from markers.openwebui import chat, tagged_text

HAS_NO = {"artifact": "pages an answer makes stand in its text"}


def exports() -> list[Export]:
    made = []
    for shape in ("qwen-phases", "qwen-plain"):
        marks = Marks(shape)
        answer, hidden = marks.of("model"), marks.of("client_injected", visible=False)
        said = _phases(answer) if shape == "qwen-phases" else _plain(answer)
        said["annotation"] = {"rating": -1, "reason": marks.feedback(), "comment": marks.feedback()}
        config = {"feature_config": {"thinking_enabled": True, "instructions": hidden("hidden")}}
        talk = {**chat(marks, said, config), "chat_type": "t2t"}
        files: dict[str, Any] = {"chat-export-1.json": [talk]}
        if shape == "qwen-plain":
            files = {"saved.json": {"success": True, "data": [talk]}}
        made.append(Export(shape, files, marks, (shape,)))
    return made


def _phases(answer: Any) -> dict[str, Any]:
    pages = [
        {
            "title": answer("result", "tool_result"),
            "snippet": answer("result", "tool_result"),
            "url": "https://a.example",
        }
    ]
    summary = {
        "summary_title": {"content": [answer("thinking", "thinking")]},
        "summary_thought": {"content": [answer("thinking", "thinking")]},
    }
    listed = [
        {"phase": "think", "content": answer("thinking", "thinking"), "status": "finished"},
        {"phase": "thinking_summary", "content": "", "extra": summary},
        {
            "phase": "web_search",
            "content": answer("result", "tool_result"),
            "function_call": {"name": "search", "arguments": json.dumps({"q": answer("tool call", "tool_call")})},
            "extra": {
                "web_search_info": pages,
                "tool_result": {"docs": [{"content": answer("result", "tool_result")}]},
            },
        },
        {"phase": "code_interpreter", "content": answer("result", "tool_result")},
        {"phase": "image_gen", "content": f"https://a.example/{answer('main', 'image', 'payload')}.png"},
        {"phase": "of_tomorrow", "content": answer("main", "raw")},
        {
            "phase": "answer",
            "content": answer("main"),
            "status": "finished",
            "extra": {"of": answer("main", "raw", "payload")},
        },
    ]
    return {"content": "", "content_list": listed, "sub_chat_type": "t2t", **_failed(answer)}


def _plain(answer: Any) -> dict[str, Any]:
    return {
        "content": tagged_text(answer),
        "reasoning_content": answer("thinking", "thinking"),
        "sub_chat_type": "t2t",
        **_failed(answer),
    }


def _failed(answer: Any) -> dict[str, Any]:
    return {"error": {"details": answer("error", "error")}}
