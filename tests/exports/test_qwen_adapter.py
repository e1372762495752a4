"""Qwen: every fixture pair, values of any type in any place, and no text that is not in a block."""

from __future__ import annotations

import json
from typing import Any

import adapter_checks as checks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import chatbotui, deepseek, librechat, openwebui, qwen
from moonshine_assets.exports.records import ExportContext

PAIRS = checks.pairs(qwen.PROVIDER)


def phase(name: str, content: str, **more: Any) -> dict[str, Any]:
    return {"content": content, "phase": name, "status": "finished", "role": "assistant", "usage": {}, **more}


#: A chat with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "id": "c",
    "title": "Tides",
    "created_at": 1768630448,
    "updated_at": 1768732619,
    "currentId": "a",
    "currentResponseIds": ["a", "b"],
    "chat_type": "t2t",
    "project_id": "p",
    "chat": {
        "models": ["qwen3-max"],
        "messages": [{"id": "u"}, {"id": "late", "parentId": "a", "role": "user", "content": "late"}],
        "history": {
            "currentId": "a",
            "currentResponseIds": ["a"],
            "messages": {
                "u": {
                    "id": "u",
                    "parentId": None,
                    "role": "user",
                    "content": "ask",
                    "timestamp": 1768630450,
                    "feature_config": {"instructions": "be brief"},
                    "files": [
                        {
                            "id": "f",
                            "name": "n.txt",
                            "type": "file",
                            "size": 3,
                            "url": "https://f.example/n?key=eyJx",
                            "file": {"data": {"content": "in file"}, "meta": {"content_type": "text/plain"}},
                        }
                    ],
                },
                "a": {
                    "id": "a",
                    "parentId": "u",
                    "role": "assistant",
                    "model": "qwen3-max",
                    "content": "",
                    "content_list": [
                        phase("think", "think"),
                        phase(
                            "thinking_summary",
                            "summed",
                            extra={"summary_title": {"content": ["t"]}, "summary_thought": {"content": ["th"]}},
                        ),
                        phase("web_search", "", function_call={"name": "s", "arguments": "asked"}, function_id="1"),
                        phase(
                            "web_search",
                            "said",
                            extra={
                                "web_search_info": [{"title": "t", "url": "https://u.example", "snippet": "s"}],
                                "tool_result": {"docs": [{"title": "d", "content": "page"}]},
                            },
                        ),
                        phase("mcp", "out", extra={"tool_result": {"text": "result"}}),
                        phase("image_gen", "a caption"),
                        phase("of_tomorrow", "unknown"),
                        phase("answer", "answer"),
                    ],
                    "annotation": {"rating": 1, "tags": ["x"]},
                    "done": True,
                    "info": {"done_reason": "stop"},
                    "timestamp": 1768630451,
                },
                "b": {
                    "id": "b",
                    "parentId": "u",
                    "role": "assistant",
                    "content": "<think>in tag</think>old answer",
                    "error": {"details": "failed"},
                    "edited": True,
                },
                "d": {"id": "d", "parentId": "u", "role": "assistant", "content": "x", "reasoning_content": "apart"},
            },
        },
    },
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    checks.check_fixture(qwen, name)


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_is_claimed_by_this_adapter_alone(name: str) -> None:
    checks.check_claims(qwen, (deepseek, qwen, openwebui, librechat, chatbotui), name)


def test_every_text_of_a_chat_stands_in_a_block() -> None:
    texts = {"content", "snippet", "title", "text", "arguments", "instructions", "reasoning_content", "details"}

    def bears(place: tuple[Any, ...]) -> bool:
        inside = "messages" in place
        return inside and (place[-1] in texts or (len(place) > 1 and place[-2] == "content"))

    changed, markers = checks.marked(WHOLE, bears)
    assert len(markers) > 20
    assert checks.missing(checks.read_element(qwen, changed), markers) == []


def test_a_value_of_a_wrong_type_anywhere_is_survived() -> None:
    checks.check_wrong_types(qwen, WHOLE)


def test_nodes_read_alike_at_once_and_one_by_one() -> None:
    checks.check_alike(qwen, checks.replaced(WHOLE, ("chat", "messages"), []), ("chat", "history", "messages"))


@settings(max_examples=300, deadline=None)
@given(changes=checks.CHANGES)
def test_random_values_at_random_places_are_survived(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(qwen, WHOLE, changes)


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 10_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(qwen, WHOLE, start, patch, cut)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"chat":{}}',
        b'{"chat":{"history":{}}}',
        b'{"chat":{"messages":{}}}',
        b'{"data":{"chat":7}}',
        b'{"chat":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        qwen.parse(data, ExportContext())


def test_a_key_that_comes_twice_in_the_history_loses_no_message() -> None:
    data = json.dumps(WHOLE).replace('"d": {"id": "d"', '"b": {"id": "d"').encode()
    parsed = qwen.parse(data, ExportContext())
    assert "repeated_keys" in parsed.flags
    assert sum(node.node_id == "b" for node in parsed.nodes) == 2


@pytest.mark.parametrize(
    "element",
    [
        {"chat": {"history": {"messages": {"a": {"role": "user", "content": "x"}}}}},
        {"chat": {"history": {"messages": {}}}},
        {"id": "c", "title": "t", "chat_type": "t2t", "updated_at": 1},
        {"success": False, "data": {"code": "Unauthorized"}},
        {"mapping": {}, "chat": {"history": {"messages": {"a": {"content_list": []}}}}},
    ],
)
def test_what_is_not_qwens_is_not_claimed(element: dict[str, Any]) -> None:
    assert qwen.claim(element) is None


def test_a_saved_answer_names_the_array_that_holds_its_chats() -> None:
    assert qwen.conversation_arrays() == ("data",)
