"""A message with its parts to what it says (EXPORT-FORMATS §17)."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.opencode.blocks import attached, error_block, part_blocks
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, mapping, text_or_none
from moonshine_assets.exports.records import Block, Message
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.usage import usage_json, usage_of

_STOPS = {"tool-calls": "tool_use"}
_CACHE_NAMES = {"cache_read": "read", "cache_write": "write"}
_USAGE_NAMES = {"input": "input", "output": "output", "reasoning": "reasoning"}
_NOTES = ("synthetic", "system", "compaction", "shell", "agent-switched", "model-switched")


def message_of(info: dict[str, Any], parts: list[dict[str, Any]]) -> Message:
    """The message of a record and its parts; of an unknown role a hidden one."""
    role = text_or_none(info.get("role"))
    if role == "user":
        made = _prompt(info, parts)
    elif role == "assistant":
        made = _answer(info, parts)
    else:
        blocks = [block for part in parts for block in part_blocks(part)]
        if role not in _NOTES:
            blocks.append(Block("raw", payload=as_json(info)))
        made = Message("system", "client_injected", blocks, visible=False, author_name=role)
        made.flags = [] if role in _NOTES else ["unknown_record"]
    made.attachments = [file for part in parts if (file := attached(part)) is not None]
    made.created_at = time_of(info)
    return made


def time_of(info: dict[str, Any]) -> int | None:
    """When a message or session was begun."""
    return to_micros(mapping(info.get("time")).get("created"))


def _prompt(info: dict[str, Any], parts: list[dict[str, Any]]) -> Message:
    """A prompt: what the client added to it goes to the payloads, unless there is nothing else."""
    added = [part for part in parts if part.get("synthetic") is True or part.get("ignored") is True]
    typed = [part for part in parts if part not in added]
    is_human = any(part.get("type") in ("text", "file", "agent") for part in typed)
    if not parts:
        summary = mapping(info.get("summary"))
        said = text_or_none(summary.get("body")) or text_or_none(summary.get("title"))
        blocks = [Block("text", said)] if said else []
        return Message("user", "human", blocks, flags=["text_from_summary"] if said else [])
    blocks = []
    for part in parts:
        made = part_blocks(part)
        if is_human and part in added:
            made = [Block("raw", payload=compact_json({"injected": [block.text]})) for block in made if block.text]
        blocks += made
    return Message("user", "human" if is_human else "client_injected", blocks)


def _answer(info: dict[str, Any], parts: list[dict[str, Any]]) -> Message:
    made = Message("assistant", "model", [block for part in parts for block in part_blocks(part)])
    model = mapping(info.get("model"))
    made.model = next(
        (name for name in (info.get("modelID"), model.get("modelID"), model.get("id")) if text_or_none(name)), None
    )
    finish = text_or_none(info.get("finish"))
    made.stop_reason = _STOPS.get(finish or "", finish)
    stated = mapping(info.get("tokens"))
    made.usage = usage_json(usage_of(stated, _USAGE_NAMES) | usage_of(mapping(stated.get("cache")), _CACHE_NAMES))
    if (failed := error_block(info.get("error"))) is not None:
        made.blocks.append(failed)
        name = text_or_none(mapping(info.get("error")).get("name")) or ""
        made.status = "interrupted" if "Abort" in name else "error"
    if info.get("summary") is True:
        made.visible, made.flags = False, ["compaction_summary"]
    if (
        parts
        and all(part.get("synthetic") is True for part in parts if part.get("type") == "text")
        and any(part.get("type") == "text" for part in parts)
    ):
        made.flags = sorted({*made.flags, "synthetic"})
    return made
