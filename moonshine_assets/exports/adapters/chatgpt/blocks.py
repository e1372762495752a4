"""Content → blocks: one rule a content type (EXPORT-FORMATS §2.6); what is unknown is kept raw."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.chatgpt.calls import call_block, result_error, result_images
from moonshine_assets.exports.adapters.chatgpt.citations import citation_blocks, replace_marks
from moonshine_assets.exports.adapters.chatgpt.parts import Piece, Pointers, pieces_of
from moonshine_assets.exports.adapters.chatgpt.research import report_blocks
from moonshine_assets.exports.adapters.chatgpt.wire import Metadata, WireMessage, as_text
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block

__all__ = ["CONTEXT_TYPES", "Pointers", "message_blocks"]

#: content type → the keys that hold its texts, in order.
CONTEXT_TYPES: dict[str, tuple[str, ...]] = {
    "user_editable_context": ("user_profile", "user_instructions"),
    "model_editable_context": ("model_set_context", "repository", "repo_summary", "structured_context"),
}

#: Content types whose text is one string: type → keys that may hold it, the first that is filled counts.
_ONE_TEXT: dict[str, tuple[str, ...]] = {
    "code": ("text",),
    "execution_output": ("text",),
    "tether_browsing_display": ("result", "summary"),
    "tether_quote": ("text",),
    "sonic_webpage": ("text", "snippet"),
}

#: Where a content type that is not known may hold text; a recap's `content` is a label, not text.
_RAW_TEXT_KEYS = ("text", "result", "output_str")

_MARKED_KINDS = frozenset(("text", "thinking", "tool_result", "artifact"))


def message_blocks(
    wire: WireMessage,
    metadata: Metadata,
    role: str,
    name: str | None,
    recipient: str | None,
    pointers: Pointers,
) -> list[Block]:
    """All blocks of a message; asset pointers met on the way are added to `pointers`."""
    content = wire.content
    if type(content) is dict:
        blocks = _content_blocks(content, wire, metadata, role, name, recipient, pointers)
    elif isinstance(content, str):
        pieces: list[Piece] = [content] if content else []
        blocks = _pieces_blocks(pieces, None, "text", wire, metadata, role, name, recipient)
    elif content is None:
        blocks = []
    else:
        blocks = [Block("raw", payload=compact_json(content))]

    if metadata is not wire.metadata:
        return blocks
    if isinstance(metadata.user_context_message_data, dict) and not blocks:
        blocks = _joined("text", metadata.user_context_message_data.values())
    if metadata.aggregate_result is not None:
        blocks += result_images(metadata.aggregate_result, pointers)
    if metadata.chatgpt_sdk is not None:
        blocks += report_blocks(metadata.chatgpt_sdk)
    for block in blocks:
        if block.text is not None and block.kind in _MARKED_KINDS:
            block.text = replace_marks(block.text, metadata.content_references) or None
    return blocks + citation_blocks(metadata)


def _content_blocks(
    content: dict[str, Any],
    wire: WireMessage,
    metadata: Metadata,
    role: str,
    name: str | None,
    recipient: str | None,
    pointers: Pointers,
) -> list[Block]:
    kind = content.get("content_type")
    if kind == "text" or kind == "multimodal_text" or kind is None:
        pieces = pieces_of(content, pointers)
        if pieces is None:
            return [_raw(content, name or recipient)] if len(content) > (kind is not None) else []
        return _pieces_blocks(pieces, None, "text", wire, metadata, role, name, recipient)
    if not isinstance(kind, str):
        return [_raw(content, name or recipient)]
    if kind in _ONE_TEXT:
        text_key = next((key for key in _ONE_TEXT[kind] if as_text(content.get(key))), None)
        rest = {key: v for key, v in content.items() if key not in ("content_type", text_key) and v not in (None, "")}
        payload = compact_json(rest) if rest else None
        one = [content[text_key]] if text_key is not None else []
        as_kind = "code" if kind == "code" else "tool_result"
        return _pieces_blocks(one, payload, as_kind, wire, metadata, role, name, recipient)
    if kind == "thoughts":
        return _thoughts(content)
    if kind == "system_error":
        text = as_text(content.get("text")) or as_text(content.get("name"))
        payload = compact_json({"name": content["name"]}) if content.get("name") is not None else None
        return [Block("error", text=text, tool_name=name, is_error=True, payload=payload)]
    if kind in CONTEXT_TYPES:
        return _joined("text", (content.get(key) for key in CONTEXT_TYPES[kind]))
    return [_raw(content, name or recipient)]


def _pieces_blocks(
    pieces: list[Piece],
    payload: str | None,
    kind: str,
    wire: WireMessage,
    metadata: Metadata,
    role: str,
    name: str | None,
    recipient: str | None,
) -> list[Block]:
    """Texts and media in order; for a tool's answer or a call all texts are one block, before the media."""
    if role == "tool" or kind == "tool_result":
        media = [piece for piece in pieces if isinstance(piece, Block)]
        text = "\n".join([piece for piece in pieces if isinstance(piece, str)])
        if media and not text:
            return media
        if payload is None and metadata.canvas is not None:
            payload = compact_json({"canvas": metadata.canvas})
        is_error = result_error(metadata.aggregate_result)
        return [Block("tool_result", text=text or None, tool_name=name, is_error=is_error, payload=payload), *media]
    if role == "assistant" and recipient is not None:
        media = [piece for piece in pieces if isinstance(piece, Block)]
        text = "\n".join([piece for piece in pieces if isinstance(piece, str)])
        return [call_block(text, recipient, payload), *media]
    if wire.channel is not None and wire.channel != "final" and role == "assistant":
        # only channel final is the answer; analysis is reasoning, commentary is said on the way
        if wire.channel == "analysis" and kind == "text":
            kind = "thinking"
        elif payload is None and isinstance(wire.channel, str):
            payload = compact_json({"channel": wire.channel})
    return [piece if isinstance(piece, Block) else Block(kind, text=piece, payload=payload) for piece in pieces]


