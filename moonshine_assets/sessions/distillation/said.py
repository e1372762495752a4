"""What an archived session says, flat and in its order: the one view distillation and its checks share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from moonshine_assets.exports.records import Block, Message, ParsedConversation

Speaker = Literal["human", "model", "tool"]
#: Parts of a message that are its prose; thinking is the model's own business and is not carried on.
_PROSE = ("text", "code")


class Call(NamedTuple):
    """A tool call with what became of it; `is_error` is None where the log does not say."""

    tool: str
    arguments: dict[str, Any]
    is_error: bool | None
    output: str


class Said(NamedTuple):
    """A message of the session. `at` is microseconds since 1970-01-01 UTC, None when unknown."""

    message_id: str
    speaker: Speaker
    at: int | None
    text: str
    calls: tuple[Call, ...] = ()

    @property
    def evidence(self) -> str:
        """Everything a statement that cites this message may rest on."""
        parts = [self.text]
        for call in self.calls:
            parts += [call.tool, *_values(call.arguments), call.output]
        return "\n".join(part for part in parts if part)


def said(conversations: Iterable[ParsedConversation]) -> list[Said]:
    """The messages of a session's conversations, sub-agents included, in the order of the files.

    What a client or provider put in under the user's role is left out; a tool result stands with its call, and by
    itself where its call is not in the archive.
    """
    found: list[Said] = []
    for conversation in conversations:
        messages = [node.message for node in conversation.nodes if node.message is not None]
        ids = [node.node_id for node in conversation.nodes if node.message is not None]
        results = {
            block.tool_call_id: block
            for message in messages
            for block in message.blocks
            if block.kind == "tool_result" and block.tool_call_id
        }
        called = {block.tool_call_id for message in messages for block in message.blocks if block.kind == "tool_call"}
        for message_id, message in zip(ids, messages, strict=True):
            one = _one(message.message_id or message_id, message, results, called)
            if one is not None:
                found.append(one)
    return found


def _one(message_id: str, message: Message, results: dict[str, Block], called: set[str | None]) -> Said | None:
    if message.author_kind in ("provider_injected", "client_injected") or message.role == "system":
        return None
    text = "\n\n".join(block.text for block in message.blocks if block.kind in _PROSE and block.text)
    calls = [
        _call(block, results.get(block.tool_call_id or "")) for block in message.blocks if block.kind == "tool_call"
    ]
    calls += [
        Call(block.tool_name or "", {}, block.is_error, block.text or "")
        for block in message.blocks
        if block.kind == "tool_result" and block.tool_call_id not in called
    ]
    if not text and not calls:
        return None
    speaker: Speaker = "human" if message.author_kind == "human" else "tool" if message.role == "tool" else "model"
    return Said(message_id, speaker, message.created_at, text, tuple(calls))


def _call(block: Block, result: Block | None) -> Call:
    arguments = _object(block.arguments)
    if result is None:
        return Call(block.tool_name or "", arguments, None, "")
    return Call(block.tool_name or "", arguments, result.is_error, result.text or "")


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {"input": text}
    return value if isinstance(value, dict) else {"input": value}


def _values(value: Any) -> Iterable[str]:
    """Every text and number in the arguments of a call."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner)
    elif value is not None:
        yield str(value)
