"""The records of one session or sub-agent to a conversation (EXPORT-FORMATS §13).

In: its lines in file order. Out: a `ParsedConversation` with a node for every line. Always: what is said twice counts
as a duplicate, what another conversation has said as replayed, and parallel tool calls stand in one line.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from moonshine_assets.exports.adapters.claude_code.answers import answer_usage, group_answers
from moonshine_assets.exports.adapters.claude_code.blocks import calls_of
from moonshine_assets.exports.adapters.claude_code.injected import is_interrupt
from moonshine_assets.exports.adapters.claude_code.message import BOOKKEEPING, answer_of, message_of
from moonshine_assets.exports.chain import Chained, Start, chain
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import Message, Node
from moonshine_assets.exports.replay import Owners, print_of

_CONTENT = ("type", "message", "attachment", "content", "summary")


class Thread:
    """The nodes of one conversation, built from its records; `all_ids` are those of the whole file, other conversations
    included."""

    def __init__(
        self, conversation_id: str, records: list[dict[str, Any]], owners: Owners, all_ids: frozenset[str]
    ) -> None:
        self.conversation_id = conversation_id
        self.owners = owners
        self.all_ids = all_ids
        self.flags: set[str] = set()
        self.replayed = 0
        self.continues: str | None = None
        self._places: list[int | Node] = []  # rank among the linked records, or the node itself
        self._linked: list[dict[str, Any]] = []
        self._replays: set[int] = set()
        self._take_in(records)
        self.ids = self._unique_ids()
        pointers = self._pointers()
        first = group_answers(self._linked, pointers)
        self.messages = self._messages(first)
        self.chained = self._chain(pointers, first)
        self._mark_interrupted()

    def nodes(self) -> list[Node]:
        """A node for each record, in file order; a record that comes again is the same node again."""
        made = []
        for rank, above in enumerate(self.chained.parents):
            parent = self.ids[above] if above >= 0 else self._lost.get(rank)
            message = None if rank in self._replays else self.messages[rank]
            made.append(Node(self.ids[rank], parent, message))
        return [made[place] if isinstance(place, int) else place for place in self._places]

    def leaf(self) -> str | None:
        """The end of the stretch in which the last prompt, answer or result stands."""
        spoken = [
            rank
            for rank, message in enumerate(self.messages)
            if message is not None and message.role != "system" and rank not in self._replays
        ]
        ranks = spoken or range(len(self._linked))
        return self.ids[self.chained.tails[ranks[-1]]] if ranks else None

    def _take_in(self, records: list[dict[str, Any]]) -> None:
        """Sort out bookkeeping, copies within the conversation, and copies of another one's records."""
        known: dict[bytes, int] = {}
        for number, record in enumerate(records):
            record_id = ident(record.get("uuid"))
            if record_id is None:
                if text_or_none(record.get("type")) in BOOKKEEPING:
                    self._places.append(Node(f"line-{number}", None, None))
                    continue
            else:
                content = [record.get(key) for key in _CONTENT]
                rank = known.setdefault(print_of(record_id, content), len(self._linked))
                if rank < len(self._linked):
                    self._places.append(rank)
                    continue
                owner = self.owners.claim(record_id, content, self.conversation_id)
                if owner is not None:
                    self._replays.add(len(self._linked))
                    self.continues = owner
                    self.flags.add("replay_dropped")
            self._places.append(len(self._linked))
            self._linked.append({**record, "line": number})
        self.replayed = len(self._replays)

    def _unique_ids(self) -> list[str]:
        stated = [ident(record.get("uuid")) or f"line-{record['line']}" for record in self._linked]
        taken = set(stated)
        if len(taken) == len(stated):
            return stated
        self.flags.add("duplicate_ids")
        copies: dict[str, int] = {}
        unique = []
        for name in stated:
            copies[name] = copies.get(name, 0) + 1
            unique.append(name)
            while copies[name] > 1 and unique[-1] in taken:
                unique[-1] = f"{name}#{copies[name]}"
                copies[name] += unique[-1] in taken
            taken.add(unique[-1])
        return unique

    def _pointers(self) -> list[int]:
        """Rank of the record each one points to; -1 at a root, the ids of lost parents go to `_lost`."""
        ranks: dict[str, list[int]] = {}
        for rank, record in enumerate(self._linked):
            if record_id := ident(record.get("uuid")):
                ranks.setdefault(record_id, []).append(rank)
        pointing = sum(1 for record in self._linked if ident(record.get("parentUuid")))
        is_unlinked = pointing * 2 < len(self._linked) - 1
        self._lost: dict[int, str] = {}
        pointers = []
        begun = min((found[0] for found in ranks.values()), default=0)
        for rank, record in enumerate(self._linked):
            pointer = ident(record.get("parentUuid")) or ident(record.get("logicalParentUuid"))
            found = ranks.get(pointer or "")
            if found:
                place = bisect_left(found, rank)
                pointers.append(found[place - 1] if place else found[0])
            elif pointer is not None:
                pointers.append(-1)
                self._lose(rank, pointer)
            else:
                # what stands before the first record with an id, and a compaction, do not begin the session anew
                follows = rank <= begun or "parentUuid" not in record or record.get("subtype") == "compact_boundary"
                pointers.append(rank - 1 if follows or is_unlinked else -1)
        return pointers

    def _lose(self, rank: int, pointer: str) -> None:
        owner = self.owners.of(pointer)
        if owner is not None and owner != self.conversation_id:
            self.continues = self.continues or owner
        elif pointer not in self.all_ids:
            self._lost[rank] = pointer

    def _messages(self, first: list[int]) -> list[Message | None]:
        """One message a record; an answer's stands at its first line."""
        lines_of: dict[int, list[dict[str, Any]]] = {}
        for rank, begun in enumerate(first):
            if begun >= 0:
                lines_of.setdefault(begun, []).append(self._linked[rank])
        messages: list[Message | None] = [None] * len(self._linked)
        tools: dict[str, str | None] = {}
        for begun, lines in lines_of.items():
            answer = answer_of(lines)
            answer.usage = answer_usage(lines)
            tools.update(calls_of(answer.blocks))
            messages[begun] = answer
        for rank, record in enumerate(self._linked):
            if first[rank] < 0 and record.get("type") != "queue-operation":
                messages[rank] = message_of(record, tools)
        said = {block.text for message in messages if message is not None for block in message.blocks}
        for rank, record in enumerate(self._linked):
            # a queued prompt is said again when its turn comes
            if record.get("type") == "queue-operation":
                queued = message_of(record, tools)
                if queued is not None and any(_is_new(block.text, said) for block in queued.blocks):
                    messages[rank] = queued
        for rank, message in enumerate(messages):
            if message is not None and self.ids[rank] not in (
                ident(self._linked[rank].get("uuid")),
                f"line-{self._linked[rank]['line']}",
            ):
                message.flags = sorted({*message.flags, "duplicate_id"})
        return messages

    def _chain(self, pointers: list[int], first: list[int]) -> Chained:
        starts: list[Start | None] = []
        for rank, message in enumerate(self.messages):
            if first[rank] >= 0:
                starts.append(Start(False, self.ids[first[rank]]))
            elif message is not None and message.role == "user" and message.author_kind == "human":
                starts.append(Start(True, self.ids[rank]))
            else:
                starts.append(None)
        return chain(pointers, starts)

    def _mark_interrupted(self) -> None:
        for rank, message in enumerate(self.messages):
            if message is None or not any(is_interrupt(block.text) for block in message.blocks):
                continue
            above = self.chained.parents[rank]
            while above >= 0:
                before = self.messages[above]
                if before is not None and before.role in ("assistant", "user"):
                    if before.role == "assistant" and before.status is None:
                        before.status = "interrupted"
                    break
                above = self.chained.parents[above]


def _is_new(text: str | None, said: set[str | None]) -> bool:
    """Whether a queued text stands nowhere else; a command is said again inside the client's own elements."""
    return text not in said and not (text or "").startswith("/")


def first_of(records: list[dict[str, Any]], *keys: str) -> str | None:
    """The first record's value of any of the keys (a dotted one looks inside), as text."""
    for record in records:
        for key in keys:
            outer, _, inner = key.partition(".")
            found = ident(mapping(record.get(outer)).get(inner) if inner else record.get(outer))
            if found is not None:
                return found
    return None
