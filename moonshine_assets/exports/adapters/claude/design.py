"""Design chats (EXPORT-FORMATS §3.6): each message wraps another one in `content`; unwrapped to the common form."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.claude.wire import WireMessage, ident

#: Keys that a wrapped message has and no other provider's `content` object.
MARKS = ("contentBlocks", "authorAccountUuid", "authorName", "turnInputTokens")


def unwrap(wire: WireMessage) -> WireMessage:
    """The message as the account export would have it: id, role, blocks, attachments and time from wherever they are.

    A tool call carries its own output; it becomes a `tool_use` and a `tool_result` of the same id.
    """
    inner = wire.content
    if not isinstance(inner, dict):
        return wire
    content, text = inner.get("content"), None
    if listed := inner.get("contentBlocks"):
        text = content
        content = [part for item in listed for part in _parts(item)] if isinstance(listed, list) else listed
    return WireMessage(
        uuid=wire.uuid,
        id=wire.id if ident(wire.id) else inner.get("id"),
        role=inner.get("role") if wire.role is None else wire.role,
        text=text,
        content=content,
        attachments=inner.get("attachments") or wire.attachments,
        files=wire.files,
        created_at=inner.get("timestamp") if wire.created_at is None else wire.created_at,
        parent_message_uuid=wire.parent_message_uuid,
        stop_reason=wire.stop_reason,
    )


def _parts(item: Any) -> list[Any]:
    if not isinstance(item, dict) or item.get("type") != "tool_call":
        return [item]
    call = item.get("toolCall", item)
    if not isinstance(call, dict) or "name" not in call:
        return [item]
    parts = [{"type": "tool_use", "id": call.get("id"), "name": call["name"], "input": call.get("input")}]
    if call.get("output") is not None:
        parts.append(
            {
                "type": "tool_result",
                "tool_use_id": call.get("id"),
                "name": call["name"],
                "content": call["output"],
                "is_error": call.get("is_error"),
            }
        )
    return parts
