"""LibreChat: every fixture pair, values of any type in any place, and no text that is not in a block."""

from __future__ import annotations

import json
from typing import Any

import adapter_checks as checks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import chatbotui, deepseek, librechat, openwebui, qwen
from moonshine_assets.exports.adapters.librechat.nesting import unnested
from moonshine_assets.exports.records import ExportContext
from moonshine_assets.exports.tree import arrange

PAIRS = checks.pairs(librechat.PROVIDER)

#: A conversation with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "conversationId": "c",
    "title": "Tides",
    "endpoint": "openAI",
    "createdAt": {"$date": "2024-04-09T14:32:05.230Z"},
    "updatedAt": "2024-04-09T14:32:05",
    "options": {"model": "gpt-4o", "promptPrefix": "prefix", "system": "system prompt"},
    "messages": [
        {
            "messageId": "u",
            "parentMessageId": "00000000-0000-0000-0000-000000000000",
            "isCreatedByUser": True,
            "sender": "User",
            "text": "ask",
            "createdAt": "2024-04-09T14:32:05.230Z",
            "files": [{"file_id": "f", "filename": "n", "type": "text/plain", "bytes": 1, "text": "in file"}],
            "children": [
                {
                    "messageId": "a",
                    "parentMessageId": "u",
                    "isCreatedByUser": False,
                    "sender": "GPT-4",
                    "model": "gpt-4o",
                    "text": "beside",
                    "content": [
                        {"type": "think", "think": "think"},
                        {"type": "text", "text": "answer"},
                        {"type": "text", "text": {"value": "in value"}},
                        {"type": "error", "error": "failed"},
                        {"type": "tool_call", "tool_call": {"id": "1", "name": "n", "args": "asked", "output": "got"}},
                        {
                            "type": "tool_call",
                            "tool_call": {"type": "function", "function": {"arguments": "called", "output": "back"}},
                        },
                        {"type": "image_file", "image_file": {"file_id": "i"}},
                        {"type": "of_tomorrow", "text": "unknown"},
                    ],
                    "attachments": [
                        {
                            "type": "web_search",
                            "web_search": {"organic": [{"title": "t", "snippet": "s", "link": "l"}]},
                        },
                        {"file_id": "o", "filename": "out"},
                    ],
                    "plugins": [
                        {
                            "latest": "p",
                            "outputs": "in the end",
                            "inputs": [{"plugin": "p", "thought": "th", "inputStr": "in", "outputStr": "out"}],
                        }
                    ],
                    "feedback": {"rating": "thumbsUp", "tag": "other", "text": "nice"},
                    "finish_reason": "stop",
                    "unfinished": False,
                    "error": False,
                    "isEdited": True,
                    "children": [{"messageId": "w", "isCreatedByUser": True, "text": "on", "children": []}],
                },
                {"messageId": "b", "parentMessageId": "u", "isCreatedByUser": False, "text": "branch", "error": True},
            ],
        },
        {"_id": {"$oid": "d"}, "sender": "Bing", "text": ":::thinking\nold thought\n:::\nold answer"},
    ],
}


def deep(count: int, *, pointers: bool = True) -> bytes:
    """A recursive export that many messages deep, longer than a JSON decoder goes."""
    parts = []
    for rank in range(count):
        message: dict[str, Any] = {"messageId": f"n{rank}", "text": f't "[{{{rank}', "isCreatedByUser": rank % 2 == 0}
        if pointers and rank:
            message["parentMessageId"] = f"n{rank - 1}"
        parts.append(json.dumps(message)[:-1] + ', "children" : [')
    head = '{"conversationId": "d", "endpoint": "x", "title": "messages", "messages": ['
    return (head + "".join(parts) + "]}" * count + "]}").encode()


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    checks.check_fixture(librechat, name)


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_is_claimed_by_this_adapter_alone(name: str) -> None:
    checks.check_claims(librechat, (deepseek, qwen, openwebui, librechat, chatbotui), name)


def test_every_text_of_a_conversation_stands_in_a_block() -> None:
    texts = {"text", "think", "value", "error", "args", "arguments", "output", "outputs", "thought", "inputStr"}
    texts |= {"outputStr", "title", "snippet", "link", "promptPrefix", "system"}

    def bears(place: tuple[Any, ...]) -> bool:
        return len(place) > 1 and place[-1] in texts and "feedback" not in place

    changed, markers = checks.marked(WHOLE, bears)
    assert len(markers) > 20
    assert checks.missing(checks.read_element(librechat, changed), markers) == []


def test_a_value_of_a_wrong_type_anywhere_is_survived() -> None:
    checks.check_wrong_types(librechat, WHOLE)


@settings(max_examples=300, deadline=None)
@given(changes=checks.CHANGES)
def test_random_values_at_random_places_are_survived(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(librechat, WHOLE, changes)


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 10_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(librechat, WHOLE, start, patch, cut)


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, 200_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_of_a_deep_conversation_too(start: int, patch: bytes, cut: int) -> None:
    data = deep(600)
    start %= len(data)
    checks.accounted(librechat, data[:start] + patch + data[start + cut :])


@pytest.mark.parametrize("pointers", [True, False])
def test_messages_nested_deeper_than_a_decoder_goes_are_read(pointers: bool) -> None:
    parsed = librechat.parse(deep(20_000, pointers=pointers), ExportContext())
    assert (parsed.conversation_id, parsed.title, parsed.nodes_in) == ("d", "messages", 20_000)
    arranged = arrange(parsed)
    assert arranged.max_depth == 20_000
    assert checks.text_of(arranged.messages[-1]) == 't "[{19999'


def test_unnesting_changes_nothing_but_the_nesting() -> None:
    flat, flags = unnested(json.dumps(WHOLE).encode())
    assert flags == []
    assert [message.get("messageId") for message in flat["messages"]] == ["u", "a", "w", "b", None]
    assert flat["messages"][2] == {**WHOLE["messages"][0]["children"][0]["children"][0], "parentMessageId": "a"}
    whole = json.loads(json.dumps(WHOLE["messages"][0]))
    assert flat["messages"][0] == {**whole, "children": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"messages":{}}',
        b'{"messages":[',
        b'{"messages":[{"files":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        deep(600)[:-1],
        deep(600).replace(b'"children" : []', b'"children" : [7]'),
        deep(600).replace(b'"endpoint"', b'"endpoint'),
        deep(600).replace(b"[]}", b"[}}"),
    ],
)
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        librechat.parse(data, ExportContext())


@pytest.mark.parametrize(
    "element",
    [
        {"conversationId": "c", "messages": [{"role": "user", "content": "x"}]},
        {"messages": [{"isCreatedByUser": True}]},
        {"conversationId": "c", "messages": {}},
        {"conversation_id": "c", "mapping": {}},
    ],
)
def test_what_is_not_librechats_is_not_claimed(element: dict[str, Any]) -> None:
    assert librechat.claim(element) is None
