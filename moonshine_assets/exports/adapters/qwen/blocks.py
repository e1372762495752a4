"""The parts of a message of Qwen (EXPORT-FORMATS §4): the phases of `content_list`, or what older files have instead.

Always: a phase that is not known becomes a raw block with its JSON and its text, never an error.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from moonshine_assets.exports.adapters.openwebui.blocks import add_missing, content_blocks, thinking_blocks
from moonshine_assets.exports.adapters.openwebui.files import file_blocks
from moonshine_assets.exports.adapters.openwebui.wire import WireMessage
from moonshine_assets.exports.markup import split_markup
from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import (
    arguments_of,
    ident,
    listing,
    output_of,
    payload,
    rest,
    text_or_none,
    texts_of,
    unsigned,
)

_FINISHED = "finished"
#: Phases that make a picture, a film or a voice; their content is the address of the file.
_MEDIA = {"image_gen": "image", "image_edit": "image", "video_gen": "file", "tts": "audio"}
#: Keys without meaning for a reader: the stream's, and how many tokens the phase took.
_PLACE = ("phase", "status", "role", "response_id", "usage", "content")
#: Phases in which a tool works, besides those whose item has a call or a result.
_TOOLS = frozenset({"web_search", "tool_call", "code_interpreter", "web_extractor", "mcp", "deep_research"})


def message_blocks(wire: WireMessage, answers: bool, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """All blocks of a message; `answers`: the model's, whose text may hold tags."""
    blocks: list[Block] = []
    for item in wire.content_list if isinstance(wire.content_list, list) else [wire.content_list]:
        if isinstance(item, dict):
            blocks.extend(_phase(item, answers, flags))
        elif item is not None:
            flags.add("odd_content")
            blocks.append(Block("raw", text_or_none(item), payload=payload(item)))
    add_missing(blocks, content_blocks(wire.content, answers, flags), flags)
    add_missing(blocks, thinking_blocks(wire.reasoning_content), flags)
    if wire.files:
        blocks.extend(file_blocks(wire.files, attachments, flags))
    return blocks


def cut_signatures(blocks: list[Block]) -> bool:
    """Cut the signed queries off the addresses in an answer's texts; whether there were any."""
    cut = False
    for block in blocks:
        if block.text is not None and "=eyJ" in block.text and (text := unsigned(block.text)) != block.text:
            block.text, cut = text, True
    return cut


def unfinished(content_list: Any) -> str | None:
    """The status of the last answer, where it did not finish."""
    listed = content_list if isinstance(content_list, list) else []
    said = [item for item in listed if isinstance(item, dict) and item.get("phase") == "answer"]
    status = text_or_none(said[-1].get("status")) if said else None
    return status if status != _FINISHED else None


def instructions(wire: WireMessage) -> str | None:
    """What the person had set to be said before every message."""
    config = wire.feature_config
    return text_or_none(config.get("instructions")) if isinstance(config, dict) else None


def _phase(item: dict[str, Any], answers: bool, flags: set[str]) -> list[Block]:
    phase = item.get("phase")
    content = item.get("content")
    if (phase is not None and not isinstance(phase, str)) or (content is not None and not isinstance(content, str)):
        flags.add("odd_content")
        texts, _ = texts_of(content)
        return [Block("raw", "\n".join(texts) or None, payload=payload(item))]
    if phase == "think":
        more = rest(item, _PLACE)
        return [Block("thinking", content or None, payload=more)] if content or more else []
    if phase == "thinking_summary":
        return _summary(item, content)
    if phase in ("answer", None, ""):
        return _answer(item, content, answers)
    if phase in _MEDIA:
        return _media(_MEDIA[phase], item, content)
    extra = item.get("extra")
    if phase in _TOOLS or item.get("function_call") or (isinstance(extra, dict) and "tool_result" in extra):
        return _tool(phase, item, content)
    return [Block("raw", content or None, payload=payload(item))]


def _answer(item: dict[str, Any], content: str | None, answers: bool) -> list[Block]:
    blocks = split_markup(content or "") if answers else [Block("text", content)] if content else []
    if more := rest(item, _PLACE):
        blocks.append(Block("raw", payload=more))
    return blocks


def _summary(item: dict[str, Any], content: str | None) -> list[Block]:
    """Titles and thoughts in step, as `**title**` and the thought, an empty line between them."""
    extra = item.get("extra")
    inside = extra if isinstance(extra, dict) else {}
    titles, thoughts = (_texts(inside.get(key)) for key in ("summary_title", "summary_thought"))
    parts = [
        "\n".join(line for line in (f"**{title}**" if title else "", thought) if line)
        for title, thought in zip_longest(titles, thoughts, fillvalue="")
    ]
    text = "\n\n".join(part for part in (*parts, content) if part) or None
    left = {key: value for key, value in inside.items() if key not in ("summary_title", "summary_thought")}
    more = rest({**item, "extra": left if isinstance(extra, dict) else extra}, _PLACE)
    return [Block("thinking", text, payload=more)] if text or more else []


def _texts(value: Any) -> list[str]:
    """The texts of `{"content": [text, …]}`."""
    return texts_of(value.get("content") if isinstance(value, dict) else value)[0]


def _media(kind: str, item: dict[str, Any], content: str | None) -> list[Block]:
    address = content is not None and "://" in content and not content.strip().count(" ")
    text = None if address else content or None
    more = rest({**item, "address": unsigned(content or "") if address else None}, _PLACE)
    return [Block(kind, text, payload=more)] if text or more else []


def _tool(phase: str, item: dict[str, Any], content: str | None) -> list[Block]:
    """The call, where the item has one, then what came back: the content of the item and the results beside it."""
    stated = item.get("function_call")
    call = stated if isinstance(stated, dict) else {}
    name = text_or_none(call.get("name")) or text_or_none(item.get("name")) or phase
    call_id = ident(item.get("function_id")) or ident(item.get("tool_call_id"))
    blocks: list[Block] = []
    if stated:
        arguments, text = arguments_of(call.get("arguments") if call else stated)
        blocks.append(Block("tool_call", text, name, call_id, arguments, payload=rest(call, ("name", "arguments"))))
    extra = item.get("extra")
    found: list[str | None] = [content]
    if isinstance(extra, dict):
        found += [listing(extra["web_search_info"]) if extra.get("web_search_info") else None]
        found += [_result(extra.get("tool_result"))]
    text = "\n\n".join(dict.fromkeys(part for part in found if part)) or None
    more = rest(item, (*_PLACE, "function_call", "function_id", "tool_call_id", "name"))
    if text or more or not blocks:
        blocks.append(Block("tool_result", text, name, call_id, payload=more))
    return blocks


def _result(value: Any) -> str | None:
    """A result, of which a list of pages is read as such."""
    pages = value.get("docs") if isinstance(value, dict) else value
    if isinstance(pages, list) and (text := listing(pages)):
        return text
    return output_of(value)[0]
