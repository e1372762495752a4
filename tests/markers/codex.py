"""Codex: rollouts in envelopes with and without a version, bare ones, and the one-object form of 2025."""

from __future__ import annotations

import json
from typing import Any

from markers.marks import Export, Marks, json_lines

HAS_NO = {"artifact": "files are written by tools"}

_ID = "11111111-1111-4111-8111-111111111111"
_NAME = f"rollout-2026-01-01T00-00-00-{_ID}"


def exports() -> list[Export]:
    return [_enveloped("codex-0.120"), _enveloped("codex"), _bare(), _whole()]


def _enveloped(shape: str) -> Export:
    marks = Marks(shape)
    hidden, asked, answer = marks.of("client_injected", visible=False), marks.of("human"), marks.of("model")
    gone, away = marks.of("human", active=False), marks.of("model", active=False)
    tool = marks.of("tool")
    meta = {
        "id": _ID,
        "cwd": "/home/sam",
        "instructions": hidden("hidden"),
        "base_instructions": {"text": hidden("hidden")},
    }
    if shape != "codex":
        meta["cli_version"] = "0.120.0"
    said, rolled = asked("main"), gone("branch")
    lines = [
        _line("session_meta", meta),
        _line("turn_context", {"model": "gpt-5"}),
        _line("event_msg", {"type": "thread_name_updated", "thread_name": marks.title()}),
        _item({"type": "message", "role": "developer", "content": [_in(hidden("hidden"))]}),
        _item(
            {
                "type": "message",
                "role": "user",
                "content": [_in(f"<environment_context>{hidden('hidden')}</environment_context>")],
            }
        ),
        _item({"type": "message", "role": "user", "content": [_in(rolled)]}),
        _line("event_msg", {"type": "user_message", "message": rolled}),
        _item({"type": "message", "role": "assistant", "content": [_out(away("branch"))]}),
        _line("event_msg", {"type": "thread_rolled_back", "num_turns": 1}),
        _item({"type": "message", "role": "user", "content": [_in(said), _picture(asked)]}),
        _line("event_msg", {"type": "user_message", "message": said}),
        *[_item(item) for item in _answer(answer, tool)],
        _line("event_msg", {"type": "agent_reasoning", "text": answer("thinking", "thinking")}),
        _line("event_msg", {"type": "agent_message", "message": answer("main")}),
        _line("event_msg", {"type": "error", "message": hidden("error", "error")}),
        _line(
            "event_msg",
            {"type": "mcp_tool_call_end", "call_id": "c1", "duration": tool("result", "tool_result", "payload")},
        ),
        _line("event_msg", {"type": "of_tomorrow", "text": hidden("hidden", "raw", "payload")}),
        _line("event_msg", {"type": "exited_review_mode", "review_output": {"overall_explanation": hidden("main")}}),
        _line(
            "compacted",
            {
                "message": hidden("hidden"),
                "replacement_history": [{"role": "user", "content": [_in(hidden("hidden"))]}],
            },
        ),
        _line("event_msg", {"type": "user_message", "message": asked("main")}),
        _item({"type": "message", "role": "assistant", "phase": "commentary", "content": [_out(answer("main"))]}),
    ]
    return Export(shape, {f"{_NAME}.jsonl": json_lines(lines)}, marks, (shape,))


def _line(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": "2026-01-01T00:00:00.000Z", "type": kind, "payload": payload}


def _item(payload: dict[str, Any]) -> dict[str, Any]:
    return _line("response_item", payload)


def _in(text: str) -> dict[str, Any]:
    return {"type": "input_text", "text": text}


def _out(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text}


def _picture(asked: Any) -> dict[str, Any]:
    return {"type": "local_image", "path": asked.file()}


def _answer(answer: Any, tool: Any) -> list[dict[str, Any]]:
    patch = f"*** Begin Patch\n{answer('tool call', 'tool_call')}"
    return [
        {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": answer("thinking", "thinking")}],
            "content": [{"type": "reasoning_text", "text": answer("thinking", "thinking")}],
        },
        {"type": "message", "role": "assistant", "content": [_out(answer("main"))]},
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "shell",
            "arguments": json.dumps({"command": answer("tool call", "tool_call")}),
        },
        {"type": "custom_tool_call", "call_id": "c2", "name": "apply_patch", "input": patch},
        {"type": "local_shell_call", "call_id": "c3", "action": {"command": [answer("tool call", "tool_call")]}},
        {
            "type": "web_search_call",
            "id": "c4",
            "action": {"type": "search", "query": answer("tool call", "tool_call")},
        },
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": json.dumps({"output": tool("result", "tool_result"), "metadata": {"exit_code": 0}}),
        },
        {"type": "custom_tool_call_output", "call_id": "c2", "output": tool("result", "tool_result")},
        {
            "type": "local_shell_call_output",
            "call_id": "c3",
            "output": [{"type": "input_text", "text": tool("result", "tool_result")}],
        },
        {"type": "image_generation_call", "id": "c5", "result": "abc", "revised_prompt": answer("tool call", "image")},
    ]


def _bare() -> Export:
    marks = Marks("codex-bare")
    lines = [{"id": _ID, "timestamp": "2025-05-01T00:00:00Z", "instructions": _told(marks), "git": {}}, *_items(marks)]
    return Export("codex-bare", {f"{_NAME}.jsonl": json_lines(lines)}, marks, ("codex-bare",))


def _whole() -> Export:
    marks = Marks("codex-json")
    session = {"id": _ID, "timestamp": "2025-05-01T00:00:00Z", "instructions": _told(marks)}
    return Export("codex-json", {f"{_NAME}.json": {"session": session, "items": _items(marks)}}, marks, ("codex-bare",))


def _told(marks: Marks) -> str:
    return marks.of("client_injected", visible=False)("hidden")


def _items(marks: Marks) -> list[dict[str, Any]]:
    asked, answer, tool = marks.of("human"), marks.of("model"), marks.of("tool")
    return [
        {"type": "message", "role": "user", "content": [_in(asked("main")), _picture(asked)]},
        *_answer(answer, tool),
        {"record_type": "state"},
    ]
