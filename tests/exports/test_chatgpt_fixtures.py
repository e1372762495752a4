"""Every ChatGPT fixture pair, through parse and arrange; the keys are explained in fixtures/exports/README.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports import tree
from moonshine_assets.exports.adapters import chatgpt
from moonshine_assets.exports.records import ExportContext, Message, ParsedConversation

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exports" / "chatgpt"

#: What the reader or a later stage sees to, not the adapter.
NOT_OURS = {"why", "provider", "rejected", "duplicate", "preferred"}


class Reading(NamedTuple):
    """What became of one fixture: every conversation, then those that are neither empty nor an older copy."""

    elements: int
    quarantined: int
    parsed: list[ParsedConversation]
    kept: list[tuple[ParsedConversation, tree.Arranged]]

    @property
    def messages(self) -> list[Message]:
        return [message for _, arranged in self.kept for message in arranged.messages]


def elements(path: Path) -> Iterator[tuple[str | None, Any]]:
    """(key it is stored under, element) of a fixture, whatever its top level is."""
    value = json.loads(path.read_bytes().decode("utf-8-sig"))
    if isinstance(value, str):
        value = json.loads(value)
    if isinstance(value, dict) and isinstance(value.get("conversations"), list):
        value = value["conversations"]
    if isinstance(value, dict) and not {"mapping", "messages", "linear_conversation"} & set(value):
        yield from value.items()
        return
    for element in value if isinstance(value, list) else [value]:
        yield None, element


def read(path: Path) -> Reading:
    parsed: list[ParsedConversation] = []
    count = quarantined = 0
    for key, element in elements(path):
        count += 1
        try:
            conversation = chatgpt.parse(json.dumps(element).encode(), ExportContext())
        except Unreadable:
            quarantined += 1
            continue
        if key is not None and conversation.conversation_id.startswith("anon-"):
            conversation.conversation_id = key
        parsed.append(conversation)
    newest: dict[str, ParsedConversation] = {}
    for conversation in parsed:
        known = newest.setdefault(conversation.conversation_id, conversation)
        if (conversation.updated_at or 0, conversation.nodes_in) > (known.updated_at or 0, known.nodes_in):
            newest[conversation.conversation_id] = conversation
    return Reading(count, quarantined, parsed, [(one, tree.arrange(one)) for one in newest.values()])


def as_micros(value: str | None) -> int | None:
    return None if value is None else round(datetime.fromisoformat(value).timestamp() * 1_000_000)


def text_of(message: Message) -> str:
    return "\n\n".join(block.text for block in message.blocks if block.text)


def urls(value: Any) -> list[str]:
    if isinstance(value, list):
        return [url for item in value for url in urls(item)]
    if isinstance(value, dict):
        own = [value["url"]] if isinstance(value.get("url"), str) else []
        return own + [url for item in value.values() for url in urls(item)]
    return []


def cited(message: Message) -> list[str]:
    return [
        url for block in message.blocks if block.kind == "citation" for url in urls(json.loads(block.payload or ""))
    ]


def siblings(reading: Reading) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for conversation, _ in reading.kept:
        for node in conversation.nodes:
            if node.parent_id is not None:
                children.setdefault(node.parent_id, []).append(node.node_id)
    return children


def of_messages(make: Callable[[Message], Any]) -> Callable[[Reading], dict[str, Any]]:
    return lambda reading: {message.message_id: make(message) for message in reading.messages}


COUNTS: dict[str, Callable[[Reading], Any]] = {
    "conversations": lambda reading: reading.elements,
    "quarantined": lambda reading: reading.quarantined,
    "empty": lambda reading: sum(1 for _, arranged in reading.kept if not arranged.messages),
    "structural": lambda reading: sum(arranged.structural for _, arranged in reading.kept),
    "messages": lambda reading: len(reading.messages),
    "visible": lambda reading: sum(message.visible for message in reading.messages),
    "hidden": lambda reading: sum(not message.visible for message in reading.messages),
    "visible_ids": lambda reading: [message.message_id for message in reading.messages if message.visible],
}

#: Keys that map ids to values: every id named must have that value, ids left out are not looked at.
MAPS: dict[str, Callable[[Reading], dict[str, Any]]] = {
    "active_path": lambda reading: {
        one.conversation_id: [message.message_id for message in arranged.messages if message.on_active_path]
        for one, arranged in reading.kept
    },
    "siblings": siblings,
    "texts": of_messages(text_of),
    "blocks": of_messages(lambda message: [block.kind for block in message.blocks]),
    "models": of_messages(lambda message: message.model),
    "statuses": of_messages(lambda message: message.status),
    "aliases": of_messages(lambda message: message.alias_id),
    "created_at": lambda reading: {one.conversation_id: one.created_at for one, _ in reading.kept},
    "updated_at": lambda reading: {one.conversation_id: one.updated_at for one, _ in reading.kept},
    "message_created_at": of_messages(lambda message: message.created_at),
    "attachments": of_messages(lambda message: [attachment.name for attachment in message.attachments]),
    "pointers": of_messages(lambda message: [attachment.attachment_id for attachment in message.attachments]),
    "citations": of_messages(cited),
    "tools": of_messages(
        lambda message: (
            next(block.tool_name for block in message.blocks if block.tool_name)
            if any(block.tool_name for block in message.blocks)
            else None
        )
    ),
    "is_error": of_messages(lambda message: next((block.is_error for block in message.blocks), None)),
    "error_blocks": of_messages(lambda message: [rank for rank, block in enumerate(message.blocks) if block.is_error]),
}

TIMES = {"created_at", "updated_at", "message_created_at"}


def pairs() -> list[Path]:
    expectations = sorted(FIXTURES.glob("*.expected.json"))
    assert expectations
    return [path for path in expectations if not json.loads(path.read_text("utf-8")).get("rejected")]


@pytest.mark.parametrize("expectation", pairs(), ids=lambda path: path.name.removesuffix(".expected.json"))
def test_a_fixture_reads_as_expected(expectation: Path) -> None:
    expected = json.loads(expectation.read_text("utf-8"))
    reading = read(expectation.with_name(expectation.name.replace(".expected.json", ".json")))
    assert set(expected) <= NOT_OURS | set(COUNTS) | set(MAPS)
    for key, value in expected.items():
        if key in COUNTS:
            assert COUNTS[key](reading) == value, key
        elif key in MAPS:
            wanted = {id_: as_micros(time) for id_, time in value.items()} if key in TIMES else value
            found = MAPS[key](reading)
            assert {id_: found.get(id_) for id_ in wanted} == wanted, key
    for conversation in reading.parsed:
        assert conversation.nodes_in == len(conversation.nodes) + len(conversation.bad_nodes)


@pytest.mark.parametrize("expectation", pairs(), ids=lambda path: path.name.removesuffix(".expected.json"))
def test_a_fixture_is_claimed(expectation: Path) -> None:
    found = elements(expectation.with_name(expectation.name.replace(".expected.json", ".json")))
    assert any(isinstance(element, dict) and chatgpt.claim(element) for _, element in found)
