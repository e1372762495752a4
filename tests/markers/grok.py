"""Grok: the account export with responses and pictures, and files of third parties."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks

HAS_NO = {
    "hidden": "what the model was told besides is not exported",
    "artifact": "documents stand in the text of an answer",
}


def exports() -> list[Export]:
    return [_account(), _flat()]


def _account() -> Export:
    marks = Marks("grok")
    asked, answer, away = marks.of("human"), marks.of("model"), marks.of("model", active=False)
    responses = [
        _response(
            "asked",
            None,
            "human",
            1,
            message=asked("main"),
            file_attachments=[{"file_metadata_id": "f", "file_name": asked.file()}],
        ),
        _response("again", "asked", "ASSISTANT", 2, message=away("branch")),
        _response("answer", "asked", "grok-4", 3, **_said(answer)),
    ]
    backend = {
        "conversations": [
            {
                "conversation": {"id": "talk", "title": marks.title(), "leaf_response_id": "answer"},
                "responses": [{"response": response, "share_link": None} for response in responses],
            }
        ],
        "media_posts": [
            {
                "id": "drawn",
                "original_prompt": asked("main"),
                "media_type": "image",
                "link": f"https://a.example/{answer('main', 'image', 'payload')}",
            }
        ],
        "projects": [],
    }
    folder = "ttl/30d/export_data/x"
    files: dict[str, Any] = {
        f"{folder}/prod-grok-backend.json": backend,
        f"{folder}/prod-mc-billing.json": {"balance": {}},
        f"{folder}/prod-mc-asset-server/f/content": "abc",
    }
    return Export("grok", files, marks, ("grok", "grok-media"))


def _flat() -> Export:
    marks = Marks("grok-flat")
    asked, answer = marks.of("human"), marks.of("model")
    responses = [
        {"sender": "human", "message": asked("main"), "create_time": "2025-01-01T00:00:00Z"},
        {"sender": "assistant", "create_time": "2025-01-01T00:00:01Z", **_said(answer)},
    ]
    whole = {"conversations": [{"id": "talk", "title": marks.title(), "responses": responses}]}
    return Export("grok-flat", {"grok.json": whole}, marks, ("grok-flat",))


def _response(name: str, parent: str | None, sender: str, second: int, **more: Any) -> dict[str, Any]:
    time = {"$date": {"$numberLong": str(1_700_000_000_000 + second * 1000)}}
    return {"_id": name, "parent_response_id": parent, "sender": sender, "create_time": time, **more}


def _said(answer: Any) -> dict[str, Any]:
    step = {
        "tagged_text": {"summary": answer("thinking", "thinking")},
        "tool_usage_results": [{"tool_name": "web", "text": answer("result", "tool_result")}],
        "web_search_results": [{"title": answer("result", "citation", "payload")}],
    }
    return {
        "message": answer("main"),
        "thinking_trace": answer("thinking", "thinking"),
        "agent_thinking_traces": [{"agent": "1", "thinking_trace": answer("thinking", "thinking")}],
        "steps": [step],
        "query": answer("tool call", "tool_call"),
        "query_type": "imagine",
        "web_search_results": [{"title": answer("citation", "citation", "payload")}],
        "generated_image_urls": [f"https://a.example/{answer('main', 'image', 'payload')}.png"],
        "image_attachments": [{"file_metadata_id": "i", "file_name": answer.file()}],
        "error": {"message": answer("error", "error")},
        "of_tomorrow": answer("main", "raw", "payload"),
        "metadata": {"of": 1},
    }
