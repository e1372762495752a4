"""What reading a log yields, in the terms of fixtures/logs/README.md, and what must hold for every log."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moonshine_assets.exports.records import LogConversation, Message, ParsedConversation
from moonshine_assets.exports.tree import Arranged, arrange
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.messages import AUTHOR_KINDS, ROLES

MARK = re.compile(r"MARK-[\w-]+")


def files_of(path: Path) -> dict[str, bytes]:
    """The files of a fixture by their names in it."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def text_of(message: Message) -> str:
    return "\n\n".join(block.text for block in message.blocks if block.text)


def stamp(micros: int | None) -> str | None:
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // 1000 / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Reading:
    """A log, read: every conversation arranged, and held to what holds for all of them."""

    def __init__(self, adapter: Any, files: Mapping[str, bytes], names: list[str] | None = None) -> None:
        self.names = list(files) if names is None else names
        self.quarantined: list[str] = []
        self.parsed: dict[str, ParsedConversation] = {}
        self.trees: dict[str, Arranged] = {}
        bytes_of: Counter[str] = Counter()
        for conversation in adapter.conversations(files.get, self.names):
            bytes_of.update(conversation.members)
            self._take(conversation)
        assert bytes_of == Counter({name: len(files[name]) for name in self.names})
        self.messages = {message.message_id: message for tree in self.trees.values() for message in tree.messages}

    def _take(self, conversation: LogConversation) -> None:
        parsed = conversation.parsed
        if parsed is None:
            assert conversation.reason
            self.quarantined.append(conversation.reason)
            return
        assert conversation.reason is None
        assert parsed.nodes_in == len(parsed.nodes) + len(parsed.bad_nodes)
        tree = arrange(parsed)
        assert parsed.nodes_in == len(tree.messages) + tree.structural + tree.duplicates + len(parsed.bad_nodes)
        for message in tree.messages:
            assert message.role in ROLES
            assert message.author_kind in AUTHOR_KINDS
            for document in (message.usage, *(d for b in message.blocks for d in (b.arguments, b.payload))):
                assert document is None or json.loads(document) is not None or document == "null"
            for block in message.blocks:
                assert block.kind in BLOCK_KINDS
                (block.text or "").encode()
        self.parsed[parsed.conversation_id] = parsed
        self.trees[parsed.conversation_id] = tree

    def marks(self) -> tuple[set[str], set[str]]:
        """Marks in texts and titles, and marks in payloads and arguments."""
        texts = [block.text or "" for message in self.messages.values() for block in message.blocks]
        texts += [parsed.title or "" for parsed in self.parsed.values()]
        payloads = [
            f"{block.payload} {block.arguments}" for message in self.messages.values() for block in message.blocks
        ]
        return set(MARK.findall(" ".join(texts))), set(MARK.findall(" ".join(payloads)))


OF_LOG: dict[str, Callable[[Reading], Any]] = {
    "conversations": lambda reading: list(reading.parsed),
    "quarantined": lambda reading: reading.quarantined,
    "files": lambda reading: reading.names,
    "hidden": lambda reading: [name for name, message in reading.messages.items() if not message.visible],
}
OF_CONVERSATION: dict[str, Callable[[ParsedConversation, Arranged], Any]] = {
    "nodes_in": lambda parsed, tree: parsed.nodes_in,
    "structural": lambda parsed, tree: tree.structural,
    "duplicates": lambda parsed, tree: tree.duplicates,
    "replayed": lambda parsed, tree: parsed.replayed,
    "bad": lambda parsed, tree: len(parsed.bad_nodes),
    "messages": lambda parsed, tree: [message.message_id for message in tree.messages],
    "active_path": lambda parsed, tree: [message.message_id for message in tree.messages if message.on_active_path],
    "parents": lambda parsed, tree: parsed.parent_conversation_id,
    "titles": lambda parsed, tree: parsed.title,
    "projects": lambda parsed, tree: parsed.project,
    "shapes": lambda parsed, tree: parsed.shape,
    "conversation_flags": lambda parsed, tree: tree.flags,
    "created_at": lambda parsed, tree: stamp(parsed.created_at),
    "updated_at": lambda parsed, tree: stamp(parsed.updated_at),
}
OF_MESSAGE: dict[str, Callable[[Message], Any]] = {
    "speakers": lambda message: f"{message.role}/{message.author_kind}",
    "texts": text_of,
    "blocks": lambda message: [block.kind for block in message.blocks],
    "models": lambda message: message.model,
    "statuses": lambda message: message.status,
    "stop_reasons": lambda message: message.stop_reason,
    "flags": lambda message: message.flags,
    "usage": lambda message: json.loads(message.usage) if message.usage else None,
    "message_created_at": lambda message: stamp(message.created_at),
    "tools": lambda message: [block.tool_name for block in message.blocks if block.tool_name],
    "call_ids": lambda message: [block.tool_call_id for block in message.blocks if block.tool_call_id],
    "is_error": lambda message: [block.is_error for block in message.blocks if block.is_error is not None],
    "attachments": lambda message: [[file.name, file.mime_type, file.size_bytes] for file in message.attachments],
}


def check(reading: Reading, expected: dict[str, Any], raw: str) -> None:
    """Hold a reading against an expectation; every mark of the log must have come out."""
    why = expected.pop("why")
    payload_marks = set(expected.pop("payload_marks", []))
    unread = set(expected.pop("unread_marks", []))
    in_texts, in_payloads = reading.marks()
    assert set(MARK.findall(raw)) - in_texts - payload_marks - unread == set(), why
    assert payload_marks <= in_payloads - in_texts, why
    assert not unread & (in_texts | in_payloads), why
    for name, texts in expected.pop("payloads", {}).items():
        stored = " ".join(block.payload or "" for block in reading.messages[name].blocks)
        assert all(text in stored for text in texts), (why, name, stored)
    for name, children in expected.pop("siblings", {}).items():
        found = [message for message in reading.messages.values() if message.parent_id == name]
        found.sort(key=lambda message: message.sibling_index)
        assert [message.message_id for message in found] == children, why
    for key, value in expected.items():
        if key in OF_LOG:
            assert OF_LOG[key](reading) == value, (why, key)
        elif key in OF_CONVERSATION:
            of = OF_CONVERSATION[key]
            assert {name: of(reading.parsed[name], reading.trees[name]) for name in value} == value, (why, key)
        else:
            assert {name: OF_MESSAGE[key](reading.messages[name]) for name in value} == value, (why, key)
