"""Copilot: the table of the privacy dashboard, and chats that VS Code exported."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks

HAS_NO = {"branch": "both forms are lists", "artifact": "edits stand in the answer, there are no documents"}


def exports() -> list[Export]:
    return [_table(), _editor()]


def _table() -> Export:
    marks = Marks("copilot-csv")
    asked, answer = marks.of("human"), marks.of("model")
    rows = [
        "Conversation,Time,Author,Message",
        f'"{marks.title()}",2025-01-01T00:00:01,AI,"{answer("main")}\n""{answer("main")}"""',
        f'"{next(iter(marks.wanted))}",2025-01-01T00:00:00,Human,"{asked("main")}"',
    ]
    return Export("copilot-csv", {"copilot-activity-history.csv": "\r\n".join(rows)}, marks, ("copilot-csv",))


def _editor() -> Export:
    marks = Marks("copilot-vscode")
    asked, answer = marks.of("human"), marks.of("model")
    variable = {
        "id": "v",
        "name": asked.file(),
        "kind": "file",
        "value": asked("attachment", "file"),
        "code": asked("attachment", "file"),
    }
    request = {
        "requestId": "1",
        "message": {"text": asked("main"), "parts": []},
        "variableData": {"variables": [variable]},
        "response": _response(answer),
        "result": {
            "errorDetails": {"message": answer("error", "error")},
            "metadata": _metadata(answer),
        },
        "followups": [{"message": answer("main", "raw", "payload")}],
        "contentReferences": [{"reference": {"name": answer("citation", "citation", "payload")}}],
        "vote": 0,
        "voteDownReason": marks.feedback(),
        "modelId": "m",
    }
    whole = {
        "requesterUsername": "x",
        "responderUsername": "GitHub Copilot",
        "customTitle": marks.title(),
        "requests": [request],
    }
    return Export("copilot-vscode", {"chat.json": whole}, marks, ("copilot-vscode",))


def _response(answer: Any) -> list[Any]:
    tool = {
        "kind": "toolInvocationSerialized",
        "toolId": "run",
        "toolCallId": "c0",
        "invocationMessage": {"value": answer("tool call", "raw")},
        "resultDetails": {
            "input": json.dumps({"q": answer("tool call", "tool_call")}),
            "output": [{"type": "embed", "isText": True, "value": answer("result", "tool_result")}],
        },
    }
    shown = {
        "kind": "toolInvocationSerialized",
        "toolId": "read",
        "toolCallId": "c1",
        "pastTenseMessage": answer("tool call", "tool_call"),
    }
    return [
        {"value": answer("main")},
        {"kind": "inlineReference", "inlineReference": {"path": f"/a/{answer('main')}"}},
        {"kind": "thinking", "value": answer("thinking", "thinking")},
        tool,
        shown,
        {"kind": "textEditGroup", "uri": {"path": "/a"}, "edits": [[{"text": answer("main", "code"), "range": {}}]]},
        {"kind": "progressMessage", "content": {"value": answer("main", "raw")}},
        {"kind": "confirmation", "title": answer("main", "raw"), "message": answer("main", "raw")},
        {"kind": "undoStop", "id": answer("main", "raw", "payload")},
    ]


def _metadata(answer: Any) -> dict[str, Any]:
    """What the editor keeps of the rounds of an agent: calls and results in full, and the prompt as it was sent."""
    rounds = [
        {
            "response": answer("main"),
            "thinking": {"text": answer("thinking", "thinking")},
            "toolCalls": [
                {"id": "c2", "name": "read_file", "arguments": json.dumps({"path": answer("tool call", "tool_call")})}
            ],
        }
    ]
    results = {"c2": {"content": [{"kind": "text", "value": answer("result", "tool_result")}]}}
    return {
        "toolCallRounds": rounds,
        "toolCallResults": results,
        "renderedUserMessage": [{"type": 1, "text": answer("hidden", "raw", "payload")}],
        "renderedGlobalContext": [{"type": 1, "text": answer("hidden", "raw", "payload")}],
    }
