"""What every adapter of a web chat is held to: its fixture pairs, and values of any type in any place.

Used by test_<provider>_adapter.py; the keys of an expectation are explained in fixtures/exports/README.md.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import ADAPTERS
from moonshine_assets.exports.records import ExportContext, Message, ParsedConversation
from moonshine_assets.exports.tree import Arranged, arrange
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.messages import AUTHOR_KINDS, ROLES

FIXTURES = Path(__file__).parents[1] / "fixtures" / "exports"


class Reading(NamedTuple):
    """What became of one fixture."""

    elements: list[Any]
    quarantined: int
    read: list[tuple[ParsedConversation, Arranged]]

    @property
    def messages(self) -> list[Message]:
        return [message for _, arranged in self.read for message in arranged.messages]


def pairs(provider: str) -> list[str]:
    """The names of a provider's fixtures; there are some."""
    names = sorted(path.name.removesuffix(".expected.json") for path in (FIXTURES / provider).glob("*.expected.json"))
    assert names
    return names


def elements(adapter: ModuleType, value: Any) -> list[Any]:
    """The conversations of an export's JSON, as the reader hands them to the adapter."""
    if isinstance(value, list):
        return value
    arrays = getattr(adapter, "conversation_arrays", tuple)()
    return next((value[key] for key in arrays if isinstance(value.get(key), list)), [value])


def read_element(adapter: ModuleType, element: Any) -> ParsedConversation:
    parsed: ParsedConversation = adapter.parse(json.dumps(element).encode(), ExportContext())
    return parsed


def check_fixture(adapter: ModuleType, name: str) -> None:
    """Read a fixture and hold it against its expectation; every expected key must be known."""
    folder = FIXTURES / adapter.PROVIDER
    expected = json.loads((folder / f"{name}.expected.json").read_text("utf-8"))
    why = expected.pop("why")
    assert expected.pop("provider") == adapter.PROVIDER
    reading = _read(adapter, (folder / f"{name}.json").read_bytes())
    assert set(expected) <= set(COUNTS) | set(MAPS) | {"absent"}
    for key, value in expected.items():
        if key == "absent":
            written = json.dumps([_written(message) for message in reading.messages])
            assert [secret for secret in value if secret in written] == [], why
        elif key in COUNTS:
            assert COUNTS[key](reading) == value, (key, why)
        else:
            wanted = {name: _micros(time) for name, time in value.items()} if key in TIMES else value
            found = MAPS[key](reading)
            assert {name: found.get(name) for name in wanted} == wanted, (key, why)
    for parsed, arranged in reading.read:
        assert parsed.nodes_in == len(parsed.nodes) + len(parsed.bad_nodes)
        assert parsed.nodes_in == (
            len(arranged.messages) + arranged.structural + arranged.duplicates + len(parsed.bad_nodes)
        )


def check_claims(adapter: ModuleType, others: tuple[ModuleType, ...], name: str) -> None:
    """Some element of the fixture is claimed, and none of them by an adapter that is asked before or after."""
    raw = (FIXTURES / adapter.PROVIDER / f"{name}.json").read_bytes()
    found = [element for element in elements(adapter, json.loads(raw)) if isinstance(element, dict)]
    assert any(adapter.claim(element) for element in found)
    for element in found:
        claimed = [other.PROVIDER for other in (*ADAPTERS, *others) if other.claim(element)]
        assert set(claimed) <= {adapter.PROVIDER}


def accounted(adapter: ModuleType, data: bytes) -> ParsedConversation | None:
    """Parse anything: None where it is Unreadable, else what must hold of every conversation does."""
    try:
        parsed: ParsedConversation = adapter.parse(data, ExportContext())
    except Unreadable:
        return None
    assert parsed.source_type == adapter.SOURCE_TYPE == f"{adapter.PROVIDER}_export"
    assert parsed.conversation_id
    assert parsed.nodes_in == len(parsed.nodes) + len(parsed.bad_nodes)
    arranged = arrange(parsed)
    assert parsed.nodes_in == len(arranged.messages) + arranged.structural + arranged.duplicates + len(parsed.bad_nodes)
    for bad in parsed.bad_nodes:
        json.loads(bad.raw)
    for message in arranged.messages:
        assert message.role in ROLES
        assert message.author_kind in AUTHOR_KINDS
        for text in _written(message):
            text.encode()
        assert message.feedback is None or json.loads(message.feedback)["kind"] in ("rating", "preference")
        for block in message.blocks:
            assert block.kind in BLOCK_KINDS
            assert block.text != ""
            for given in (block.arguments, block.payload):
                assert given is None or json.loads(given) is not None
    return parsed


