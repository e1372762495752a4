"""What adapters of whole files (pages, tables, documents) are held to, beyond adapter_checks.

Used by test_<provider>_adapter.py. A file that `claim_bytes` claims goes to `parse_file`, any other is taken element by
element; the keys of an expectation are explained in fixtures/exports/README.md.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import adapter_checks as checks

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.exports.tree import arrange
from moonshine_assets.tables.blocks import BLOCK_KINDS
from moonshine_assets.tables.messages import AUTHOR_KINDS, ROLES

#: Keys of an expectation that speak of the conversations in order.
OF_CONVERSATIONS = frozenset({"said", "times", "flags", "chats", "active_path_of"})


def parsed_file(adapter: ModuleType, raw: bytes, name: str) -> list[ParsedConversation | Unreadable]:
    """Every conversation of a file, and that their ranges follow each other inside it."""
    found: list[ParsedConversation | Unreadable] = []
    claim_bytes = getattr(adapter, "claim_bytes", None)
    if claim_bytes is None or claim_bytes(raw, name) is None:
        for element in checks.elements(adapter, json.loads(raw)):
            found.append(parsed_or_error(adapter, json.dumps(element).encode()))
        return found
    before = 0
    for start, end, parsed in adapter.parse_file(memoryview(raw), name, ExportContext()):
        assert before <= start < end <= len(raw)
        before = end
        found.append(parsed)
    return found


def parsed_or_error(adapter: ModuleType, data: bytes) -> ParsedConversation | Unreadable:
    try:
        parsed: ParsedConversation = adapter.parse(data, ExportContext())
    except Unreadable as error:
        return error
    return parsed


def fixture_files(adapter: ModuleType) -> list[Path]:
    """The inputs of an adapter's fixture pairs."""
    folder = checks.FIXTURES / adapter.PROVIDER
    files = sorted(path for path in folder.iterdir() if not path.name.endswith(".expected.json"))
    assert files
    assert {path.stem for path in files} == set(checks.pairs(adapter.PROVIDER))
    return files


def check_fixture(adapter: ModuleType, path: Path) -> None:
    """Read a fixture and hold it against its expectation; every expected key must be known."""
    expected = json.loads(path.with_suffix(".expected.json").read_text("utf-8"))
    why = expected.pop("why")
    assert expected.pop("provider") == adapter.PROVIDER
    found = parsed_file(adapter, path.read_bytes(), path.name)
    read = [(one, arrange(one)) for one in found if isinstance(one, ParsedConversation)]
    reading = checks.Reading(list(found), len(found) - len(read), read)
    for parsed, _ in read:
        held(adapter, parsed)
    for key, value in expected.items():
        if key in OF_CONVERSATIONS:
            assert _of_conversations(reading, key) == value, (key, why)
        elif key == "payloads":
            payloads = {
                message.message_id: [json.loads(block.payload) for block in message.blocks if block.payload]
                for message in reading.messages
            }
            assert {name: payloads.get(name) for name in value} == value, (key, why)
        elif key == "absent":
            written = json.dumps([[repr(message) for message in reading.messages]])
            assert [secret for secret in value if secret in written] == [], why
        elif key in checks.COUNTS:
            assert checks.COUNTS[key](reading) == value, (key, why)
        else:
            wanted = {name: _micros(time) for name, time in value.items()} if key in checks.TIMES else value
            values = checks.MAPS[key](reading)
            assert {name: values.get(name) for name in wanted} == wanted, (key, why)


