"""Grok: every fixture pair, values of any type in any place, and no text that is not in a block."""

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
from moonshine_assets.exports.records import ExportContext
from moonshine_assets.exports.tree import arrange

PATHS = files.fixture_files(grok)


def wrapped(name: str, sender: str, message: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {
        "response": {
            "_id": name,
            "conversation_id": "c",
            "message": message,
            "sender": sender,
            "create_time": {"$date": {"$numberLong": "1760000000000"}},
            "parent_response_id": parent,
            "model": "grok-4",
            "metadata": {"ui_layout": {}},
            **more,
        },
        "share_link": None,
    }


#: A conversation with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "conversation": {"id": "c", "title": "t", "create_time": "2025-10-09T08:53:20Z", "modify_time": "2025-10-10"},
    "responses": [
        wrapped("h", "human", "ask", None, file_attachments=["f1", {"file_name": "n", "file_mime_type": "image/png"}]),
        wrapped(
            "a",
            "assistant",
            "answer",
            "h",
            thinking_trace="trace",
            agent_thinking_traces=[{"agent_id": "x", "thinking_trace": "agent"}],
            steps=[
                {
                    "tag_order": ["two", "one"],
                    "tagged_text": {"one": "note", "two": {"text": "noted"}, "three": ["listed"]},
                    "tool_usage_results": [{"tool_name": "web", "text": "hit"}, "bare hit", {"k": "json hit"}],
                    "web_search_results": [{"url": "https://w.example"}],
                },
                "bare step",
            ],
            query="drawn",
            query_type="imagine",
            generated_image_urls=["users/u/image.jpg"],
            web_search_results=[{"url": "https://w.example", "title": "source"}],
            card_attachments_json=["{}"],
            error="failed",
            partial=False,
        ),
    ],
}
NOT_TEXT = frozenset(
    {
        *("conversation", "_id", "conversation_id", "sender", "create_time", "parent_response_id", "model", "metadata"),
        *("share_link", "file_attachments", "agent_id", "tag_order", "tool_name", "web_search_results"),
        *("generated_image_urls", "card_attachments_json", "query_type"),
    }
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(grok, path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_only_grok_claims_its_conversations(path: Path) -> None:
    found = checks.elements(grok, json.loads(path.read_bytes()))
    claims = [files.claimed_by((*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot), one) for one in found]
    assert any(claims)
    assert all(claim <= {"grok"} for claim in claims)


def test_every_text_is_in_a_block() -> None:
    assert files.missing_markers(WHOLE, grok, NOT_TEXT) == []


def test_a_prompt_of_a_picture_outside_of_conversations_is_a_question() -> None:
    post = {"id": "m", "media_type": "image", "original_prompt": "a wren", "link": "https://x.example/1", "rating": "e"}
    assert grok.claim(post) is not None
    parsed = grok.parse(json.dumps(post).encode(), ExportContext())
    asked, drawn = arrange(parsed).messages
    assert (checks.text_of(asked), asked.author_kind) == ("a wren", "human")
    assert [block.kind for block in drawn.blocks] == ["image", "raw"]
    assert "media_posts" in grok.conversation_arrays()


def test_an_asset_is_joined_to_the_file_that_holds_it() -> None:
    members = {"ttl/export_data/u/prod-mc-asset-server/f1/content": 7, "ttl/export_data/u/prod-grok-backend.json": 1}
    context = grok.context(lambda name: None, members)
    parsed = grok.parse(json.dumps(WHOLE).encode(), context)
    (file, image) = arrange(parsed).messages[0].attachments
    assert (file.attachment_id, file.size_bytes, file.member) == ("f1", 7, next(iter(members)))
    assert (image.name, image.mime_type, image.member) == ("n", "image/png", None)


def test_the_backend_file_alone_holds_conversations() -> None:
    names = dict.fromkeys(["u/prod-mc-billing.json", "u/prod-grok-backend.json", "u/prod-mc-auth-mgmt-api.json"], 1)
    assert grok.conversation_members(names, lambda name: None) == ["u/prod-grok-backend.json"]
    assert [name for name in names if grok.sidecar(name)] == ["u/prod-mc-billing.json", "u/prod-mc-auth-mgmt-api.json"]


def test_any_field_may_have_any_type() -> None:
    files.check_wrong_types(grok, WHOLE, "responses")


@settings(max_examples=150, deadline=None)
@given(checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(grok, WHOLE, changes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(grok, WHOLE, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'{"responses":{}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_conversation_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        grok.parse(data, ExportContext())