def check_wrong_types(adapter: ModuleType, whole: Any) -> None:
    """A value of a wrong type in every place, one at a time."""
    for place in places(whole):
        for wrong in WRONG:
            accounted(adapter, json.dumps(replaced(whole, place, wrong)).encode())


def check_random(adapter: ModuleType, whole: Any, changes: list[tuple[int, Any]]) -> None:
    """Random values in random places."""
    for rank, value in changes:
        found = list(places(whole))
        whole = replaced(whole, found[rank % len(found)], value)
    accounted(adapter, json.dumps(whole).encode())


def check_damaged(adapter: ModuleType, whole: Any, start: int, patch: bytes, cut: int) -> None:
    """Bytes that are written over, put in or left out."""
    data = json.dumps(whole).encode()
    start %= len(data)
    accounted(adapter, data[:start] + patch + data[start + cut :])


def check_alike(adapter: ModuleType, whole: Any, nodes: tuple[Any, ...]) -> None:
    """One node that is no object makes all others be read one by one: they read as before. `nodes`: where they are."""
    plain = read_element(adapter, whole)
    broken = read_element(adapter, replaced(whole, (*nodes, "broken"), 7))
    assert plain.bad_nodes == []
    assert [bad.node_id for bad in broken.bad_nodes] == ["broken"]
    assert broken.nodes == plain.nodes
    assert (broken.title, broken.flags, broken.current) == (plain.title, plain.flags, plain.current)
    assert (broken.created_at, broken.default_model) == (plain.created_at, plain.default_model)


def marked(whole: Any, places_of_text: Callable[[tuple[Any, ...]], bool]) -> tuple[Any, list[str]]:
    """The same conversation with a marker of its own in every string of the places chosen, and the markers."""
    markers: list[str] = []
    for place in list(places(whole)):
        if place and isinstance(_at(whole, place), str) and places_of_text(place):
            markers.append(f"marker{len(markers):03d}x")
            whole = replaced(whole, place, _at(whole, place) + " " + markers[-1])
    return whole, markers


