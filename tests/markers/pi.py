"""pi: the tree of v3, one without its header, and the line of v1."""

from __future__ import annotations

from typing import Any

from markers.marks import Export, Marks, json_lines
from markers.openclaw import SESSION, entries, entry, shell

HAS_NO = {"artifact": "files are written by tools"}

_NAME = f"2026-03-09T07-38-00-000Z_{SESSION}.jsonl"


def exports() -> list[Export]:
    return [_tree("pi-v3"), _tree("pi-headerless"), _line()]


def _tree(shape: str) -> Export:
    marks = Marks(shape)
    header = {"type": "session", "version": 3, "id": SESSION, "timestamp": "2026-03-09T07:38:00Z", "cwd": "/home/sam"}
    lines = [] if shape == "pi-headerless" else [header]
    lines += entries(marks, gateway=False)
    lines.append(entry("s1", "a2", message=shell(marks.of("client_injected"))))
    lines.append(entry("n1", "s1", "session_info", name=marks.title()))
    return Export(shape, {_NAME: json_lines(lines)}, marks, (shape,))


def _line() -> Export:
    """Entries without ids: each follows the one before it."""
    marks = Marks("pi-v1")
    asked, answer, tool = marks.of("human"), marks.of("model"), marks.of("tool")
    hidden = marks.of("client_injected", visible=False)
    said = [
        {"type": "thinking", "thinking": answer("thinking", "thinking")},
        {"type": "toolCall", "id": "call", "name": "bash", "arguments": {"command": answer("tool call", "tool_call")}},
        {"type": "text", "text": answer("main")},
    ]
    result = {
        "role": "toolResult",
        "toolCallId": "call",
        "toolName": "bash",
        "content": [{"type": "text", "text": tool("result", "tool_result")}],
    }
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": asked("main")}]},
        {"role": "assistant", "model": "m", "content": said},
        result,
        shell(marks.of("client_injected")),
    ]
    time = "2025-12-01T00:00:0{}Z"
    header = {
        "type": "session",
        "id": SESSION,
        "timestamp": time.format(0),
        "cwd": "/",
        "provider": "x",
        "modelId": "m",
    }
    lines = [{"type": "message", "timestamp": time.format(rank), "message": one} for rank, one in enumerate(messages)]
    lines.append({"type": "compaction", "timestamp": time.format(9), "summary": hidden("hidden")})
    return Export("pi-v1", {_NAME: json_lines([header, *lines])}, marks, ("pi-v1",))