def _thoughts(content: dict[str, Any]) -> list[Block]:
    """All thoughts as one thinking block: `**summary**` and content, an empty line between thoughts."""
    thoughts = content.get("thoughts")
    if not isinstance(thoughts, list):
        thoughts = content.get("parts")
    if not isinstance(thoughts, list):
        return [_raw(content, None)] if len(content) > 1 else []
    return _joined("thinking", (_thought(thought) for thought in thoughts))


def _thought(thought: object) -> object:
    if not isinstance(thought, dict):
        return thought
    summary, body = as_text(thought.get("summary")), as_text(thought.get("content"))
    chunks = thought.get("chunks")
    if body is None and isinstance(chunks, list):
        body = "".join(chunk for chunk in chunks if isinstance(chunk, str))
    return "\n".join(line for line in (f"**{summary}**" if summary else None, body) if line) or None


def _joined(kind: str, values: Any) -> list[Block]:
    """One block of the texts among `values`, an empty line between them; other values are its payload."""
    texts: list[str] = []
    others: list[object] = []
    for value in values:
        if isinstance(value, str):
            texts += [value] if value else []
        elif value is not None:
            others.append(value)
    if not texts and not others:
        return []
    payload = compact_json(others) if others else None
    return [Block(kind, text="\n\n".join(texts) or None, payload=payload)]


def _raw(content: dict[str, Any], tool_name: str | None) -> Block:
    """A content type of its own: the JSON whole, and what is plainly text in it as the block's text."""
    parts = content.get("parts")
    strings = [part for part in parts if isinstance(part, str) and part] if isinstance(parts, list) else []
    if not strings:
        strings = [text for key in _RAW_TEXT_KEYS if (text := as_text(content.get(key))) is not None][:1]
    return Block("raw", text="\n".join(strings) or None, tool_name=tool_name, payload=compact_json(content))
