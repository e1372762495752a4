"""The content of a message of the Anthropic API to blocks (EXPORT-FORMATS §13)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, flag, ident, inline_bytes, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Attachment, Block

_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
#: Signatures prove to the provider that its thinking was not changed; they say nothing to a reader.
_THINKING_KEYS = frozenset({"type", "thinking", "signature"})
_CALL_KEYS = frozenset({"type", "id", "name", "input"})
_RESULT_KEYS = frozenset({"type", "tool_use_id", "is_error"})
_TEXT_KEYS = frozenset({"type", "text"})


def content_blocks(content: Any) -> list[Block]:
    """Blocks in order; a part of an unknown kind or type is a raw block, an empty text is none."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Block("text", content)] if content else []
    return [block for item in (content if isinstance(content, list) else [content]) for block in _block(item)]


def attached(content: Any) -> list[Attachment]:
    """One record for every picture and document of a content, those inside tool results included."""
    found: list[Attachment] = []
    for item in items(content):
        part = mapping(item)
        if part.get("type") in ("image", "document"):
            source = mapping(part.get("source"))
            stored = inline_bytes(source.get("data")) or {}
            found.append(
                Attachment(
                    attachment_id=ident(source.get("file_id")),
                    name=text_or_none(part.get("title")),
                    mime_type=text_or_none(source.get("media_type")),
                    size_bytes=stored.get("size_bytes"),
                )
            )
        elif part.get("type") == "tool_result":
            found.extend(attached(part.get("content")))
    return found


def calls_of(blocks: list[Block]) -> dict[str, str | None]:
    """Call id → tool name of the calls among blocks."""
    return {block.tool_call_id: block.tool_name for block in blocks if block.kind == "tool_call" and block.tool_call_id}


def _block(item: Any) -> list[Block]:
    if isinstance(item, str):
        return [Block("text", item)] if item else []
    if not isinstance(item, dict):
        return [Block("raw", payload=as_json(item))]
    kind = text_or_none(item.get("type"))
    if kind == "text" and isinstance(item.get("text"), str):
        payload = rest(item, _TEXT_KEYS)
        return [Block("text", item["text"] or None, payload=payload)] if item["text"] or payload else []
    if kind == "thinking" and text_or_none(item.get("thinking")):
        return [Block("thinking", item["thinking"], payload=rest(item, _THINKING_KEYS))]
    if kind in _CALLS:
        return [_call(item)]
    if kind == "tool_result" or (kind or "").endswith("_tool_result"):
        return [_result(item)]
    if kind in ("image", "document"):
        source = mapping(item.get("source"))
        text = text_or_none(source.get("data")) if source.get("type") == "text" else None
        return [Block("image" if kind == "image" else "file", text, payload=as_json(item))]
    return [Block("raw", payload=as_json(item))]


def _call(item: dict[str, Any]) -> Block:
    given = item.get("input")
    arguments = None if given is None else compact_json(given)
    return Block(
        "tool_call",
        arguments,
        tool_name=text_or_none(item.get("name")),
        tool_call_id=ident(item.get("id")),
        arguments=arguments,
        payload=rest(item, _CALL_KEYS),
    )


def _result(item: dict[str, Any]) -> Block:
    texts: list[str] = []
    others: list[Any] = []
    content = item.get("content")
    for part in content if isinstance(content, list) else [content]:
        said = part if isinstance(part, str) else mapping(part).get("text")
        if isinstance(said, str) and (isinstance(part, str) or mapping(part).get("type") == "text"):
            texts.append(said)
        elif part is not None:
            others.append(part)
    return Block(
        "tool_result",
        "\n".join(texts) or None,
        tool_call_id=ident(item.get("tool_use_id")),
        is_error=flag(item.get("is_error")),
        payload=rest({**item, "content": others}, _RESULT_KEYS),
    )
