"""Long outputs of tools cut to head and tail, with a pointer to the whole text: pure functions over one record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Limits(NamedTuple):
    """How much of an output stays, characters; `pointer` says where the whole text is."""

    head: int
    tail: int
    pointer: str


class Cut(NamedTuple):
    """A record after cutting, and the texts that were left out of it."""

    record: dict[str, Any]
    left_out: list[str]


def claude_code_cut(record: dict[str, Any], limits: Limits) -> Cut:
    """A line of a Claude Code log: `tool_result` blocks of a user's message, and the copy of the result beside it."""
    message = record.get("message")
    if record.get("type") != "user" or not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return Cut(record, [])
    left_out: list[str] = []
    content = [
        {**block, "content": _shortened(block.get("content"), limits, left_out)}
        if isinstance(block, dict) and block.get("type") == "tool_result"
        else block
        for block in message["content"]
    ]
    if not left_out:
        return Cut(record, [])
    changed = {**record, "message": {**message, "content": content}}
    if "toolUseResult" in changed:
        changed["toolUseResult"] = _shortened(changed["toolUseResult"], limits, [])
    return Cut(changed, left_out)


def codex_cut(record: dict[str, Any], limits: Limits) -> Cut:
    """A line of a Codex rollout: outputs of calls among the items that are sent to the model."""
    payload = record.get("payload")
    if record.get("type") != "response_item" or not isinstance(payload, dict):
        return Cut(record, [])
    if not str(payload.get("type", "")).endswith("_output"):
        return Cut(record, [])
    left_out: list[str] = []
    output = _shortened(payload.get("output"), limits, left_out)
    return Cut({**record, "payload": {**payload, "output": output}}, left_out) if left_out else Cut(record, [])


#: By provider.
CUTS: dict[str, Callable[[dict[str, Any], Limits], Cut]] = {"claude_code": claude_code_cut, "codex": codex_cut}


def _shortened(value: Any, limits: Limits, left_out: list[str]) -> Any:
    """A value whose long texts are cut; keys, numbers and short texts stay, pictures are no texts to read."""
    if isinstance(value, str):
        return _text(value, limits, left_out)
    if isinstance(value, list):
        return [_shortened(item, limits, left_out) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item, limits, left_out) for key, item in value.items()}
    return value


def _text(text: str, limits: Limits, left_out: list[str]) -> str:
    end = len(text) - limits.tail
    gap = f"\n[{end - limits.head} characters left out here; the whole text is in {limits.pointer}]\n"
    if end - limits.head <= len(gap):
        return text
    left_out.append(text[limits.head : end])
    return text[: limits.head] + gap + text[end:]
