"""What the model and the tools say, to blocks (EXPORT-FORMATS §14)."""

from __future__ import annotations

import json
import re
from typing import Any

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, flag, ident, inline_bytes, items, mapping, rest, text_or_none
from moonshine_assets.exports.records import Attachment, Block

_NAMES = {
    "image_generation_call": "image_generation",
    "local_shell_call": "local_shell",
    "tool_search_call": "tool_search",
    "web_search_call": "web_search",
}
_TEXT_PARTS = frozenset({"input_text", "output_text", "text", "reasoning_text", "summary_text", "inputText", "Text"})
#: Envelopes that repeat what stands elsewhere.
_ASIDE = frozenset({"type", "id", "internal_chat_message_metadata_passthrough", "metadata", "timestamp", "created_at"})
_CALL_KEYS = _ASIDE | {"name", "arguments", "input", "action", "call_id", "function", "status", "result"}
_RESULT_KEYS = _ASIDE | {"call_id", "name", "output", "result", "status", "tools", "success"}
_EXIT = re.compile(r"^(?:Process exited with code|Exit code:) (-?\d+)$", re.MULTILINE)


def message_blocks(content: Any, phase: Any = None) -> list[Block]:
    """The parts of a message; what was said on the way to the answer is told by `channel` in the payload."""
    channel = compact_json({"channel": phase}) if phase == "commentary" else None
    if isinstance(content, str):
        return [Block("text", content, payload=channel)] if content else []
    blocks: list[Block] = []
    for part in items(content) if isinstance(content, list | None) else [content]:
        value = mapping(part)
        kind = text_or_none(value.get("type"))
        text = value.get("text")
        if isinstance(text, str) and (kind in _TEXT_PARTS or kind is None):
            blocks += [Block("text", text, payload=channel)] if text else []
        elif kind in ("input_image", "image", "local_image"):
            blocks.append(Block("image", payload=as_json(part)))
        else:
            blocks.append(Block("raw", payload=as_json(part)))
    return blocks


def attached(content: Any) -> list[Attachment]:
    """One record for every picture of a content."""
    found = []
    for part in items(content):
        value = mapping(part)
        if value.get("type") in ("input_image", "image", "local_image"):
            stored = inline_bytes(value.get("image_url")) or {}
            found.append(
                Attachment(
                    attachment_id=ident(value.get("file_id")),
                    name=text_or_none(value.get("path")),
                    mime_type=stored.get("mime_type"),
                    size_bytes=stored.get("size_bytes"),
                )
            )
    return found


def reasoning_blocks(body: dict[str, Any]) -> list[Block]:
    """Thinking as far as it is readable; what is encrypted is kept as it stands."""
    opaque = rest({"encrypted_content": body.get("encrypted_content")}, frozenset())
    blocks = [
        Block("thinking", text) for key in ("summary", "content") if (text := "\n\n".join(_part_texts(body.get(key))))
    ]
    if not blocks:
        return [Block("raw", payload=opaque or as_json(body))]
    blocks[0].payload = opaque
    return blocks


def call_block(kind: str, body: dict[str, Any]) -> Block:
    """A call of any kind; free text as input (a patch) is the argument `input`."""
    function = mapping(body.get("function"))
    given = next((body[key] for key in ("arguments", "input", "action") if body.get(key) is not None), None)
    given = function.get("arguments") if given is None else given
    text, arguments = _arguments(given, "input" in body)
    return Block(
        "tool_call",
        text,
        tool_name=text_or_none(body.get("name")) or text_or_none(function.get("name")) or _NAMES.get(kind),
        tool_call_id=ident(body.get("call_id")) or ident(body.get("id")),
        arguments=arguments,
        payload=rest(body, _CALL_KEYS),
    )


def picture_blocks(body: dict[str, Any]) -> list[Block]:
    """What an image_generation_call made."""
    made = body.get("result")
    return [Block("image", text_or_none(body.get("revised_prompt")), payload=as_json({"data": made}))] if made else []


def result_block(body: dict[str, Any], tools: dict[str, str | None]) -> Block:
    """An answer of a tool in any form: a text, JSON in a text, an object, or parts."""
    call_id = ident(body.get("call_id"))
    output = next((body[key] for key in ("output", "result", "tools") if body.get(key) is not None), None)
    text, failed, more = _output(output)
    succeeded = flag(body.get("success"))
    return Block(
        "tool_result",
        text,
        tool_name=tools.get(call_id or "") or text_or_none(body.get("name")),
        tool_call_id=call_id,
        is_error=failed if succeeded is None else not succeeded,
        payload=rest({**body, "more": more}, _RESULT_KEYS),
    )


def _arguments(given: Any, is_free: bool) -> tuple[str | None, str | None]:
    if given is None:
        return None, None
    if not isinstance(given, str):
        arguments = compact_json(given)
        return arguments, arguments
    if is_free:
        return given or None, compact_json({"input": given})
    try:
        json.loads(given)
    except (ValueError, RecursionError):
        return given or None, compact_json(given)
    return given, given


def _output(output: Any) -> tuple[str | None, bool | None, Any]:
    """Text, failure as far as it is told, and what else there is."""
    if isinstance(output, str):
        value = _loaded(output)
        if isinstance(value.get("output"), str) and "metadata" in value:
            return _output(value)
        return output or None, _failed_by_text(output), None
    if isinstance(output, list):
        texts = _part_texts(output)
        others = [part for part in output if not isinstance(mapping(part).get("text"), str)]
        text = "\n".join(texts) or None
        return text, _failed_by_text(text or ""), others
    if not isinstance(output, dict):
        return None, None, output
    texts = [text for key in ("content", "output", "stdout", "stderr", "text") for text in _part_texts(output.get(key))]
    code = mapping(output.get("metadata")).get("exit_code", output.get("exitCode", output.get("exit_code")))
    succeeded = flag(output.get("success"))
    failed = code != 0 if isinstance(code, int) and not isinstance(code, bool) else None
    if not texts:
        return as_json(output), failed if succeeded is None else not succeeded, None
    more = {key: item for key, item in output.items() if not _part_texts(item)}
    return "\n".join(texts), failed if succeeded is None else not succeeded, more


def _part_texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content] if content else []
    found = (part if isinstance(part, str) else mapping(part).get("text") for part in items(content))
    return [text for text in found if isinstance(text, str) and text]


def _failed_by_text(text: str) -> bool | None:
    match = _EXIT.search(text[:2000])
    return int(match[1]) != 0 if match else None


def _loaded(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        return mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}
