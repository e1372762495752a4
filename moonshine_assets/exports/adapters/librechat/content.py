"""The parts of a message (EXPORT-FORMATS §7): `content[]`, or `text` of older ones, to blocks.

Always: a part of an unknown type becomes a raw block with its JSON and its text, never an error.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.librechat.wire import WireMessage
from moonshine_assets.exports.markup import split_markup
from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import (
    arguments_of,
    byte_size,
    ident,
    listing,
    output_of,
    payload,
    rest,
    text_or_none,
    texts_of,
)

ODD_CONTENT = "odd_content"

_MEDIA = {"image_file": "image", "image_url": "image", "input_audio": "audio", "video_url": "file"}
#: How older answers marked reasoning in their text.
_THINKING = (":::thinking\n", "\n:::\n")
_RESULT_LISTS = ("organic", "topStories", "news", "references", "sources", "results")


def message_blocks(wire: WireMessage, answers: bool, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """All blocks of a message; `answers`: a model's, whose text may hold tags."""
    blocks: list[Block] = []
    for part in wire.content if isinstance(wire.content, list) else [wire.content]:
        if isinstance(part, dict):
            blocks.extend(_part(part, answers, attachments))
        elif isinstance(part, str):
            blocks.extend(_prose(part, answers))
        elif part is not None:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", payload=payload(part)))
    said = {block.text for block in blocks}
    if isinstance(wire.text, str):
        blocks.extend(block for block in _prose(wire.text, answers) if block.text not in said)
    elif wire.text is not None:
        flags.add(ODD_CONTENT)
        blocks.append(Block("raw", payload=payload({"text": wire.text})))
    for plugins in (wire.plugin, wire.plugins):
        for plugin in plugins if isinstance(plugins, list) else [plugins]:
            blocks.extend(_plugin(plugin))
    blocks.extend(_files(wire.files, attachments, flags))
    blocks.extend(_attached(wire.attachments, attachments, flags))
    return blocks


def _prose(text: str, answers: bool) -> list[Block]:
    opening, closing = _THINKING
    if answers and text.startswith(opening):
        thought, _, text = text.removeprefix(opening).partition(closing)
        return [Block("thinking", thought or None), *split_markup(text.strip("\n"))]
    if answers:
        return split_markup(text)
    return [Block("text", text)] if text else []


def _part(part: dict[str, Any], answers: bool, attachments: list[Attachment]) -> list[Block]:
    kind = part.get("type")
    if kind in ("text", "think", "error") and isinstance(kind, str):
        said = part.get(kind) if part.get(kind) is not None else part.get("text")
        texts, others = texts_of({"text": said} if isinstance(said, dict) else said)
        more = rest({**part, "others": others}, ("type", kind, "text"))
        blocks = [
            block for text in texts for block in (_prose(text, answers) if kind == "text" else [_noted(kind, text)])
        ]
        return [*blocks, Block("raw", payload=more)] if more else blocks
    if kind == "tool_call":
        return _call(part)
    if isinstance(kind, str) and kind in _MEDIA:
        inside = part.get(kind)
        if isinstance(inside, dict) and ident(inside.get("file_id")):
            attachments.append(_record(inside))
        return [Block(_MEDIA[kind], payload=payload(part))]
    texts, _ = texts_of([part])
    return [Block("raw", "\n".join(texts) or None, payload=payload(part))]


def _noted(kind: str, text: str) -> Block:
    return Block("thinking", text) if kind == "think" else Block("error", text, is_error=True)


def _call(part: dict[str, Any]) -> list[Block]:
    """The call and its result: of a tool, of a function, or of the code interpreter, which name things differently."""
    given = part.get("tool_call")
    if given is not None and not isinstance(given, dict):
        return [Block("raw", text_or_none(given), payload=payload(part))]
    call: dict[str, Any] = given if isinstance(given, dict) else part
    kind = text_or_none(call.get("type")) or ""
    nested = call.get(kind)
    holders: list[dict[str, Any]] = [call, nested] if isinstance(nested, dict) else [call]

    def first(*keys: str) -> Any:
        return next((found for holder in holders for key in keys if (found := holder.get(key)) is not None), None)

    call_id = ident(call.get("id")) or ident(call.get("tool_call_id"))
    name = text_or_none(first("name")) or (kind if kind != "tool_call" else None) or None
    arguments, text = arguments_of(first("args", "arguments", "input"))
    left_out = ("type", "id", "name", "args", "arguments", "input", "output", "outputs", "progress", kind)
    blocks = [Block("tool_call", text, name, call_id, arguments, payload=rest(call, left_out))]
    result, others = output_of(first("output", "outputs"))
    if result or others:
        blocks.append(Block("tool_result", result, name, call_id, payload=others))
    return blocks


def _plugin(plugin: Any) -> list[Block]:
    """What plugins of 2023 did: thoughts, calls and results of each step, and what came out at the end."""
    if not isinstance(plugin, dict):
        return [Block("raw", payload=payload(plugin))] if plugin else []
    blocks: list[Block] = []
    inputs = plugin.get("inputs")
    for step in inputs if isinstance(inputs, list) else []:
        if not isinstance(step, dict):
            blocks += [Block("raw", payload=payload(step))] if step is not None else []
            continue
        name = text_or_none(step.get("plugin"))
        if thought := text_or_none(step.get("thought")):
            blocks.append(Block("thinking", thought))
        arguments, text = arguments_of(step.get("input") if step.get("input") is not None else step.get("inputStr"))
        if text:
            blocks.append(Block("tool_call", text, name, arguments=arguments))
        result, others = output_of(step.get("outputStr") if step.get("outputStr") is not None else step.get("output"))
        if result or others:
            blocks.append(Block("tool_result", result, name, payload=others))
    result, others = output_of(plugin.get("outputs"))
    if result or others:
        blocks.append(Block("tool_result", result, text_or_none(plugin.get("latest")), payload=others))
    return blocks


def _files(files: Any, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """A block and an attachment for every file; text that was read out of it is the block's."""
    blocks: list[Block] = []
    for item in files if isinstance(files, list) else [files]:
        if isinstance(item, dict):
            text = text_or_none(item.get("text"))
            image = isinstance(item.get("type"), str) and item["type"].startswith("image")
            blocks.append(Block("image" if image else "file", text, payload=rest(item, ("text",) if text else ())))
            attachments.append(_record(item))
        elif item:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", payload=payload(item)))
    return blocks


def _attached(listed: Any, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """What tools left beside the answer: files, and results of searches as citations."""
    blocks: list[Block] = []
    for item in listed if isinstance(listed, list) else [listed]:
        kind = item.get("type") if isinstance(item, dict) else None
        found = item.get(kind) if isinstance(kind, str) else None
        if isinstance(found, dict):
            texts = [text for key in _RESULT_LISTS if found.get(key) and (text := listing(found[key]))]
            blocks.append(
                Block(
                    "citation", "\n\n".join(texts) or None, kind, ident(item.get("toolCallId")), payload=payload(item)
                )
            )
        else:
            blocks.extend(_files([item], attachments, flags))
    return blocks


def _record(item: dict[str, Any]) -> Attachment:
    return Attachment(
        attachment_id=ident(item.get("file_id")),
        name=text_or_none(item.get("filename")),
        mime_type=text_or_none(item.get("type")),
        size_bytes=byte_size(item.get("bytes")),
    )
