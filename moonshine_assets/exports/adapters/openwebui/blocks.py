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
    typed = {block.kind for block in blocks if block.text}
    rendered = content_blocks(wire.content, answers, flags)
    # a rendering has thinking and calls in other words than the items it is made of
    add_missing(blocks, [block for block in rendered if block.kind == "text" or block.kind not in typed], flags)
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

    Places repeat each other with other blanks: a text that stands in the blocks already is left out.
    Adds `content_differs` to `flags` where prose is added to other prose.
    """
    if not blocks or not further:
        blocks.extend(further)
        return
    said = [_squeezed(block) for block in blocks]
    prose = "".join(text for block, text in zip(blocks, said, strict=True) if block.kind == "text")
    for block in further:
        text = _squeezed(block)
        if text and (text in prose or any(text in one for one in said)):
            continue
        if block.kind == "text" and prose:
            flags.add("content_differs")
        if block.kind == "thinking":
            blocks.insert(0, block)
        else:
            blocks.append(block)


def _squeezed(block: Block) -> str:
    return "".join(block.text.split()) if block.text else ""


def _executions(listed: Any) -> list[Block]:
    """Code that was run beside the text, and its results."""
    blocks: list[Block] = []
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict):
            blocks += [Block("raw", payload=payload(item))] if item is not None else []
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
