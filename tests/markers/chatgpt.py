"""ChatGPT: the same full conversation in every generation of the mapping, in lists and in the zips of 2023 and 2026."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks

HAS_NO: dict[str, str] = {}

#: A key of each generation of the mapping (adapters/chatgpt/shape.py).
_GENERATIONS: dict[str, dict[str, Any]] = {
    "chatgpt-2023-05": {},
    "chatgpt-2023-09": {"conversation_id": "talk"},
    "chatgpt-2024": {"conversation_id": "talk", "is_archived": False},
    "chatgpt-2025-01": {"conversation_id": "talk", "voice": None},
    "chatgpt-2025": {"conversation_id": "talk", "blocked_urls": []},
    "chatgpt-2026-slim": {"conversation_id": "talk", "blocked_urls": []},
}


def exports() -> list[Export]:
    made = []
    for shape, keys in _GENERATIONS.items():
        marks = Marks(shape)
        talk = {**_talk(marks), **keys}
        if shape == "chatgpt-2026-slim":
            for node in talk["mapping"].values():
                del node["children"]
        files: dict[str, Any] = {"conversations.json": [talk]}
        if shape == "chatgpt-2023-05":
            files |= _sidecars(marks)
        if shape == "chatgpt-2025":
            files = _shards(marks, talk)
        made.append(Export(shape, files, marks, (shape,)))
    return [*made, _linear("linear_conversation"), _linear("messages")]


def _node(
    name: str, parent: str | None, role: str | None, content: Any = None, **more: Any
) -> tuple[str, dict[str, Any]]:
    node: dict[str, Any] = {"id": name, "parent": parent, "children": [], "message": None}
    if role is not None:
        if isinstance(content, str):
            content = {"content_type": "text", "parts": [content]}
        author = {"role": role, "name": more.pop("tool", None)}
        metadata = more.pop("metadata", {})
        node["message"] = {"id": name, "author": author, "create_time": 1.7e9, "content": content, "weight": 1.0}
        node["message"] |= {"metadata": metadata, "recipient": "all", "status": "finished_successfully", **more}
    return name, node


def _talk(marks: Marks) -> dict[str, Any]:
    hidden = marks.of("provider_injected", visible=False)
    asked, answer = marks.of("human"), marks.of("model")
    calls, tool = marks.of("model", visible=False), marks.of("tool", visible=False)
    away, edited = marks.of("model", active=False), marks.of("human", active=False)
    chain: list[tuple[str, Any, dict[str, Any]]] = [
        (
            "user",
            {
                "content_type": "user_editable_context",
                "user_profile": hidden("hidden"),
                "user_instructions": hidden("hidden"),
            },
            {},
        ),
        ("system", {"content_type": "text", "parts": []}, _context_of_2023(hidden)),
        ("assistant", {"content_type": "model_editable_context", "model_set_context": hidden("hidden")}, {}),
        ("user", hidden("hidden"), {"metadata": {"is_visually_hidden_from_conversation": True}}),
        (
            "user",
            {
                "content_type": "multimodal_text",
                "parts": [
                    _image("file-1", asked("attachment", "image", "payload")),
                    asked("main"),
                    {"content_type": "audio_transcription", "text": asked("main", "audio"), "direction": "in"},
                    {"text": asked("main")},
                ],
            },
            {
                "metadata": {
                    "attachments": [{"id": "file-2", "name": asked.file(), "mime_type": "text/plain"}],
                    "targeted_reply": asked("citation", "citation", "payload"),
                }
            },
        ),
        (
            "assistant",
            {
                "content_type": "thoughts",
                "thoughts": [
                    {"summary": answer("thinking", "thinking"), "content": answer("thinking", "thinking")},
                    {"summary": "", "content": None, "chunks": [answer("thinking", "thinking")]},
                ],
            },
            {},
        ),
        ("assistant", {"content_type": "reasoning_recap", "content": answer("thinking", "raw", "payload")}, {}),
        ("assistant", answer("thinking", "thinking"), {"channel": "analysis"}),
        ("assistant", answer("main"), {"channel": "commentary"}),
        (
            "assistant",
            {"content_type": "code", "language": "unknown", "text": f"print('{calls('tool call', 'tool_call')}')"},
            {"recipient": "python"},
        ),
        (
            "tool",
            {"content_type": "execution_output", "text": tool("result", "tool_result")},
            {"tool": "python", "metadata": {"aggregate_result": {"status": "success", "messages": []}}},
        ),
        (
            "assistant",
            {"content_type": "code", "language": "json", "text": json.dumps({"q": calls("tool call", "tool_call")})},
            {"recipient": "web"},
        ),
        (
            "tool",
            {
                "content_type": "tether_browsing_display",
                "result": tool("result", "tool_result"),
                "summary": tool("result", "tool_result", "payload"),
            },
            {"tool": "browser"},
        ),
        (
            "tool",
            {
                "content_type": "tether_quote",
                "url": "https://a.example",
                "title": tool("result", "tool_result", "payload"),
                "text": tool("result", "tool_result"),
            },
            {"tool": "browser"},
        ),
        (
            "tool",
            {
                "content_type": "sonic_webpage",
                "url": "https://a.example",
                "text": tool("result", "tool_result"),
                "snippet": tool("result", "tool_result", "payload"),
            },
            {"tool": "web"},
        ),
        (
            "tool",
            {"content_type": "system_error", "name": "Failed", "text": tool("error", "error")},
            {"tool": "browser"},
        ),
        ("tool", {"content_type": "citable_code_output", "output_str": tool("result", "raw")}, {"tool": "python"}),
        ("tool", {"content_type": "of_tomorrow", "text": tool("result", "raw")}, {"tool": "other"}),
        *_canvas(calls, tool),
        ("tool", {"content_type": "text", "parts": [""]}, {"tool": "research", **_research(tool)}),
        ("assistant", calls("tool call", "tool_call"), {"recipient": "bio"}),
        ("assistant", _answer(answer), {"metadata": _citations(answer)}),
    ]
    nodes = [_node("root", None, None)]
    for rank, (role, content, more) in enumerate(chain):
        nodes.append(_node(f"n{rank}", nodes[-1][0], role, content, **more))
    question = next(name for name, node in nodes if (node["message"] or {}).get("metadata", {}).get("attachments"))
    nodes += [
        _node("again", question, "assistant", away("branch")),
        _node("edited", nodes[4][0], "user", edited("branch")),
        _node("edited-answer", "edited", "assistant", away("branch")),
    ]
    return {
        "title": marks.title(),
        "create_time": 1.7e9,
        "update_time": 1.7e9,
        "mapping": dict(nodes),
        "current_node": f"n{len(chain) - 1}",
    }


def _context_of_2023(hidden: Any) -> dict[str, Any]:
    said = {"about_user_message": hidden("hidden"), "about_model_message": hidden("hidden")}
    return {"metadata": {"user_context_message_data": said}}


def _image(name: str, prompt: str) -> dict[str, Any]:
    return {
        "content_type": "image_asset_pointer",
        "asset_pointer": f"file-service://{name}",
        "size_bytes": 3,
        "metadata": {"dalle": {"prompt": prompt}},
    }


def _canvas(calls: Any, tool: Any) -> list[tuple[str, Any, dict[str, Any]]]:
    document = {
        "name": calls("artifact", "artifact", "arguments"),
        "type": "document",
        "content": calls("artifact", "artifact"),
    }
    update = {
        "updates": [
            {
                "pattern": calls("artifact", "artifact", "arguments"),
                "replacement": calls("artifact", "artifact"),
                "multiple": False,
            }
        ]
    }
    comment = {"comments": [{"pattern": "a", "comment": calls("artifact", "artifact")}]}
    made = {"canvas": {"textdoc_id": "1", "title": tool("artifact", "tool_result", "payload")}}
    return [
        ("assistant", json.dumps(document), {"recipient": "canmore.create_textdoc"}),
        ("tool", tool("result", "tool_result"), {"tool": "canmore.create_textdoc", "metadata": made}),
        ("assistant", json.dumps(update), {"recipient": "canmore.update_textdoc"}),
        ("assistant", json.dumps(comment), {"recipient": "canmore.comment_textdoc"}),
    ]


def _research(tool: Any) -> dict[str, Any]:
    report = {"report_message": {"content": {"content_type": "text", "parts": [tool("artifact", "artifact")]}}}
    return {"metadata": {"chatgpt_sdk": {"widget_state": json.dumps(report)}}}


_MARK = "\ue200cite\ue202turn0search3\ue201"


def _answer(answer: Any) -> str:
    return f"{answer('main')} {_MARK}"


def _citations(answer: Any) -> dict[str, Any]:
    return {
        "model_slug": "gpt-5",
        "content_references": [
            {"matched_text": _MARK, "alt": answer("citation"), "url": "https://a.example"},
            {"matched_text": "none", "title": answer("citation", "citation", "payload")},
        ],
        "citations": [{"metadata": {"title": answer("citation", "citation", "payload")}}],
        "search_queries": [{"type": "search", "q": answer("tool call", "citation", "payload")}],
        "search_result_groups": [
            {"domain": "a.example", "entries": [{"snippet": answer("result", "citation", "payload")}]}
        ],
        "image_results": [{"title": answer("result", "citation", "payload")}],
    }


def _sidecars(marks: Marks) -> dict[str, Any]:
    said = {"text": marks.feedback(), "tags": [marks.feedback()]}
    turn = {"id": "n1", "content": {"content_type": "text", "parts": [marks.feedback()]}}
    compared = {
        "id": "1",
        "create_time": 1.7e9,
        "input": {"conversation_id": "talk", "prompt_convo": {"messages": []}},
        "output": {
            "feedback_step_1": {"critique_text": marks.feedback()},
            "feedback_step_2": {
                "original_turn": [turn],
                "new_turn": [{"id": "again", "content": marks.feedback()}],
                "completion_comparison_rating": "new",
            },
        },
    }
    rated = {"message_id": "n2", "conversation_id": "talk", "rating": "thumbsUp", "content": json.dumps(said)}
    return {"message_feedback.json": [rated], "model_comparisons.json": [compared], "user.json": {"id": "u"}}


def _shards(marks: Marks, talk: dict[str, Any]) -> dict[str, Any]:
    """The zip of 2026: shards by a manifest, files by ids, their names in a table."""
    asked = marks.of("human")
    upload = {"attachments": [{"id": "file-9"}]}
    second = {
        "conversation_id": "second",
        "title": marks.title(),
        "blocked_urls": [],
        "mapping": dict([_node("second", None, "user", asked("main"), metadata=upload)]),
        "current_node": "second",
    }
    shards = ["conversations-000.json", "conversations-001.json"]
    return {
        "export_manifest.json": {"logical_files": {"conversations.json": {"files": shards, "sharded": True}}},
        shards[0]: [talk],
        shards[1]: [second],
        "conversation_asset_file_names.json": {"file-9.dat": asked.file()},
        "file-9.dat": b"abc",
    }


def _linear(key: str) -> Export:
    """A shared page: no tree, so every message is on the path."""
    marks = Marks(f"chatgpt-linear-{key[:6]}")
    hidden, asked, answer = (
        marks.of("provider_injected", visible=False),
        marks.of("human"),
        marks.of("model"),
    )
    calls, tool = marks.of("model", visible=False), marks.of("tool", visible=False)
    chain: list[tuple[str, Any, dict[str, Any]]] = [
        ("user", {"content_type": "user_editable_context", "user_profile": hidden("hidden")}, {}),
        ("user", asked("main"), {"metadata": {"attachments": [{"id": "f", "name": asked.file()}]}}),
        ("assistant", {"content_type": "thoughts", "thoughts": [{"content": answer("thinking", "thinking")}]}, {}),
        ("assistant", {"content_type": "code", "text": calls("tool call", "tool_call")}, {"recipient": "python"}),
        ("tool", {"content_type": "execution_output", "text": tool("result", "tool_result")}, {"tool": "python"}),
        *_canvas(calls, tool),
        ("assistant", answer("main"), {}),
    ]
    nodes = [_node(f"n{rank}", None, role, content, **more)[1] for rank, (role, content, more) in enumerate(chain)]
    listed = nodes if key == "linear_conversation" else [node["message"] for node in nodes]
    talk = {"title": marks.title(), "conversation_id": "shared", key: listed}
    return Export(f"chatgpt-linear-{key}", {"shared.json": talk}, marks, ("chatgpt-linear",))
