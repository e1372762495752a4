"""One message of a session to what it says (EXPORT-FORMATS §16)."""

from __future__ import annotations

import re
from typing import Any

from moonshine_assets.exports.adapters.gemini_cli.blocks import attached, call_block, part_blocks, result_block
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, count, items, mapping, others, rest, text_or_none
from moonshine_assets.exports.records import Block, Message
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.usage import usage_json, usage_of

#: Context that the client puts in the user's role, and commands that it carries out itself.
_MACHINE = re.compile(
    r"\s*(?:<(session_context|state_snapshot|hook_context|system_note|environment_context)>.*"
    r"|This is the Gemini CLI\. We are setting up the context"
    r"|System: "
    r"|Please continue\.\s*\Z"
    r"|/[a-z][\w:-]*(?:\s|\Z))",
    re.DOTALL,
)
_CALL_KEYS = frozenset(
    {"id", "name", "args", "result", "resultDisplay", "status", "timestamp", "renderOutputAsMarkdown"}
)
_USAGE_NAMES = {"input": "input", "output": "output", "cache_read": "cached", "reasoning": "thoughts"}


def message_of(record: dict[str, Any]) -> Message:
    """The message of a record; of an unknown type a hidden one with the record as it stands."""
    kind = text_or_none(record.get("type"))
    if kind == "user":
        made = _user(record)
    elif kind == "gemini":
        made = _answer(record)
    elif kind in ("info", "warning", "error"):
        blocks = part_blocks(record.get("content"))
        if kind == "error":
            blocks = [Block("error", block.text, payload=block.payload) for block in blocks]
        made = Message("system", "client_injected", blocks, author_name=kind)
    else:
        raw = [Block("raw", payload=as_json(record))]
        made = Message("system", "client_injected", raw, visible=False, flags=["unknown_record"])
    made.created_at = to_micros(record.get("timestamp"))
    return made


def _user(record: dict[str, Any]) -> Message:
    blocks = part_blocks(record.get("content"))
    if blocks and all(block.kind == "tool_result" for block in blocks):
        return Message("tool", "tool", blocks, author_name=blocks[0].tool_name)
    typed = "\n".join(block.text for block in part_blocks(record.get("displayContent")) if block.text)
    texts = [block for block in blocks if block.kind == "text"]
    if typed and texts and "\n".join(block.text or "" for block in texts) != typed:
        # what the client added to the prompt, files that it names for instance, is not the person's
        sent = [block.text for block in texts]
        blocks = [Block("text", typed, payload=compact_json({"sent": sent})), *(b for b in blocks if b.kind != "text")]
    is_machine = bool(texts) and not typed and all(_MACHINE.match(block.text or "") for block in texts)
    is_machine = is_machine or (bool(typed) and _MACHINE.match(typed) is not None)
    author = "client_injected" if is_machine else "human"
    return Message("user", author, blocks, attachments=attached(record.get("content")))


def _answer(record: dict[str, Any]) -> Message:
    thoughts = [_thought(thought) for thought in items(record.get("thoughts")) if thought and isinstance(thought, dict)]
    blocks = [*thoughts, *part_blocks(record.get("content"))]
    for item in items(record.get("toolCalls")):
        if isinstance(item, dict):
            blocks.extend(_call(item))
    odd = [*others(record.get("thoughts")), *others(record.get("toolCalls"))]
    blocks += [Block("raw", payload=as_json(item)) for item in odd]
    made = Message("assistant", "model", blocks, model=text_or_none(record.get("model")))
    stated = mapping(record.get("tokens"))
    usage = usage_of(stated, _USAGE_NAMES)
    if "input" in usage:  # Gemini counts what came from the cache as input too
        usage["input"] = max(usage["input"] - (count(stated.get("cached")) or 0), 0)
    made.usage = usage_json(usage)
    return made


def _thought(thought: dict[str, Any]) -> Block:
    said = [text for key in ("subject", "description") if (text := text_or_none(thought.get(key)))]
    odd = [thought.get(key) for key in ("subject", "description") if not isinstance(thought.get(key), str | None)]
    payload = as_json(thought) if odd or not said else None
    return Block("thinking" if said else "raw", "\n".join(said) or None, payload=payload)


def _call(call: dict[str, Any]) -> list[Block]:
    """A call and its answer, which stands beside it; none while the tool was at work."""
    blocks = [call_block(call.get("name"), call.get("id"), call.get("args"), rest(call, _CALL_KEYS))]
    result = call.get("result")
    shown = call.get("resultDisplay")
    if result is None and shown is None:
        return blocks
    answers = [mapping(mapping(part).get("functionResponse")).get("response") for part in items(result)]
    answers = [answer for answer in answers if answer is not None]
    others = [part for part in items(result) if "functionResponse" not in mapping(part)]
    response = answers[0] if len(answers) == 1 and not others else answers or result
    block = result_block(
        response if response is not None else shown, call.get("name"), call.get("id"), call.get("status"), shown
    )
    if others and len(answers) == 1:
        block = result_block(
            answers[0], call.get("name"), call.get("id"), call.get("status"), {"parts": others, "shown": shown}
        )
    return [*blocks, block]
