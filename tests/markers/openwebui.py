"""Open WebUI: chats with tags in their text or with typed items, bare chats, and evaluations."""

from __future__ import annotations

import html
import json
from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"artifact": "the client renders code of an answer, it keeps no documents"}


def exports() -> list[Export]:
    made = []
    for shape in ("openwebui-chat", "openwebui-output", "openwebui-bare", "openwebui-evaluation"):
        marks = Marks(shape)
        answer = marks.of("model")
        said = _typed(answer) if shape == "openwebui-output" else _tagged(answer)
        talk = chat(marks, said)
        whole: Any = [talk]
        if shape == "openwebui-bare":
            whole = talk["chat"]
        elif shape == "openwebui-evaluation":
            data = {"rating": 1, "reason": marks.feedback(), "comment": marks.feedback(), "tags": [marks.feedback()]}
            meta = {"message_id": "answer", "chat_id": "talk"}
            whole = [{"id": "e", "type": "rating", "data": data, "meta": meta, "snapshot": {"chat": talk}}]
        made.append(Export(shape, {"chat-export-1.json": whole}, marks, (shape,)))
    return made


def chat(marks: Marks, said: dict[str, Any], asked_more: dict[str, Any] | None = None) -> dict[str, Any]:
    """A chat of this container, whose answer is `said`: a prompt with a document, an edited prompt, another answer."""
    asked, hidden = marks.of("human"), marks.of("client_injected", visible=False)
    away, edited = marks.of("model", active=False), marks.of("human", active=False)
    document = {"type": "file", "name": asked.file(), "file": {"data": {"content": asked("attachment", "file")}}}
    messages = {
        "asked": _message("asked", None, "user", content=asked("main"), files=[document], **(asked_more or {})),
        "answer": _message("answer", "asked", "assistant", model="m", **said),
        "again": _message("again", "asked", "assistant", model="n", content=away("branch")),
        "edited": _message("edited", None, "user", content=edited("branch")),
        "last": _message("last", "answer", "user", content=asked("main")),
    }
    inner = {
        "title": marks.title(),
        "models": ["m"],
        "params": {"system": hidden("hidden")},
        "history": {"currentId": "last", "messages": messages},
        "messages": [],
        "files": [{"type": "file", "name": hidden.file(), "content": hidden("attachment", "file")}],
    }
    return {"id": "talk", "title": inner["title"], "chat": inner, "created_at": 1_760_000_000}


def _message(name: str, parent: str | None, role: str, **more: Any) -> dict[str, Any]:
    given = {"content": "", **more}
    return {"id": name, "parentId": parent, "childrenIds": [], "role": role, "timestamp": 1_760_000_000, **given}


def _beside(answer: Any) -> dict[str, Any]:
    return {
        "sources": [
            {
                "source": {"name": answer("citation", "citation", "payload")},
                "document": [answer("citation", "citation")],
            }
        ],
        "statusHistory": [{"description": answer("tool call", "raw", "payload")}],
        "followUps": [answer("main", "raw", "payload")],
        "error": {"content": answer("error", "error")},
        "originalContent": answer("main", "raw"),
        "merged": {"content": None},
    }


def tagged_text(answer: Any) -> str:
    """An answer with thinking, a call and code as tags."""
    arguments = html.escape(json.dumps({"q": answer("tool call", "tool_call")}))
    result = html.escape(json.dumps(answer("result", "tool_result")))
    return (
        f'<details type="reasoning" done="true">\n> {answer("thinking", "thinking")}\n</details>\n'
        f'<details type="tool_calls" done="true" id="c" name="search" arguments="{arguments}" result="{result}">\n'
        f"<summary>Done</summary>\n</details>\n"
        f'<details type="code_interpreter" done="true" output="{answer("result", "tool_result")}">\n'
        f"```python\nprint('{answer('tool call', 'tool_call')}')\n```\n</details>\n"
        f"{answer('main')}"
    )


def _tagged(answer: Any) -> dict[str, Any]:
    executed = {
        "id": "x",
        "code": answer("tool call", "tool_call"),
        "result": {"output": answer("result", "tool_result")},
    }
    return {
        "content": tagged_text(answer),
        "reasoning_content": answer("thinking", "thinking"),
        "code_executions": [executed],
        **_beside(answer),
    }


def _typed(answer: Any) -> dict[str, Any]:
    items = [
        {"type": "reasoning", "content": [{"type": "output_text", "text": answer("thinking", "thinking")}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": answer("thinking", "thinking")}]},
        {
            "type": "function_call",
            "call_id": "c",
            "name": "search",
            "arguments": json.dumps({"q": answer("tool call", "tool_call")}),
        },
        {
            "type": "function_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": answer("result", "tool_result")}],
        },
        {"type": "web_search_call", "action": {"query": answer("tool call", "tool_call")}},
        {
            "type": "open_webui:code_interpreter",
            "code": answer("tool call", "tool_call"),
            "output": {"stdout": answer("result", "tool_result")},
        },
        {"type": "of_tomorrow", "text": answer("main", "raw")},
        {"type": "message", "content": [{"type": "output_text", "text": answer("main")}]},
    ]
    return {"content": "", "output": items, **_beside(answer)}