def held(adapter: ModuleType, parsed: ParsedConversation) -> None:
    """What must hold of every conversation, whatever it was made of."""
    assert parsed.source_type == adapter.SOURCE_TYPE == f"{adapter.PROVIDER}_export"
    assert parsed.conversation_id
    assert parsed.nodes_in == len(parsed.nodes) + len(parsed.bad_nodes)
    tree = arrange(parsed)
    assert parsed.nodes_in == len(tree.messages) + tree.structural + tree.duplicates + len(parsed.bad_nodes)
    strings = [parsed.conversation_id, parsed.title, parsed.default_model, parsed.project]
    for message in tree.messages:
        assert message.role in ROLES
        assert message.author_kind in AUTHOR_KINDS
        assert message.feedback is None or json.loads(message.feedback)["kind"] in ("rating", "preference")
        strings += [message.message_id, message.model, message.status, message.stop_reason, message.author_name]
        for block in message.blocks:
            assert block.kind in BLOCK_KINDS
            assert block.text != ""
            assert all(json.loads(given) is not None for given in (block.arguments, block.payload) if given is not None)
            strings += [block.text, block.tool_name, block.tool_call_id, block.arguments, block.payload]
        for attachment in message.attachments:
            assert attachment.size_bytes is None or 0 <= attachment.size_bytes < 2**63
            strings += [attachment.attachment_id, attachment.name, attachment.mime_type, attachment.member]
    for text in strings:
        assert text is None or "\x00" not in text.encode().decode()


def check_element(adapter: ModuleType, value: Any) -> ParsedConversation | None:
    """A JSON document of anything: read, and then everything holds, or Unreadable."""
    return check_bytes(adapter, json.dumps(value).encode())


def check_bytes(adapter: ModuleType, data: bytes) -> ParsedConversation | None:
    parsed = parsed_or_error(adapter, data)
    if isinstance(parsed, Unreadable):
        return None
    held(adapter, parsed)
    return parsed


def check_file_bytes(adapter: ModuleType, raw: bytes) -> None:
    """A file of anything to `parse_file`: what is read holds, and ranges follow each other."""
    before = 0
    for start, end, parsed in adapter.parse_file(memoryview(raw), "a file", ExportContext()):
        assert before <= start <= end <= len(raw)
        before = end
        if isinstance(parsed, ParsedConversation):
            held(adapter, parsed)


def check_wrong_types(adapter: ModuleType, whole: Any, nodes_at: str | None = None) -> None:
    """A value of a wrong type in every place, one at a time; only the list of nodes itself may make it Unreadable.

    Args:
        nodes_at: name of the field that must keep its type for the document to be readable.
    """
    for place in checks.places(whole):
        for wrong in checks.WRONG:
            parsed = check_element(adapter, checks.replaced(whole, place, wrong))
            assert parsed is not None or len(place) <= 1 or nodes_at in place[:2]


def missing_markers(whole: Any, adapter: ModuleType, not_text: frozenset[str]) -> list[str]:
    """Markers that were put into every string of a document and that no block's text holds.

    Args:
        not_text: names of fields that hold no text of the conversation; what is inside them is not marked.
    """
    marked, markers = checks.marked(
        whole, lambda place: not any(isinstance(step, str) and step in not_text for step in place)
    )
    assert markers
    parsed = parsed_or_error(adapter, json.dumps(marked).encode())
    assert isinstance(parsed, ParsedConversation)
    return checks.missing(parsed, markers)


def claimed_by(adapters: tuple[ModuleType, ...], element: dict[str, Any]) -> set[str]:
    return {adapter.PROVIDER for adapter in adapters if adapter.claim(element)}


def _of_conversations(reading: checks.Reading, key: str) -> list[Any]:
    makers = {
        "said": lambda parsed, tree: [[message.role, checks.text_of(message)] for message in _in_order(tree)],
        "times": lambda parsed, tree: _stamp(parsed.created_at),
        "flags": lambda parsed, tree: tree.flags,
        "chats": lambda parsed, tree: parsed.project,
        "active_path_of": lambda parsed, tree: [one.message_id for one in tree.messages if one.on_active_path],
    }
    return [makers[key](parsed, tree) for parsed, tree in reading.read]


def _in_order(tree: Any) -> list[Any]:
    return sorted(tree.messages, key=lambda message: message.depth)


def _micros(value: str | None) -> int | None:
    return None if value is None else round(datetime.fromisoformat(value).timestamp() * 1_000_000)


def _stamp(micros: int | None) -> str | None:
    if micros is None:
        return None
    seconds, rest = divmod(micros, 1_000_000)
    whole = datetime.fromtimestamp(seconds, UTC)
    fraction = f"{rest:06d}".rstrip("0")
    return whole.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "+00:00"
