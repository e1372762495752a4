"""Le Chat: every fixture pair, values of any type in any place, and no text that is not in a block."""

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

PATHS = files.fixture_files(lechat)
CHAT = "6f1c2d3e-0000-4000-8000-000000000001"


def said(name: str, role: str, text: str, second: int, **more: Any) -> dict[str, Any]:
    when = f"2025-11-03T09:00:{second:02d}.000Z"
    return {"id": name, "version": 0, "chatId": CHAT, "role": role, "content": text, "createdAt": when, **more}


#: A chat with every construct that is looked into.
WHOLE: list[dict[str, Any]] = [
    said(
        "h",
        "user",
        "ask",
        1,
        contentChunks=None,
        quotes=[{"text": "quoted"}, "bare quote"],
        files=[{"name": "a.png", "type": "image/png"}, "b.pdf"],
        context={"text": "context"},
    ),
    said(
        "a",
        "assistant",
        "content",
        2,
        contentChunks=[
            {"type": "text", "text": "chunk"},
            {"type": "thinking", "thinking": [{"type": "text", "text": "thought"}]},
            {"type": "tool_call", "name": "web", "publicArguments": '{"q":"argument"}', "publicResult": "result"},
            {"type": "reference", "referenceIds": [1]},
            {"type": "image_url", "imageUrl": "https://i.example"},
            {"type": "custom_element", "text": "custom"},
            "bare chunk",
        ],
        canvas=[{"title": "t", "content": "canvas"}, "bare canvas"],
        reaction="like",
        reactionDetail="d",
        reactionComment="c",
    ),
    said("b", "assistant", "other", 3, version=1, preference="preferred", preferenceOver="a"),
]
NOT_TEXT = frozenset(
    {
        *("id", "chatId", "role", "createdAt", "type", "name", "files", "referenceIds", "imageUrl", "title"),
        *("reaction", "reactionDetail", "reactionComment", "preference", "preferenceOver"),
    }
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(lechat, path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_only_le_chat_claims_its_messages(path: Path) -> None:
    found = [one for one in json.loads(path.read_bytes()) if isinstance(one, dict)]
    claims = [files.claimed_by((*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot), one) for one in found]
    assert all(claim == {"lechat"} for claim in claims)


def test_every_text_is_in_a_block() -> None:
    assert files.missing_markers(WHOLE, lechat, NOT_TEXT) == []


def test_what_was_said_of_an_answer_is_its_feedback() -> None:
    parsed = lechat.parse(json.dumps(WHOLE).encode(), ExportContext())
    feedback = {message.message_id: json.loads(message.feedback or "null") for message in arrange(parsed).messages}
    assert feedback["h"] is None
    assert feedback["a"] == {
        "kind": "preference",
        "chosen": False,
        "details": {"reactionDetail": "d", "reactionComment": "c", "reaction": "like", "preferred": "b"},
    }
    assert (feedback["b"]["kind"], feedback["b"]["chosen"]) == ("preference", True)


def test_a_file_is_joined_to_the_folder_of_its_chat() -> None:
    for top in ("", "export/"):
        members = {f"{top}chat-{CHAT}.json": 5, f"{top}chat-{CHAT}-files/a.png": 9}
        parsed = lechat.parse(json.dumps(WHOLE).encode(), lechat.context(lambda name: None, members))
        (image, other) = arrange(parsed).messages[0].attachments
        assert (image.member, image.size_bytes, other.member) == (f"{top}chat-{CHAT}-files/a.png", 9, None)


def test_an_empty_chat_is_named_by_its_file() -> None:
    ((_, _, parsed),) = lechat.parse_file(memoryview(b"[]"), f"x/chat-{CHAT}.json", ExportContext())
    assert isinstance(parsed, ParsedConversation)
    assert (parsed.conversation_id, parsed.nodes_in) == (CHAT, 0)


def test_chats_are_found_by_their_names_and_first_bytes() -> None:
    chat = json.dumps(WHOLE).encode()
    held = {
        f"chat-{CHAT}.json": chat,
        "chat-00000000-1111.json": b"[]",
        "chat-x-files/a.json": chat,
        "notes.json": chat,
    }
    assert lechat.conversation_members(dict.fromkeys(held, 1), held.get) == sorted(list(held)[:2])
    assert lechat.conversation_members({f"chat-{CHAT}.json": 1}, {f"chat-{CHAT}.json": b'[{"role":1}]'}.get) == []
    assert lechat.claim_bytes(b'{"chatId": 1, "contentChunks": 2}', "") is None


def test_any_field_may_have_any_type() -> None:
    files.check_wrong_types(lechat, WHOLE)


@settings(max_examples=150, deadline=None)
@given(checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(lechat, WHOLE, changes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(lechat, WHOLE, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'"x"', b"[" * 100_000, b"\xff"])
def test_what_is_no_chat_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        lechat.parse(data, ExportContext())
