"""Chatbot UI: every fixture pair, values of any type in any place, and no text that is not in a block."""

from __future__ import annotations

from typing import Any

import adapter_checks as checks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import chatbotui, deepseek, librechat, openwebui, qwen
from moonshine_assets.exports.records import ExportContext

PAIRS = checks.pairs(chatbotui.PROVIDER)

#: A conversation with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "id": "h",
    "name": "Tides",
    "model": {"id": "gpt-4", "name": "GPT-4"},
    "prompt": "system prompt",
    "temperature": 1,
    "folderId": "f",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "ask"}, {"type": "image_url", "image_url": {"url": "x"}}],
        },
        {"role": "assistant", "content": "<think>think</think>answer"},
        {"role": "poet", "content": {"text": "in part"}},
    ],
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    checks.check_fixture(chatbotui, name)


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_is_claimed_by_this_adapter_alone(name: str) -> None:
    checks.check_claims(chatbotui, (deepseek, qwen, openwebui, librechat, chatbotui), name)


def test_every_text_of_a_conversation_stands_in_a_block() -> None:
    changed, markers = checks.marked(WHOLE, lambda place: place[-1] in ("text", "content", "prompt"))
    assert len(markers) == 4
    assert checks.missing(checks.read_element(chatbotui, changed), markers) == []


def test_a_value_of_a_wrong_type_anywhere_is_survived() -> None:
    checks.check_wrong_types(chatbotui, WHOLE)


@settings(max_examples=200, deadline=None)
@given(changes=checks.CHANGES)
def test_random_values_at_random_places_are_survived(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(chatbotui, WHOLE, changes)


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, 10_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(chatbotui, WHOLE, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"messages":7}', b'{"version":4,"history":[],"folders":[]}'])
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        chatbotui.parse(data, ExportContext())


def test_the_conversations_of_a_file_stand_in_history() -> None:
    assert chatbotui.conversation_arrays() == ("history",)
    assert chatbotui.claim({"version": 4, "history": [WHOLE], "folders": [], "prompts": []}) is not None


@pytest.mark.parametrize(
    "element",
    [
        {"messages": [{"role": "user", "content": "x"}]},
        {"name": "n", "messages": [{"role": "user", "content": "x"}]},
        {"uuid": "c", "name": "n", "prompt": "", "temperature": 1, "messages": []},
        {"version": 4, "history": {}},
        {"id": "p", "name": "Prompt", "content": "", "model": {}, "folderId": None},
    ],
)
def test_what_is_not_chatbot_uis_is_not_claimed(element: dict[str, Any]) -> None:
    assert chatbotui.claim(element) is None
