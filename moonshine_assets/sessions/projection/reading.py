"""Lines of a member, one after the other, to what they say: a reader a kind of log, with what it must remember.

In: the objects of new lines in their order. Out: for each of them what it says, or None: it is left out. Always: what
a reader remembers between two looks is small, and part of the state that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from moonshine_assets.exports.fields import ident
from moonshine_assets.exports.records import Block
from moonshine_assets.exports.times import to_micros
from moonshine_assets.sessions.projection.noise import is_noise
from moonshine_assets.sessions.projection.said import Said, said_by

#: So many texts back a mirror of a text is known as one.
_MIRRORS = 64
#: Calls whose results are still to come.
_OPEN_CALLS = 512


class Memory(msgspec.Struct):
    """What a reader remembers: names of tools by the id of a call, the model, and of texts that an item and an event
    say alike, which of them said it (prints of the last ones); of an answer in several lines the ids of those that
    were left out."""

    tools: dict[str, str] = {}
    by_item: list[str] = []
    by_event: list[str] = []
    model: str = ""
    left_out: dict[str, list[str]] = {}


class LogLine(NamedTuple):
    """A line: its object, its rank among the lines that are not blank, and among those that are objects."""

    value: dict[str, Any]
    rank: int
    record: int


Reader = Callable[[Sequence[LogLine], Memory, bool], list[Said | None]]


def claude_code(found: Sequence[LogLine], memory: Memory, is_agent: bool) -> list[Said | None]:
    """Lines of Claude Code; a line of an answer is told by itself, under its own id."""
    from moonshine_assets.exports.adapters.claude_code.blocks import calls_of
    from moonshine_assets.exports.adapters.claude_code.message import answer_of, message_of

    told: list[Said | None] = []
    for line in found:
        kind = line.value.get("type")
        message = answer_of([line.value]) if kind == "assistant" else message_of(line.value, {**memory.tools})
        if message is not None and kind == "assistant":
            _remember(memory, calls_of(message.blocks))
        name = ident(line.value.get("uuid")) or f"line-{line.record}"
        answer = message.alias_id if message is not None and kind == "assistant" else None
        # a queued prompt is said again when its turn comes
        if message is None or is_noise(message) or kind == "queue-operation":
            if answer:
                memory.left_out = {answer: [*memory.left_out.get(answer, []), name]}
            told.append(None)
            continue
        of_agent = is_agent or line.value.get("isSidechain") is True
        also = tuple(memory.left_out.pop(answer, ())) if answer else ()
        told.append(said_by(name, message, of_agent)._replace(also=also))
    return told


def openclaw(found: Sequence[LogLine], memory: Memory, is_agent: bool) -> list[Said | None]:
    """Entries of OpenClaw."""
    from moonshine_assets.exports.adapters.openclaw.message import message_of

    told: list[Said | None] = []
    for line in found:
        tools: dict[str, str | None] = {**memory.tools}
        message = message_of(line.value, tools)
        _remember(memory, {name: tool for name, tool in tools.items() if name not in memory.tools})
        if message is None or is_noise(message):
            told.append(None)
            continue
        name = ident(line.value.get("id")) or f"line-{line.record}"
        told.append(said_by(name, message, is_agent))
    return told


def codex(found: Sequence[LogLine], memory: Memory, is_agent: bool) -> list[Said | None]:
    """Lines of a rollout: what items say, and of events what no item says."""
    from moonshine_assets.exports.adapters.codex.wire import entry

    entries = [entry(line.rank, line.value) for line in found]
    texts = {_print(text) for one in entries if one.kind == "item" for text in _codex_texts(one.body)}
    told: list[Said | None] = []
    for one in entries:
        message = _codex_message(one, memory, texts)
        if message is None or is_noise(message):
            told.append(None)
            continue
        message.created_at = to_micros(one.time)
        record_id = ident(one.body.get("id")) if one.kind == "item" else None
        told.append(said_by(record_id or f"line-{one.number}", message, is_agent))
    return told


def plain(found: Sequence[LogLine], memory: Memory, is_agent: bool) -> list[Said | None]:  # noqa: ARG001 - as the others
    """Lines of a log that no adapter knows: every text in them, under the path of its keys."""
    from moonshine_assets.sessions.projection.render import flattened

    told: list[Said | None] = []
    for line in found:
        text = "\n".join(f"{path}: {value}" for path, value in flattened(line.value))
        at = next(
            (at for key in ("timestamp", "time", "created_at", "ts") if (at := to_micros(line.value.get(key)))), None
        )
        name = ident(line.value.get("id")) or ident(line.value.get("uuid")) or f"line-{line.record}"
        who = {"user": "user", "human": "user", "assistant": "assistant", "tool": "tool"}.get(
            str(line.value.get("role") or line.value.get("type")), "client"
        )
        told.append(Said(name, who, at, [Block("text", text)]) if text.strip() else None)
    return told


READERS: dict[str, Reader] = {"claude_code": claude_code, "codex": codex, "openclaw": openclaw}


def _codex_message(one: Any, memory: Memory, texts: set[str]) -> Any:
    from moonshine_assets.exports.adapters.codex import events, items, say
    from moonshine_assets.exports.adapters.codex.prompts import Prompts, is_machine_written, prompt_of
    from moonshine_assets.exports.adapters.codex.wire import texts_of
    from moonshine_assets.exports.fields import text_or_none
    from moonshine_assets.exports.records import Message

    if one.kind == "turn":
        memory.model = text_or_none(one.body.get("model")) or memory.model
        return None
    if one.kind == "compacted":
        summaries = [text] if (text := text_or_none(one.body.get("message"))) else []
        return say.note([Block("text", text) for text in summaries], ["compaction_summary"])
    if one.kind == "event":
        if one.type in ("error", "stream_error", "warning", "exited_review_mode"):
            return events.message_of(one, set())
        prompt = prompt_of(one)
        spoken = [prompt] if prompt else texts_of(one.body.get("message")) if one.type == "agent_message" else []
        new = [text for text in spoken if _print(text) not in texts and _print(text) not in memory.by_item]
        memory.by_event = _lengthened(memory.by_event, new)
        if prompt and new:
            return None if is_machine_written(prompt) else Message("user", "human", [Block("text", prompt)])
        return (
            Message("assistant", "model", [Block("text", text) for text in new], flags=["event_only"]) if new else None
        )
    if one.kind != "item" or one.type in ("ghost_snapshot", "compaction"):
        return None
    if one.type == "reasoning":
        return Message("assistant", "model", items.reasoning_blocks(one.body), model=memory.model)
    if one.type == "message" and one.body.get("role") == "assistant":
        blocks = items.message_blocks(one.body.get("content", one.body.get("message")), one.body.get("phase"))
        return None if _is_told(memory, blocks) else Message("assistant", "model", blocks, model=memory.model)
    if one.type.endswith("_call"):
        call = items.call_block(one.type, one.body)
        _remember(memory, {call.tool_call_id: call.tool_name} if call.tool_call_id else {})
        return Message("assistant", "model", [call], model=memory.model)
    known: dict[str, str | None] = {**memory.tools}
    made = say.of_item(one, Prompts(set(), {}, False), known)
    return None if made.author_kind == "human" and _is_told(memory, made.blocks) else made


def _codex_texts(body: dict[str, Any]) -> list[str]:
    from moonshine_assets.exports.adapters.codex.wire import texts_of

    texts = texts_of(body.get("content", body.get("message")))
    return [*texts, "".join(texts), "\n".join(texts)]


def _is_told(memory: Memory, blocks: Sequence[Block]) -> bool:
    """Whether an event has told what an item says; each telling counts once."""
    spoken = [block.text for block in blocks if block.text]
    if spoken and all(_print(text) in memory.by_event for text in spoken):
        for text in spoken:
            if _print(text) in memory.by_event:
                memory.by_event.remove(_print(text))
        return True
    memory.by_item = _lengthened(memory.by_item, [*spoken, "\n".join(spoken)])
    return False


def _lengthened(prints: list[str], texts: Sequence[str]) -> list[str]:
    return [*prints, *map(_print, texts)][-_MIRRORS:]


def _remember(memory: Memory, calls: dict[str, str | None]) -> None:
    memory.tools.update({name: tool for name, tool in calls.items() if tool})
    while len(memory.tools) > _OPEN_CALLS:
        del memory.tools[next(iter(memory.tools))]


def _print(text: str) -> str:
    return blake2b(text.strip().encode("utf-8", "replace"), digest_size=8).hexdigest()
