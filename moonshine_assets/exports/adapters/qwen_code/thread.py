"""The records of a session to a conversation.

Records follow each other; a rewind alone makes a fork, and lines that bear the same id are one answer.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.qwen_code.message import answer_of, message_of
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.records import Message, Node
from moonshine_assets.exports.replay import Owners, print_of

_CONTENT = ("type", "subtype", "message", "systemPayload", "toolCallResult")


class Thread:
    """The nodes of a session in the order of its records."""

    def __init__(self, conversation_id: str, records: list[dict[str, Any]], owners: Owners) -> None:
        self.nodes: list[Node] = []
        self.current: str | None = None
        self.continues: str | None = None
        self.replayed = 0
        self.flags: set[str] = set()
        self.title: str | None = None
        self._conversation_id = conversation_id
        self._owners = owners
        self._known: dict[bytes, Node] = {}
        self._taken: set[str] = set()
        self._copies: dict[str, int] = {}
        self._ids = {name for record in records if (name := ident(record.get("uuid")))}
        self._answers = self._grouped(records)
        self._previous: str | None = None
        for number, record in enumerate(records):
            self._take(number, record)

    def _grouped(self, records: list[dict[str, Any]]) -> dict[int, Message | None]:
        """Rank of an answer's first line → its message; the ranks of its other lines → None."""
        lines_of: dict[str, list[int]] = {}
        for rank, record in enumerate(records):
            if record.get("type") == "assistant":
                lines_of.setdefault(ident(record.get("uuid")) or f"line-{rank}", []).append(rank)
        answers: dict[int, Message | None] = {}
        for ranks in lines_of.values():
            said: dict[bytes, dict[str, Any]] = {}
            for rank in ranks:
                said.setdefault(print_of("", records[rank].get("message")), records[rank])
            answers |= dict.fromkeys(ranks, None)
            answers[ranks[0]] = answer_of(list(said.values()))
        return answers

    def _take(self, number: int, record: dict[str, Any]) -> None:
        record_id = ident(record.get("uuid"))
        content = [record.get(key) for key in _CONTENT]
        copy = print_of(record_id or f"line-{number}", content)
        if copy in self._known:
            self.nodes.append(self._known[copy])
            return
        message = self._answers[number] if number in self._answers else message_of(record)
        if record_id is not None and message is not None:
            owner = self._owners.claim(record_id, content, self._conversation_id)
            if owner is not None:
                message = None
                self.replayed += 1
                self.continues = self.continues or owner
                self.flags.add("replay_dropped")
        name = self._name(record_id, number)
        node = Node(name, self._parent(record), message)
        if name != record_id and record_id is not None and number in self._answers and message is None:
            node = Node(name, record_id, None)  # a further line of the answer
        self.nodes.append(node)
        self._known[copy] = node
        self._previous = name
        if message is not None and message.role != "system":
            self.current = name
        self._titled(record)

    def _parent(self, record: dict[str, Any]) -> str | None:
        pointer = ident(record.get("parentUuid"))
        if pointer is None:
            return None if "parentUuid" in record else self._previous
        if pointer not in self._ids and (owner := self._owners.of(pointer)) is not None:
            self.continues = self.continues or owner
            return None
        return pointer

    def _name(self, record_id: str | None, number: int) -> str:
        name = stated = record_id or f"line-{number}"
        while name in self._taken:
            self._copies[stated] = self._copies.get(stated, 1) + 1
            name = f"{stated}#{self._copies[stated]}"
            if number not in self._answers:
                self.flags.add("duplicate_ids")
        self._taken.add(name)
        return name

    def _titled(self, record: dict[str, Any]) -> None:
        if record.get("subtype") == "custom_title":
            self.title = text_or_none(mapping(record.get("systemPayload")).get("customTitle")) or self.title
