"""Claude.ai: account exports of every generation, the API form, privacy requests and design chats."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"hidden": "every message of an export was shown"}

_ROOT = "00000000-0000-4000-8000-000000000000"
#: What tells a generation of the account export (adapters/claude/detect.py): keys of the conversation.
_GENERATIONS: dict[str, dict[str, Any]] = {
    "claude-2024": {},
    "claude-2025-09": {"summary": ""},
    "claude-2025-10": {"summary": ""},
    "claude-2026": {"summary": ""},
    "claude-api": {"model": "claude-opus", "current_leaf_message_uuid": "final"},
    "claude-privacy": {},
}


def exports() -> list[Export]:
    made = []
    for shape, keys in _GENERATIONS.items():
        marks = Marks(shape)
        listed = _messages(marks, shape)
        talk = {"uuid": "talk", "name": marks.title(), "account": {"uuid": "a"}, **keys}
        if shape == "claude-privacy":
            made.append(
                Export(shape, {"data.json": {"conversations": [{**talk, "messages": listed}]}}, marks, (shape,))
            )
            continue
        talk["chat_messages"] = listed
        if shape == "claude-api":
            made.append(Export(shape, {"talk.json": talk}, marks, (shape,)))
            continue
        files: dict[str, Any] = {"conversations.json": [talk]}
        if shape == "claude-2026":
            files |= {"users.json": [{"uuid": "a"}], "design_chats/one.json": _design(marks)}
        made.append(Export(shape, files, marks, (shape, "claude-design") if shape == "claude-2026" else (shape,)))
    marks = Marks("claude-design")
    return [*made, Export("claude-design", {"design.json": _design(marks)}, marks, ("claude-design",))]


def _messages(marks: Marks, shape: str) -> list[dict[str, Any]]:
    asked, answer = marks.of("human"), marks.of("model")
    listed = [
        _message("asked", "human", [_text(asked("main"))], _ROOT, **_files(asked)),
        _message("answer", "assistant", _parts(answer), "asked", **_of_api(answer, shape)),
        _message("only-file", "human", [], "answer", attachments=[_attachment(asked)]),
        _message("flat", "assistant", [], "only-file", text=answer("main")),
        _message("bare", "human", asked("main"), "flat"),
        _message("final", "assistant", [_text(answer("main"))], "bare"),
    ]
    if shape in ("claude-2026", "claude-api"):
        away, edited = marks.of("model", active=False), marks.of("human", active=False)
        listed.insert(2, _message("again", "assistant", [_text(away("branch"))], "asked"))
        listed.insert(3, _message("edited", "human", [_text(edited("branch"))], "answer"))
    else:
        for message in listed:
            del message["parent_message_uuid"]
    if shape == "claude-2025-10":
        for message in listed:
            for part in message["content"]:
                if isinstance(part, dict):
                    part["flags"] = None
    return listed


def _message(name: str, sender: str, content: Any, parent: str, **more: Any) -> dict[str, Any]:
    return {
        "uuid": name,
        "text": "",
        "content": content,
        "sender": sender,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "attachments": [],
        "files": [],
        "parent_message_uuid": parent,
        **more,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _files(asked: Any) -> dict[str, Any]:
    return {"attachments": [_attachment(asked)], "files": [{"file_uuid": "f", "file_name": asked.file()}]}


def _attachment(asked: Any) -> dict[str, Any]:
    return {
        "file_name": asked.file(),
        "file_size": 3,
        "file_type": "txt",
        "extracted_content": asked("attachment", "file"),
    }


def _of_api(answer: Any, shape: str) -> dict[str, Any]:
    """What only the interface gives: where a document came from, and what was kept of a long talk."""
    if shape != "claude-api":
        return {}
    return {
        "files_v2": [{"file_uuid": "v", "file_kind": "image", "file_name": answer.file()}],
        "sync_sources": [{"uuid": "s", "type": "gdrive", "config": {"name": answer("attachment", "raw", "payload")}}],
        "compaction_summary": answer("main", "raw"),
    }


def _parts(answer: Any) -> list[Any]:
    return [
        {
            "type": "thinking",
            "thinking": answer("thinking", "thinking"),
            "summaries": [{"summary": answer("thinking", "thinking", "payload")}],
        },
        {"type": "thinking", "thinking_hidden": True, "summaries": [{"summary": answer("thinking", "raw", "payload")}]},
        {
            "type": "text",
            "text": f'{answer("main")} <antArtifact identifier="a">{answer("artifact")}</antArtifact>',
            "citations": [
                {"details": {"type": "web", "url": f"https://a.example/{answer('citation', 'text', 'payload')}"}}
            ],
        },
        answer("main"),
        {
            "type": "tool_use",
            "name": "web_search",
            "input": {"query": answer("tool call", "tool_call")},
            "message": answer("tool call", "tool_call", "payload"),
        },
        {
            "type": "tool_result",
            "name": "web_search",
            "content": [
                {"type": "text", "text": answer("result", "tool_result")},
                {
                    "type": "knowledge",
                    "title": answer("result", "tool_result"),
                    "text": answer("result", "tool_result"),
                },
                {"type": "local_resource", "name": answer("result", "tool_result", "payload")},
            ],
            "structured_content": {"of": answer("result", "tool_result", "payload")},
        },
        {"type": "tool_result", "name": "plain", "content": answer("result", "tool_result"), "is_error": True},
        {
            "type": "tool_use",
            "name": "artifacts",
            "input": {
                "command": "create",
                "id": "a",
                "title": answer("artifact", "artifact", "arguments"),
                "content": answer("artifact", "artifact"),
            },
        },
        {
            "type": "tool_use",
            "name": "artifacts",
            "input": {
                "command": "update",
                "id": "a",
                "old_str": answer("artifact", "artifact", "arguments"),
                "new_str": answer("artifact", "artifact"),
            },
        },
        {"type": "voice_note", "title": answer("main", "raw", "payload"), "text": answer("main", "raw", "payload")},
        {"type": "token_budget", "remaining": answer("main", "raw", "payload")},
    ]


def _design(marks: Marks) -> dict[str, Any]:
    asked, answer = marks.of("human"), marks.of("model")
    question = {"id": "q", "role": "user", "content": asked("main"), "attachments": [_attachment(asked)]}
    parts = [
        {"type": "thinking", "thinking": answer("thinking", "thinking")},
        {"type": "text", "text": answer("main")},
        {
            "type": "tool_call",
            "toolCall": {
                "id": "t",
                "name": "write_file",
                "input": {"path": answer("tool call", "tool_call")},
                "output": answer("result", "tool_result"),
            },
        },
    ]
    reply = {"id": "r", "role": "assistant", "content": "", "contentBlocks": parts, "authorAccountUuid": "a"}
    return {
        "uuid": "design",
        "title": marks.title(),
        "project": {"uuid": "p", "name": "One"},
        "messages": [
            {"uuid": "q", "role": "user", "created_at": "2026-01-01T00:00:00Z", "content": question},
            {"uuid": "r", "role": "assistant", "created_at": "2026-01-01T00:00:01Z", "content": reply},
        ],
    }
