"""The lines of a rollout to a conversation (EXPORT-FORMATS §14).

A reasoning, the words after it and the calls after those are one answer. Always: every line is a node; a turn that was
rolled back stays as a branch, and what follows begins where it began.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.codex import events, say
from moonshine_assets.exports.adapters.codex.items import call_block, message_blocks, picture_blocks, reasoning_blocks
from moonshine_assets.exports.adapters.codex.prompts import find_prompts
from moonshine_assets.exports.adapters.codex.wire import Entry, texts_of
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.fields import as_json, count, ident, mapping, text_or_none, without_bytes
from moonshine_assets.exports.records import Block, Message, Node
from moonshine_assets.exports.replay import print_of
from moonshine_assets.exports.times import to_micros
from moonshine_assets.exports.usage import largest, usage_json

#: The order in which an answer comes.
_REASONING, _WORDS, _CALL = range(3)


class Thread:
    """The nodes of a rollout, in its order; `current` is the node that a next line would follow."""

    def __init__(self, entries: list[Entry], own_from: int) -> None:
        own = entries[own_from:]
        self.nodes = [Node(f"line-{entry.number}", None, None) for entry in entries[:own_from]]
        self.replayed = own_from
        self.current: str | None = None
        self.title: str | None = None
        self.model: str | None = None
        self._by_id: dict[str, tuple[bytes, Node]] = {}
        self._parents: dict[str, str | None] = {}
        self._messages: dict[str, Message] = {}
        self._prompts = find_prompts(own)
        self._said = _said_by(own)
        self._call_ids = {name for entry in own if entry.kind == "item" for name in _names_of(entry)}
        self._tools: dict[str, str | None] = {}
        self._blocks: dict[str, Block] = {}
        self._turns: list[str | None] = []
        self._answer: Message | None = None  # the one that the next item may continue
        self._stage = _REASONING
        self._latest: Message | None = None  # the one that a usage or an interrupt is told of
        self._usage: dict[str, int] = {}
        self._total: Any = None
        for entry in entries[:own_from]:
            self._settle(entry)
        for entry in own:
            self._take(entry)
        self._add_details(own)

    def _take(self, entry: Entry) -> None:
        self._settle(entry)
        if entry.kind == "item":
            self._item(entry)
        elif entry.kind == "event":
            self._event(entry)
        elif entry.kind == "meta":
            self._place(entry, say.instructions(entry, self._said))
        elif entry.kind == "compacted":
            self._place(entry, say.compaction(entry, self._said))
        elif entry.kind == "unknown":
            self._place(entry, say.note([Block("raw", payload=as_json(entry.body))], ["unknown_record"]))
        else:
            self.nodes.append(Node(f"line-{entry.number}", None, None))

    def _settle(self, entry: Entry) -> None:
        """What lines say about those after them: the model, the title."""
        if entry.kind in ("turn", "meta") or entry.type in ("session_configured", "thread_settings_applied"):
            settings = mapping(entry.body.get("thread_settings")) or entry.body
            self.model = text_or_none(settings.get("model")) or self.model
        elif entry.type == "thread_name_updated":
            self.title = text_or_none(entry.body.get("thread_name")) or self.title

    def _item(self, entry: Entry) -> None:
        record_id = ident(entry.body.get("id"))
        known = self._by_id.get(record_id or "")
        if known is not None and known[0] == print_of("", entry.body):
            self.nodes.append(known[1])
            return
        stage = _stage_of(entry)
        if stage is None:
            made = None if entry.type == "ghost_snapshot" else say.of_item(entry, self._prompts, self._tools)
            if made is not None and made.role == "user" and made.author_kind == "human":
                self._turns.append(self.current)
                self._latest = None
            self._place(entry, made)
            return
        blocks = self._answer_blocks(entry)
        follows = stage > self._stage or (stage == self._stage and stage != _WORDS)
        if self._answer is not None and follows:
            self._answer.blocks += blocks
            answer = self._answer
            self._place(entry, None)
        else:
            answer = Message("assistant", "model", blocks, model=text_or_none(entry.body.get("model")) or self.model)
            self._place(entry, answer)
            self._usage = {}
        self._answer = self._latest = answer
        self._stage = stage

    def _answer_blocks(self, entry: Entry) -> list[Block]:
        if entry.type == "reasoning":
            return reasoning_blocks(entry.body)
        if entry.type == "message":
            return message_blocks(entry.body.get("content", entry.body.get("message")), entry.body.get("phase"))
        call = call_block(entry.type, entry.body)
        if call.tool_call_id:
            self._tools[call.tool_call_id] = call.tool_name
        return [call, *picture_blocks(entry.body)] if entry.type == "image_generation_call" else [call]

    def _event(self, entry: Entry) -> None:
        if entry.type == "token_count":
            self._count(entry)
        elif entry.type == "turn_aborted" and self._latest is not None:
            self._latest.status = "interrupted"
        elif entry.type == "thread_rolled_back":
            self._roll_back(count(entry.body.get("num_turns")) or 0)
        if entry.number in self._prompts.alone:
            self._turns.append(self.current)
            self._latest = None
            self._place(entry, say.spoken([Block("text", self._prompts.alone[entry.number])]))
            return
        is_mirror = events.call_id_of(entry) in self._call_ids or events.is_prompt(entry)
        message = None if is_mirror else events.message_of(entry, self._said)
        if message is None:
            self.nodes.append(Node(f"line-{entry.number}", None, None))
        else:
            self._place(entry, message)

    def _count(self, entry: Entry) -> None:
        usage, self._total = events.usage_from(entry, self._total)
        if self._latest is not None:
            self._usage = largest([self._usage, usage])
            self._latest.usage = usage_json(self._usage)
        self._answer = None

    def _roll_back(self, turns: int) -> None:
        """The last turns are gone: the next line follows what was before them."""
        if not turns or not self._turns:
            return
        begin = max(len(self._turns) - turns, 0)
        back_to = self._turns[begin]
        del self._turns[begin:]
        at = self.current
        while at is not None and at != back_to:
            if message := self._messages.get(at):
                message.flags = sorted({*message.flags, "rolled_back"})
            at = self._parents[at]
        self.current = back_to
        self._answer = self._latest = None

    def _place(self, entry: Entry, message: Message | None) -> None:
        """A node after the current one; without a message it only stands in the line."""
        self._answer = None
        record_id = ident(entry.body.get("id")) if entry.kind == "item" else None
        name = record_id if record_id and record_id not in self._parents else f"line-{entry.number}"
        node = Node(name, self.current, message)
        self.nodes.append(node)
        if record_id and entry.kind == "item":
            self._by_id.setdefault(record_id, (print_of("", entry.body), node))
        self._parents[name] = self.current
        self.current = name
        if message is None:
            return
        self._messages[name] = message
        message.created_at = to_micros(entry.time)

    def _add_details(self, own: list[Entry]) -> None:
        """What only events tell of calls: whether they failed, how long they took, what a search found."""
        blocks = [block for message in self._messages.values() for block in message.blocks if block.tool_call_id]
        by_call = {block.tool_call_id: block for block in sorted(blocks, key=lambda block: block.kind)}
        for entry in own:
            block = by_call.get(events.call_id_of(entry) or "") if entry.kind == "event" else None
            if block is None:
                continue
            failed, more = events.details(entry)
            if block.kind == "tool_result" and block.is_error is None:
                block.is_error = failed
            if more:
                told = compact_json({f"event_{entry.number}": without_bytes(more)})
                block.payload = f"{block.payload[:-1]},{told[1:]}" if block.payload else told


def _stage_of(entry: Entry) -> int | None:
    """Where in an answer an item stands; None for one that is no part of an answer."""
    if entry.type == "reasoning":
        return _REASONING
    if entry.type == "message":
        return _WORDS if entry.body.get("role") == "assistant" else None
    return _CALL if entry.type.endswith("_call") else None


def _names_of(entry: Entry) -> list[str]:
    return [name for key in ("call_id", "id") if (name := ident(entry.body.get(key)))]


def _said_by(own: list[Entry]) -> set[str]:
    """The texts that items say, whole and in parts."""
    said: set[str] = set()
    for entry in own:
        if entry.kind == "item":
            for key in ("content", "message", "summary", "text"):
                texts = texts_of(entry.body.get(key))
                said.update(text.strip() for text in (*texts, "".join(texts), "\n".join(texts), "\n\n".join(texts)))
    return said - {""}
