"""The parts of a message (EXPORT-FORMATS §3.4): `content[]` and the flattened `text` to blocks.

Always: a part of an unknown kind or an odd type becomes a raw block with its JSON, never an error.
"""

from __future__ import annotations

import re
from typing import Any

from moonshine_assets.exports.adapters.claude.wire import ident, text_or_none
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Block

ODD_CONTENT = "odd_content"

#: What `text` holds in place of a part its maker could not flatten.
_PLACEHOLDER = re.compile(
    r"(?:```\s*)?This block is not supported on your current device yet\.(?:\s*```)?"
    r"|(?:```\s*)?Viewing artifacts created via the Analysis Tool[^\n]*(?:\s*```)?"
)
_ARTIFACT_COMMANDS = ("create", "update", "rewrite")
#: Keys without meaning for a reader: clocks of the stream, signatures, and how the site draws the block.
_NOT_KEPT = frozenset(
    {
        "type",
        "start_timestamp",
        "stop_timestamp",
        "signature",
        "display_content",
        "icon_name",
        "integration_icon_url",
    }
)
_TEXT_KEYS = _NOT_KEPT | {"text"}
_THINKING_KEYS = _NOT_KEPT | {"thinking"}
_CALL_KEYS = _NOT_KEPT | {"id", "name", "input"}
_RESULT_KEYS = _NOT_KEPT | {"tool_use_id", "name", "is_error"}


def message_blocks(content: Any, text: Any, flags: set[str]) -> list[Block]:
    """Blocks of a message in order; `text` counts only where no block of `content` bears text.

    Adds `odd_content` to `flags` where a part has a type the format does not know.
    """
    blocks: list[Block] = []
    if isinstance(content, list):
        for item in content:
            blocks.extend(_blocks(item, flags))
    elif isinstance(content, str):
        if content:
            blocks.append(Block("text", content))
    elif content is not None:
        blocks.append(_odd(content, flags))
    if not any(block.text for block in blocks):
        blocks[:0] = _flattened(text, not blocks, flags)
    return blocks


def beside(compaction_summary: Any, sync_sources: Any) -> list[Block]:
    """What the interface has beside the content: the summary of a talk that grew too long, whose JSON is kept where it
    is no text, and the sources that documents were taken from."""
    blocks: list[Block] = []
    if compaction_summary:
        text = text_or_none(compaction_summary)
        held = None if text is not None else compact_json({"compaction_summary": compaction_summary})
        blocks.append(Block("raw", text, payload=held))
    if sync_sources:
        blocks.append(Block("raw", payload=compact_json({"sync_sources": sync_sources})))
    return blocks


def rest(item: dict[str, Any], left_out: frozenset[str]) -> str | None:
    """What an object holds besides the keys left out and empty values, as JSON; None when that is nothing."""
    kept = {key: value for key, value in item.items() if value and key not in left_out}
    return compact_json(kept) if kept else None


def _flattened(text: Any, alone: bool, flags: set[str]) -> list[Block]:
    if not text:
        return []
    if not isinstance(text, str):
        return [_odd({"text": text}, flags)]
    if _PLACEHOLDER.sub("", text).strip():
        return [Block("text", text)]
    return [Block("raw", payload=compact_json({"text": text}))] if alone else []


def _blocks(item: Any, flags: set[str]) -> list[Block]:
    """The block of one part; none for an empty text."""
    if isinstance(item, str):
        return [Block("text", item)] if item else []
    if not isinstance(item, dict):
        return [_odd(item, flags)]
    kind = item.get("type")
    if kind == "text":
        return _text(item, flags)
    if kind == "thinking":
        return [_thinking(item)]
    if kind == "tool_use":
        return [_call(item)]
    if kind == "tool_result":
        return [_result(item)]
    return [Block("raw", payload=compact_json(item))]


def _text(item: dict[str, Any], flags: set[str]) -> list[Block]:
    text = item.get("text")
    if text is not None and not isinstance(text, str):
        return [_odd(item, flags)]
    payload = rest(item, _TEXT_KEYS)
    return [Block("text", text or None, payload=payload)] if text or payload else []


def _thinking(item: dict[str, Any]) -> Block:
    text = text_or_none(item.get("thinking"))
    if text is None:  # hidden or redacted
        return Block("raw", payload=compact_json(item))
    return Block("thinking", text, payload=rest(item, _THINKING_KEYS))


def _call(item: dict[str, Any]) -> Block:
    given = item.get("input")
    name = text_or_none(item.get("name"))
    call = Block(
        "tool_call",
        tool_name=name,
        tool_call_id=ident(item.get("id")),
        arguments=None if given is None else compact_json(given),
        payload=rest(item, _CALL_KEYS),
    )
    if isinstance(given, dict) and (
        name == "artifacts" or (given.get("command") in _ARTIFACT_COMMANDS and ident(given.get("id")))
    ):
        call.kind = "artifact"
        call.tool_name = "artifacts"
        call.text = text_or_none(given.get("content")) or text_or_none(given.get("new_str"))
    else:
        call.text = call.arguments
    return call


def _result(item: dict[str, Any]) -> Block:
    content = item.get("content")
    texts: list[str] = []
    others: list[Any] = []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif isinstance(part, dict) and part.get("type") == "knowledge":
            texts.extend(line for key in ("title", "url", "text") if (line := text_or_none(part.get(key))))
        elif part is not None:
            others.append(part)
    failed = item.get("is_error")
    return Block(
        "tool_result",
        "\n".join(texts) or None,
        tool_name=text_or_none(item.get("name")),
        tool_call_id=ident(item.get("tool_use_id")),
        is_error=failed if isinstance(failed, bool) else None,
        payload=rest({**item, "content": others}, _RESULT_KEYS),
    )


def _odd(value: Any, flags: set[str]) -> Block:
    flags.add(ODD_CONTENT)
    return Block("raw", payload=compact_json(value))
