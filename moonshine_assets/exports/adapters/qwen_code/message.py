"""One record of a log to the message it says, or to none (EXPORT-FORMATS §1, §13: a body as Gemini's)."""

from __future__ import annotations

import re
from typing import Any

from moonshine_assets.exports.adapters.gemini_cli.blocks import attached, part_blocks
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, count, mapping, rest, text_or_none
from moonshine_assets.exports.records import Block, Message
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.usage import largest, usage_json, usage_of

#: What the client puts around a prompt, and what it says itself in the user's role.
_WRAPPED = re.compile(r"<(qwen:[\w-]+|system-reminder|session_context)(?:\s[^<>]*)?>.*?</\1>", re.DOTALL)
_COMMAND = re.compile(r"\s*(?:/[a-z][\w:-]*(?:\s|\Z)|\[Request interrupted by user)")
#: Kinds of user records that a person has written; every other kind is the client's.
_TYPED = (None, "mid_turn_user_message", "user_message")
_ENVELOPE = frozenset({"cwd", "gitBranch", "parentUuid", "sessionId", "timestamp", "type", "uuid", "version"})
_FAILED = ("error", "cancelled", "canceled", "failed")
_USAGE_NAMES = {
    "input": "promptTokenCount",
    "output": "candidatesTokenCount",
    "cache_read": "cachedContentTokenCount",
    "reasoning": "thoughtsTokenCount",
}
#: Notes of the client that repeat what messages say, or say nothing.
_STATE = ("at_command", "custom_title", "file_history_snapshot", "rewind", "session_start", "ui_telemetry")


def message_of(record: dict[str, Any]) -> Message | None:
    """The message of a record that is no answer; None for the client's state."""
    kind = text_or_none(record.get("type"))
    if kind == "user":
        made = _prompt(record)
    elif kind == "tool_result":
        made = _result(record)
    elif kind == "system" and record.get("subtype") in _STATE:
        return None
    elif kind == "system":
        made = _note(record)
    else:
        raw = [Block("raw", payload=as_json(record))]
        made = Message("system", "client_injected", raw, visible=False, flags=["unknown_record"])
    made.created_at = to_micros(record.get("timestamp"))
    return made


def answer_of(records: list[dict[str, Any]]) -> Message:
    """The one message that the lines of an answer make, its blocks in file order, its usage the largest."""
    made = Message("assistant", "model", [])
    for record in records:
        parts = _parts(record)
        made.blocks += part_blocks(parts)
        made.attachments = [*made.attachments, *attached(parts)]
        made.model = text_or_none(record.get("model")) or made.model
    made.usage = usage_json(largest(_usage(mapping(record.get("usageMetadata"))) for record in records))
    made.created_at = next((at for record in records if (at := to_micros(record.get("timestamp")))), None)
    return made


def _usage(stated: dict[str, Any]) -> dict[str, int]:
    usage = usage_of(stated, _USAGE_NAMES)
    if "input" in usage:  # what came from the cache is counted as input too
        usage["input"] = max(usage["input"] - (count(stated.get("cachedContentTokenCount")) or 0), 0)
    return usage


def _prompt(record: dict[str, Any]) -> Message:
    blocks = part_blocks(_parts(record))
    texts = [block for block in blocks if block.kind == "text" and block.text]
    typed = text_or_none(mapping(record.get("systemPayload")).get("displayText"))
    alone = typed is not None and not any(typed in (block.text or "") for block in texts)
    is_human = not texts or (typed is not None and alone and _COMMAND.match(typed) is None)
    for block in texts:
        said = block.text or ""
        injected = [match[0] for match in _WRAPPED.finditer(said)]
        left = _WRAPPED.sub("", said).strip() if injected else said
        if typed is not None and typed not in said:
            injected, left = [said], ""
        is_human = is_human or (bool(left.strip()) and _COMMAND.match(left) is None)
        if injected:
            block.payload = compact_json({"injected": injected})
            block.text, block.kind = (left, "text") if left else (None, "raw")
    is_human = is_human and record.get("subtype") in _TYPED
    if not is_human:
        blocks = part_blocks(_parts(record))
    if alone:
        # What the person typed and the message does not say.
        blocks.insert(0, Block("text", typed))
    author = "human" if is_human else "client_injected"
    return Message("user", author, blocks, attachments=attached(_parts(record)))


def _result(record: dict[str, Any]) -> Message:
    blocks = part_blocks(_parts(record))
    told = mapping(record.get("toolCallResult"))
    status = text_or_none(told.get("status"))
    results = [block for block in blocks if block.kind == "tool_result"]
    for block in results:
        if status is not None:
            block.is_error = status in _FAILED or (None if status != "success" else False)
    if results:
        shown = {"resultDisplay": told.get("resultDisplay")} if told.get("resultDisplay") != results[0].text else {}
        extra = rest({**told, "resultDisplay": None, **shown}, {"callId", "status", "responseParts"})
        if extra:
            results[0].payload = extra if not results[0].payload else results[0].payload[:-1] + "," + extra[1:]
    name = next((block.tool_name for block in results), None)
    return Message("tool", "tool", blocks, author_name=name, attachments=attached(_parts(record)))


def _note(record: dict[str, Any]) -> Message:
    """A note of the client: its words, where it has any, and the rest as it stands."""
    payload = mapping(record.get("systemPayload"))
    texts = [
        text for key in ("displayText", "summary", "rawCommand", "text") if (text := text_or_none(payload.get(key)))
    ]
    blocks = [*part_blocks(_parts(record)), *(Block("text", text) for text in texts)]
    more = rest(record, _ENVELOPE | {"message", "subtype"})
    if more:
        blocks = blocks or [Block("raw")]
        blocks[-1].payload = blocks[-1].payload or more
    made = Message("system", "client_injected", blocks, visible=False, author_name=text_or_none(record.get("subtype")))
    made.flags = ["compaction_summary"] if made.author_name == "chat_compression" else []
    return made


def _parts(record: dict[str, Any]) -> Any:
    """The parts of a record's message; a message that is none is the one part."""
    message = record.get("message")
    if isinstance(message, dict) and ("parts" in message or not message):
        return message.get("parts")
    return [message] if message else None
