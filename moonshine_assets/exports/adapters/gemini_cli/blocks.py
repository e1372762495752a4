"""Parts of the Gemini API to blocks; Qwen Code writes the same (EXPORT-FORMATS §13, §16)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, ident, inline_bytes, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Attachment, Block

_FAILED = frozenset({"error", "cancelled", "canceled", "failed"})
_SUCCEEDED = frozenset({"success", "completed"})


def part_blocks(content: Any) -> list[Block]:
    """The parts of a content in order: text, thoughts, inline data, calls and their answers; others as they stand."""
    if isinstance(content, str):
        return [Block("text", content)] if content else []
    return [block for part in _listed(content) for block in _part(part)]


def attached(content: Any) -> list[Attachment]:
    """One record for every file among the parts."""
    found = []
    for part in _listed(content):
        value = mapping(part)
        data = mapping(value.get("inlineData")) or mapping(value.get("fileData"))
        if data:
            stored = inline_bytes(data.get("data")) or {}
            found.append(
                Attachment(
                    attachment_id=ident(data.get("fileUri")),
                    name=text_or_none(data.get("displayName")),
                    mime_type=text_or_none(data.get("mimeType")),
                    size_bytes=stored.get("size_bytes"),
                )
            )
    return found


def call_block(name: Any, call_id: Any, given: Any, payload: str | None = None) -> Block:
    """A call of a tool."""
    arguments = None if given is None else compact_json(given)
    return Block(
        "tool_call",
        arguments,
        tool_name=text_or_none(name),
        tool_call_id=ident(call_id),
        arguments=arguments,
        payload=payload,
    )


def result_block(response: Any, name: Any, call_id: Any, status: Any, shown: Any = None) -> Block:
    """The answer of a tool: what it said to the model; what was shown of it goes to the payload when it differs."""
    value = mapping(response)
    told = [text for key in ("output", "content", "error", "llmContent") for text in _texts(value.get(key))]
    text = "\n".join(told) if told else text_or_none(response) or (as_json(response) if response else None)
    more = {key: item for key, item in value.items() if not _texts(item)} if told else {}
    state = text_or_none(status)
    failed = True if state in _FAILED else False if state in _SUCCEEDED else None
    return Block(
        "tool_result",
        text,
        tool_name=text_or_none(name),
        tool_call_id=ident(call_id),
        is_error=failed,
        payload=rest({**more, "resultDisplay": None if shown == text else shown}, frozenset()),
    )


def _part(part: Any) -> list[Block]:
    if isinstance(part, str):
        return [Block("text", part)] if part else []
    value = mapping(part)
    text = value.get("text")
    if isinstance(text, str):
        payload = rest(value, {"text", "thought", "thoughtSignature"})
        kind = "thinking" if value.get("thought") is True else "text"
        return [Block(kind, text or None, payload=payload)] if text or payload else []
    call = mapping(value.get("functionCall"))
    if call:
        return [call_block(call.get("name"), call.get("id"), call.get("args"))]
    answer = mapping(value.get("functionResponse"))
    if answer:
        return [result_block(answer.get("response"), answer.get("name"), answer.get("id"), None)]
    if isinstance(value.get("inlineData"), dict) or isinstance(value.get("fileData"), dict):
        data = mapping(value.get("inlineData")) or mapping(value.get("fileData"))
        kind = (text_or_none(data.get("mimeType")) or "").partition("/")[0]
        return [Block(kind if kind in ("image", "audio") else "file", payload=as_json(part))]
    return [Block("raw", payload=as_json(part))] if part is not None else []


def _listed(content: Any) -> list[Any]:
    if isinstance(content, list):
        return content
    return [] if content is None else [content]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [
        text for part in items(value) for text in _texts(part if isinstance(part, str) else mapping(part).get("text"))
    ]
