"""One entry of a session to the message it says, or to none (EXPORT-FORMATS §15)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.openclaw.unwrap import is_silent, unwrap
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import (
    as_json,
    count,
    flag,
    ident,
    inline_bytes,
    items,
    mapping,
    rest,
    text_or_none,
)
from moonshine_assets.exports.records import Attachment, Block, Message
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.usage import usage_json, usage_of

#: Entries that change settings or mark places of the tree.
_BOOKKEEPING = frozenset({"label", "leaf", "model_change", "reset", "session", "session_info", "thinking_level_change"})
_STATE = frozenset({"model-snapshot", "ui_state"})
_ENVELOPE = frozenset({"type", "id", "parentId", "timestamp"})
_STOPS = {"toolUse": "tool_use", "endTurn": "end_turn"}
_STATUSES = {"error": "error", "aborted": "interrupted"}
_USAGE_NAMES = {
    "input": "input",
    "output": "output",
    "cache_read": "cacheRead",
    "cache_write": "cacheWrite",
    "reasoning": "reasoning",
}
#: Providers under which the gateway writes what it delivered or injected itself.
_ECHOES = ("delivery-mirror", "gateway-injected")


def message_of(entry: dict[str, Any], tools: dict[str, str | None]) -> Message | None:
    """The message of an entry; None for bookkeeping. `tools` maps call ids to names, and is added to."""
    kind = text_or_none(entry.get("type"))
    if kind in _BOOKKEEPING or (kind == "custom" and entry.get("customType") in tuple(_STATE)):
        return None
    if kind == "message":
        said = entry.get("message")
        made = _said(said, tools) if isinstance(said, dict) else _note([], as_json(said), ["unknown_record"])
    elif kind in ("compaction", "branch_summary"):
        made = _note(
            _texts(entry.get("summary")),
            rest(entry, _ENVELOPE | {"summary"}),
            [f"{kind.removesuffix('_summary')}_summary"],
        )
    elif kind == "custom_message":
        made = _note(_texts(entry.get("content")), rest(entry, _ENVELOPE | {"content", "display"}))
        made.visible = entry.get("display") is True
        made.author_name = text_or_none(entry.get("customType"))
    elif kind == "custom":
        made = _note([], rest(entry, _ENVELOPE))
        made.author_name = text_or_none(entry.get("customType"))
    else:
        made = _note([], as_json(entry), ["unknown_record"])
    inner = mapping(entry.get("message")).get("timestamp")
    made.created_at = to_micros(entry.get("timestamp")) or to_micros(inner)
    return made


def _said(message: dict[str, Any], tools: dict[str, str | None]) -> Message:
    role = text_or_none(message.get("role"))
    if role == "user":
        return _user(message)
    if role == "assistant":
        return _assistant(message, tools)
    if role == "toolResult":
        return _result(message, tools)
    if role == "bashExecution":
        command = message.get("command")
        said = {"role", "output", "timestamp"} | ({"command"} if isinstance(command, str) else set())
        shell = [Block("code", text_or_none(command), payload=rest(message, said)), *_texts(message.get("output"))]
        return Message("user", "client_injected", shell)
    if role in ("custom", "branchSummary", "compactionSummary", "system"):
        made = _note([*_texts(message.get("summary")), *_texts(message.get("content"))], None)
        made.author_name = text_or_none(message.get("customType"))
        return made
    return _note([], as_json(message), ["unknown_record"])


def _user(message: dict[str, Any]) -> Message:
    blocks, files = _content(message.get("content"))
    is_human = not any(block.text for block in blocks)
    for block in blocks:
        if block.kind == "text" and block.text:
            typed = unwrap(block.text)
            is_human = is_human or typed.is_human
            if typed.wrapping:
                block.text = typed.text or None
                block.payload = compact_json({"injected": typed.wrapping})
    source = text_or_none(mapping(message.get("provenance")).get("kind"))
    author = "human" if is_human and source in (None, "external_user") else "client_injected"
    if source == "inter_session":
        author = "model"
    return Message("user", author, blocks, attachments=files)


def _assistant(message: dict[str, Any], tools: dict[str, str | None]) -> Message:
    blocks, files = _content(message.get("content"))
    for block in blocks:
        if block.kind == "tool_call" and block.tool_call_id:
            tools[block.tool_call_id] = block.tool_name
    if told := text_or_none(message.get("errorMessage")):
        blocks.append(Block("error", told))
    stop = text_or_none(message.get("stopReason"))
    made = Message("assistant", "model", blocks, attachments=files)
    made.model = text_or_none(message.get("model"))
    made.alias_id = text_or_none(message.get("responseId"))
    made.stop_reason = _STOPS.get(stop or "", stop)
    made.status = _STATUSES.get(stop or "")
    made.usage = usage_json(usage_of(mapping(message.get("usage")), _USAGE_NAMES))
    if message.get("provider") == "openclaw" and made.model in _ECHOES:
        made.author_kind, made.visible, made.flags, made.model, made.usage = (
            "client_injected",
            False,
            [made.model],
            None,
            None,
        )
    elif blocks and all(block.kind == "text" and is_silent(block.text or "") for block in blocks):
        made.visible = False
    return made


def _result(message: dict[str, Any], tools: dict[str, str | None]) -> Message:
    blocks, files = _content(message.get("content"))
    call_id = ident(message.get("toolCallId"))
    name = text_or_none(message.get("toolName")) or tools.get(call_id or "")
    texts = [block.text for block in blocks if block.kind == "text" and block.text]
    others = [block.payload for block in blocks if block.kind != "text"]
    result = Block("tool_result", "\n".join(texts) or None, tool_name=name, tool_call_id=call_id)
    result.is_error = flag(message.get("isError"))
    left_out = {"role", "content", "toolCallId", "toolName", "isError", "timestamp"}
    result.payload = rest({**message, "parts": others}, left_out)
    return Message("tool", "tool", [result], author_name=name, attachments=files)


def _content(content: Any) -> tuple[list[Block], list[Attachment]]:
    blocks: list[Block] = []
    files: list[Attachment] = []
    for part in (
        [content] if isinstance(content, str) else items(content) if isinstance(content, list | None) else [content]
    ):
        value = mapping(part)
        kind = text_or_none(value.get("type"))
        if isinstance(part, str):
            blocks += _texts(part)
        elif kind == "text" and isinstance(value.get("text"), str):
            blocks += _texts(value["text"])
        elif kind == "thinking" and text_or_none(value.get("thinking")):
            blocks.append(Block("thinking", value["thinking"]))
        elif kind == "toolCall":
            blocks.append(_call(value))
        elif kind == "image":
            stored = inline_bytes(value.get("data")) or {}
            blocks.append(Block("image", payload=as_json(value)))
            files.append(
                Attachment(mime_type=text_or_none(value.get("mimeType")), size_bytes=count(stored.get("size_bytes")))
            )
        else:
            blocks.append(Block("raw", payload=as_json(part)))
    return blocks, files


def _call(value: dict[str, Any]) -> Block:
    given = value.get("arguments")
    arguments = None if given is None else compact_json(given)
    left_out = {"type", "id", "name", "arguments", "thoughtSignature"}
    return Block(
        "tool_call",
        arguments,
        tool_name=text_or_none(value.get("name")),
        tool_call_id=ident(value.get("id")),
        arguments=arguments,
        payload=rest(value, left_out),
    )


def _texts(value: Any) -> list[Block]:
    if isinstance(value, str):
        return [Block("text", value)] if value else []
    return [
        block
        for part in items(value)
        for block in _texts(mapping(part).get("text") if isinstance(part, dict) else part)
    ]


def _note(blocks: list[Block], payload: str | None, flags: list[str] | None = None) -> Message:
    """What the client tells the model or keeps for itself."""
    if blocks:
        blocks[0].payload = payload
    elif payload:
        blocks = [Block("raw", payload=payload)]
    return Message("system", "client_injected", blocks, visible=False, flags=list(flags or []))
