"""The parts of a message of Open WebUI (EXPORT-FORMATS §6), and what is common to the chats of its kin."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.openwebui.files import file_blocks
from moonshine_assets.exports.adapters.openwebui.output import output_blocks
from moonshine_assets.exports.adapters.openwebui.wire import WireMessage
from moonshine_assets.exports.markup import code_call, split_markup
from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import ident, output_of, payload, rest, text_or_none, texts_of

#: The site's notes beside an answer; of no meaning for what was said.
_ASIDES = ("statusHistory", "followUps")


def message_blocks(wire: WireMessage, answers: bool, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """All blocks of a message; `answers`: a model's, whose text may hold tags."""
    blocks = output_blocks(wire.output, flags) if wire.output else []
    add_missing(blocks, content_blocks(wire.content, answers, flags), flags)
    add_missing(blocks, thinking_blocks(wire.reasoning_content), flags)
    add_missing(blocks, _executions(wire.code_executions), flags)
    if original := text_or_none(wire.originalContent):
        blocks.append(Block("raw", original, payload=payload({"originalContent": len(original)})))
    for listed in (wire.sources, wire.citations):
        blocks.extend(_sources(listed))
    blocks.extend(file_blocks(wire.files, attachments, flags) if wire.files else ())
    aside = {name: value for name in _ASIDES if (value := getattr(wire, name))}
    if aside:
        blocks.append(Block("raw", payload=payload(aside)))
    return blocks


def content_blocks(content: Any, answers: bool, flags: set[str]) -> list[Block]:
    """A string, or parts in the manner of the OpenAI interface."""
    if isinstance(content, str):
        return split_markup(content) if answers else [Block("text", content)] if content else []
    blocks: list[Block] = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and "image" in kind:
            blocks.append(Block("image", payload=payload(part)))
            continue
        texts, others = texts_of(part)
        blocks.extend(Block("text", text) for text in texts)
        if others:
            flags.add("odd_content")
            blocks.append(Block("raw", payload=payload(others[0])))
    return blocks


def thinking_blocks(value: Any) -> list[Block]:
    """`reasoning_content`, where it stands beside the content."""
    texts, others = texts_of(value)
    more = payload(others) if others else None
    return [Block("thinking", "\n\n".join(texts) or None, payload=more)] if texts or more else []


def add_missing(blocks: list[Block], further: list[Block], flags: set[str]) -> None:
    """Add what another place of the message says beyond `blocks`; thinking goes first.

    A rendering repeats prose with other blanks, and thinking and calls in its own words: prose is left out where it
    stands in the blocks already, the other kinds where there are some.
    """
    if not blocks:
        blocks.extend(further)
        return
    has = {block.kind for block in blocks if block.text}
    said = ["".join(block.text.split()) for block in blocks if block.text]
    whole = "".join("".join(block.text.split()) for block in blocks if block.text and block.kind == "text")
    for block in further:
        squeezed = "".join((block.text or "").split())
        if block.kind == "text":
            if squeezed and squeezed not in whole and not any(squeezed in one for one in said):
                flags.add("content_differs")
                blocks.append(block)
        elif block.kind not in has:
            if block.kind == "thinking":
                blocks.insert(0, block)
            else:
                blocks.append(block)


def _executions(listed: Any) -> list[Block]:
    """Code that was run beside the text, and its results."""
    blocks: list[Block] = []
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict):
            blocks.append(Block("raw", payload=payload(item)))
            continue
        call_id = ident(item.get("id")) or ident(item.get("uuid"))
        name = text_or_none(item.get("name")) or "code_interpreter"
        if code := text_or_none(item.get("code")):
            blocks.append(code_call(code, text_or_none(item.get("language")), name, call_id))
        text, others = output_of(item.get("result"))
        if text or others:
            blocks.append(Block("tool_result", text, name, call_id, payload=others))
    return blocks


def _sources(listed: Any) -> list[Block]:
    """A citation for every source, with the passages that were found in it as its text."""
    blocks: list[Block] = []
    for item in listed if isinstance(listed, list) else [listed]:
        if isinstance(item, dict):
            texts, others = texts_of(item.get("document"))
            blocks.append(Block("citation", "\n\n".join(texts) or None, payload=rest({**item, "document": others}, ())))
        elif item:
            blocks.append(Block("citation", payload=payload(item)))
    return blocks