def missing(parsed: ParsedConversation, markers: list[str]) -> list[str]:
    """The markers that no block's text holds."""
    messages = [node.message for node in parsed.nodes if node.message is not None]
    texts = "\n".join(block.text for message in messages for block in message.blocks if block.text)
    return [marker for marker in markers if marker not in texts]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a JSON value, itself first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def replaced(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return value
    changed = copy.deepcopy(whole)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def text_of(message: Message) -> str:
    return "\n\n".join(block.text for block in message.blocks if block.text)


def _at(whole: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        whole = whole[key]
    return whole


def _read(adapter: ModuleType, raw: bytes) -> Reading:
    value = json.loads(raw)
    found = elements(adapter, value)
    quarantined = 0
    read: list[tuple[ParsedConversation, Arranged]] = []
    for element in found:
        # a file of one conversation is handed over as it stands
        data = raw if element is value else json.dumps(element).encode()
        try:
            parsed = adapter.parse(data, ExportContext())
        except Unreadable:
            quarantined += 1
            continue
        read.append((parsed, arrange(parsed)))
    return Reading(found, quarantined, read)


def _written(message: Message) -> list[str]:
    """Every string of a message that is stored."""
    own = (message.feedback, message.model, message.status, message.stop_reason, message.author_name)
    of_blocks = [
        part
        for block in message.blocks
        for part in (block.text, block.payload, block.arguments, block.tool_name, block.tool_call_id)
    ]
    of_files = [part for file in message.attachments for part in (file.attachment_id, file.name, file.mime_type)]
    return [part for part in (*own, *of_blocks, *of_files) if part is not None]


def _micros(value: str | None) -> int | None:
    return None if value is None else round(datetime.fromisoformat(value).timestamp() * 1_000_000)


def _siblings(reading: Reading) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for parsed, _ in reading.read:
        for node in parsed.nodes:
            if node.parent_id is not None:
                children.setdefault(node.parent_id, []).append(node.node_id)
    return children


def _tool_pairs(message: Message) -> list[list[int]]:
    ids = [block.tool_call_id for block in message.blocks]
    return [
        [rank, ids.index(ids[rank], rank + 1)]
        for rank, block in enumerate(message.blocks)
        if block.kind == "tool_call" and ids[rank] is not None and ids[rank] in ids[rank + 1 :]
    ]


def _of_messages(make: Callable[[Message], Any]) -> Callable[[Reading], dict[str, Any]]:
    return lambda reading: {message.message_id: make(message) for message in reading.messages}


def _of_conversations(make: Callable[[ParsedConversation, Arranged], Any]) -> Callable[[Reading], dict[str, Any]]:
    return lambda reading: {both[0].conversation_id: make(*both) for both in reading.read}


COUNTS: dict[str, Callable[[Reading], Any]] = {
    "conversations": lambda reading: len(reading.elements),
    "quarantined": lambda reading: reading.quarantined,
    "empty": lambda reading: sum(not arranged.messages for _, arranged in reading.read),
    "messages": lambda reading: len(reading.messages),
    "hidden": lambda reading: sum(not message.visible for message in reading.messages),
    "structural": lambda reading: sum(arranged.structural for _, arranged in reading.read),
    "bad_nodes": lambda reading: sum(len(parsed.bad_nodes) for parsed, _ in reading.read),
    "titles": lambda reading: [parsed.title for parsed, _ in reading.read],
    "shapes": lambda reading: [parsed.shape for parsed, _ in reading.read],
}
MAPS: dict[str, Callable[[Reading], dict[str, Any]]] = {
    "active_path": _of_conversations(lambda _, tree: [one.message_id for one in tree.messages if one.on_active_path]),
    "conversation_flags": _of_conversations(lambda _, tree: tree.flags),
    "created_at": _of_conversations(lambda parsed, _: parsed.created_at),
    "updated_at": _of_conversations(lambda parsed, _: parsed.updated_at),
    "default_models": _of_conversations(lambda parsed, _: parsed.default_model),
    "projects": _of_conversations(lambda parsed, _: parsed.project),
    "siblings": _siblings,
    "texts": _of_messages(text_of),
    "blocks": _of_messages(lambda message: [block.kind for block in message.blocks]),
    "roles": _of_messages(lambda message: message.role),
    "models": _of_messages(lambda message: message.model),
    "statuses": _of_messages(lambda message: message.status),
    "stop_reasons": _of_messages(lambda message: message.stop_reason),
    "aliases": _of_messages(lambda message: message.alias_id),
    "message_flags": _of_messages(lambda message: message.flags),
    "message_created_at": _of_messages(lambda message: message.created_at),
    "feedback": _of_messages(lambda message: None if message.feedback is None else json.loads(message.feedback)),
    "attachments": _of_messages(lambda message: [attachment.name for attachment in message.attachments]),
    "tools": _of_messages(lambda message: next((block.tool_name for block in message.blocks if block.tool_name), None)),
    "arguments": _of_messages(lambda message: [json.loads(one.arguments) for one in message.blocks if one.arguments]),
    "tool_pairs": _of_messages(_tool_pairs),
    "error_blocks": _of_messages(lambda message: [rank for rank, block in enumerate(message.blocks) if block.is_error]),
}
TIMES = {"created_at", "updated_at", "message_created_at"}

WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "odd",
    "https://a.example/?key=eyJ",
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"type": {}},
    {"text": {"value": []}},
    {"content": [{"text": 1}]},
)
_KEYS = ["id", "type", "text", "content", "role", "output", "files", "error", "data", "\x00", "phase"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=8,
)
CHANGES = st.lists(st.tuples(st.integers(0, 10_000), ANYTHING), min_size=1, max_size=4)
