"""Copilot: every fixture pair in both forms, values of any type, damaged tables, and no text left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import adapter_checks as checks
import file_checks as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import ADAPTERS, aistudio, copilot, gemini, grok, lechat, perplexity
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.exports.tree import arrange

PATHS = files.fixture_files(copilot)
TABLE = next(path for path in PATHS if path.name == "activity-history.csv").read_bytes()
PIECES = [b'"', b",", b"\n", b"\r", b"a", b'""', b"\xff", b"\x00", b"2026-01-01T00:00:00"]
HEADER = b"Conversation,Time,Author,Message\n"

#: A chat with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "requesterUsername": "someone",
    "responderUsername": "GitHub Copilot",
    "sessionId": "s",
    "customTitle": "t",
    "creationDate": 1760000000000,
    "requests": [
        {
            "requestId": "q",
            "message": {"text": "", "parts": [{"kind": "text", "text": "ask"}]},
            "variableData": {
                "variables": [
                    {"id": "v", "kind": "paste", "name": "n", "value": "value", "code": "code"},
                    "bare variable",
                ]
            },
            "response": [
                {"value": "said ", "supportThemeIcons": False},
                {"kind": "inlineReference", "name": "symbol", "inlineReference": {"name": "symbol", "location": {}}},
                {"kind": "markdownContent", "content": {"value": "markdown"}},
                {"kind": "thinking", "value": "thought"},
                {
                    "kind": "toolInvocationSerialized",
                    "toolId": "run",
                    "toolCallId": "c",
                    "invocationMessage": {"value": "invoked"},
                    "pastTenseMessage": "",
                    "resultDetails": {"input": '{"a":"input"}', "output": [{"type": "embed", "value": "output"}]},
                },
                {"kind": "toolInvocationSerialized", "toolId": "see", "resultDetails": [{"path": "/listed"}]},
                {"kind": "textEditGroup", "uri": {"path": "/a"}, "edits": [[{"text": "edit"}]]},
                {"kind": "notebookEditGroup", "uri": {"path": "/b"}, "edits": [[{"cells": [{"source": "cell"}]}]]},
                {"kind": "confirmation", "title": "confirm", "message": {"value": "really"}},
                {"kind": "command", "command": {"id": "x", "title": "command"}},
                {"kind": "undoStop", "id": "u"},
                "bare response",
            ],
            "responseId": "r",
            "result": {"errorDetails": {"message": "error"}},
            "followups": [{"kind": "reply", "message": "f"}],
            "agent": {"name": "agent"},
            "timestamp": 1760000000000,
            "modelId": "copilot/m",
            "vote": 0,
            "voteDownReason": "other",
            "contentReferences": [{"kind": "reference", "reference": {"path": "/r"}}],
        }
    ],
}
NOT_TEXT = frozenset(
    {
        *(
            "requesterUsername",
            "responderUsername",
            "sessionId",
            "customTitle",
            "requestId",
            "responseId",
            "id",
            "kind",
        ),
        *("name", "inlineReference", "toolId", "toolCallId", "uri", "type", "followups", "agent", "modelId", "path"),
        *("voteDownReason", "contentReferences"),
    }
)


def conversations(raw: bytes) -> list[ParsedConversation]:
    found = [parsed for _, _, parsed in copilot.parse_file(memoryview(raw), "", ExportContext())]
    assert all(isinstance(parsed, ParsedConversation) for parsed in found)
    return [parsed for parsed in found if isinstance(parsed, ParsedConversation)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(copilot, path)


@pytest.mark.parametrize("path", [path for path in PATHS if path.suffix == ".json"], ids=lambda path: path.stem)
def test_only_copilot_claims_its_chats(path: Path) -> None:
    claimants = (*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot)
    assert files.claimed_by(claimants, json.loads(path.read_bytes())) == {"copilot"}


def test_every_text_of_a_chat_is_in_a_block() -> None:
    assert files.missing_markers(WHOLE, copilot, NOT_TEXT) == []


def test_every_text_of_a_table_is_in_a_block() -> None:
    rows = b'C,2026-01-01T00:00:00,Human,MARK1\nC,x,AI,"MARK2\n\n""MARK3"",MARK4"MARK5\nC,,AI,MARK6,MARK7,"MARK8"\n'
    (parsed,) = conversations(HEADER + rows + b"C,,," + b'"MARK9')
    assert checks.missing(parsed, [f"MARK{number}" for number in range(1, 10)]) == []


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"])
def test_tables_of_any_delimiter_and_line_break(delimiter: bytes, line_break: bytes) -> None:
    fields = [b"Conversation", b"Time", b"Author", b"Message"]
    row = [b"C", b"2026-01-01T00:00:00Z", b"Human", b'"a' + delimiter + b'b"']
    raw = line_break.join([delimiter.join(fields), delimiter.join(row), b""])
    (parsed,) = conversations(raw)
    assert checks.text_of(arrange(parsed).messages[0]) == f"a{delimiter.decode()}b"


def test_ranges_cover_the_rows_of_each_conversation() -> None:
    pieces = list(copilot.parse_file(memoryview(TABLE), "", ExportContext()))
    assert [TABLE[start:end].split(b",")[0] for start, end, _ in pieces] == [b"Tides", b"Birds"]
    assert TABLE[pieces[0][1] : pieces[1][0]] == b"\r\n"
    assert TABLE[pieces[1][1] :] == b"\r\n"


def test_a_conversation_that_grew_keeps_its_id() -> None:
    old = HEADER + b"C,2026-01-01T00:00:01,AI,b\nC,2026-01-01T00:00:00,Human,a\n"
    new = HEADER + b"C,2026-01-02T00:00:00,Human,c\nC,2026-01-01T00:00:01,AI,b\nC,2026-01-01T00:00:00,Human,a\n"
    (before,), (after,) = conversations(old), conversations(new)
    assert before.conversation_id == after.conversation_id
    assert [message.message_id for message in arrange(after).messages] == ["m0", "m1", "m2"]
    assert [checks.text_of(message) for message in arrange(after).messages] == ["a", "b", "c"]


def test_tables_are_found_by_their_first_line() -> None:
    held = {"copilot-activity-history.csv": TABLE, "other.csv": b"a,b\n1,2\n", "x.json": b"{}"}
    assert copilot.conversation_members(dict.fromkeys(held, 1), held.get) == ["copilot-activity-history.csv"]
    assert copilot.claim_bytes(b"Time,Author\n", "") is None
    assert copilot.claim_bytes(b'{"Conversation": "Time,Author,Message"}', "") is None
    ((start, end, refused),) = copilot.parse_file(memoryview(b"a,b\n"), "", ExportContext())
    assert isinstance(refused, Unreadable)
    assert (start, end) == (0, 4)


def test_any_field_may_have_any_type() -> None:
    files.check_wrong_types(copilot, WHOLE, "requests")


@settings(max_examples=150, deadline=None)
@given(checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(copilot, WHOLE, changes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(copilot, WHOLE, start, patch, cut)
    start %= len(TABLE)
    files.check_file_bytes(copilot, TABLE[:start] + patch + TABLE[start + cut :])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_rows_are_read_and_every_byte_of_text_is_kept(pieces: list[bytes]) -> None:
    raw = HEADER + b"".join(pieces)
    files.check_file_bytes(copilot, raw)
    kept = b"".join(raw[start:end] for start, end, _ in copilot.parse_file(memoryview(raw), "", ExportContext()))
    assert kept.count(b"a") == raw[len(HEADER) :].count(b"a")


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'{"requests":{}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_chat_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        copilot.parse(data, ExportContext())
