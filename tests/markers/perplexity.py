"""Perplexity: threads of exporters, and answers of the site's interface in typed blocks and in steps."""

from __future__ import annotations

import json

from markers.marks import Export, Marks

HAS_NO = {
    "branch": "a thread is a list",
    "hidden": "what the model was told besides is not exported",
    "artifact": "documents stand in the text of an answer",
}


def exports() -> list[Export]:
    return [_export(), _interface()]


def _export() -> Export:
    marks = Marks("perplexity-export")
    asked, answer = marks.of("human"), marks.of("model")
    structured = {"answer": answer("main"), "web_results": [{"name": answer("citation", "citation", "payload")}]}
    listed = [
        {
            "uuid": "1",
            "query": asked("main"),
            "answer": answer("main"),
            "related_queries": [answer("main", "raw", "payload")],
            "sources": [
                {"title": answer("citation", "citation", "payload"), "snippet": answer("result", "citation", "payload")}
            ],
        },
        {
            "uuid": "2",
            "query": asked("main"),
            "answer": json.dumps(structured),
            "of_tomorrow": {"of": answer("main", "raw", "payload")},
        },
    ]
    whole = {"metadata": {"thread_id": "talk", "thread_title": marks.title()}, "conversations": listed}
    return Export("perplexity-export", {"thread.json": whole}, marks, ("perplexity-export",))


def _interface() -> Export:
    marks = Marks("perplexity-api")
    asked, answer = marks.of("human"), marks.of("model")
    found = {
        "web_results": [
            {"name": answer("result", "citation", "payload"), "snippet": answer("result", "citation", "payload")}
        ]
    }
    blocks = [
        {"intended_usage": "plan", "plan_block": {"goals": [{"description": answer("thinking", "thinking")}]}},
        {"intended_usage": "web_results", "web_result_block": found},
        {"intended_usage": "ask_text", "markdown_block": {"answer": answer("main")}},
        {"intended_usage": "of_tomorrow", "tomorrow_block": {"text": answer("main", "raw")}},
    ]
    steps = [
        {"step_type": "INITIAL_QUERY", "content": {"query": answer("main", "raw", "payload")}},
        {"step_type": "SEARCH_WEB", "content": {"queries": [{"query": answer("tool call", "tool_call")}]}},
        {
            "step_type": "SEARCH_RESULTS",
            "content": {"web_results": [{"name": answer("result", "citation", "payload")}]},
        },
        {"step_type": "THOUGHT", "content": {"thought": answer("thinking", "thinking")}},
        {"step_type": "FINAL", "content": {"answer": json.dumps({"answer": answer("main")})}},
    ]
    upload = f"https://a.example/{asked.file()}.pdf"
    entries = [
        {
            "uuid": "1",
            "context_uuid": "talk",
            "thread_title": marks.title(),
            "query_str": asked("main"),
            "blocks": blocks,
            "attachments": [upload],
        },
        {"uuid": "2", "query_str": asked("main"), "text": json.dumps(steps), "error": answer("error", "error")},
        {
            "uuid": "3",
            "query_str": asked("main"),
            "plan": {"goals": [{"description": answer("thinking", "raw", "payload")}]},
        },
    ]
    whole = {"status": "success", "entries": entries}
    return Export("perplexity-api", {"thread.json": whole}, marks, ("perplexity-api",))
