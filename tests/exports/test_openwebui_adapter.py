"""Open WebUI: every fixture pair, values of any type in any place, and no text that is not in a block."""

from __future__ import annotations

from typing import Any

import adapter_checks as checks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import chatbotui, deepseek, librechat, openwebui, qwen
from moonshine_assets.exports.records import ExportContext
from moonshine_assets.exports.tree import arrange

PAIRS = checks.pairs(openwebui.PROVIDER)

#: A chat with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "id": "c",
    "title": "Tides",
    "created_at": 1700000000,
    "updated_at": 1700000010,
    "folder_id": "f",
    "chat": {
        "title": "Tides",
        "models": ["llama"],
        "params": {"system": "system prompt"},
        "files": [{"id": "k", "name": "all.txt", "file": {"data": {"content": "of all"}}}],
        "timestamp": 1700000000123,
        "messages": [{"id": "u"}],
        "history": {
            "currentId": "b",
            "messages": {
                "u": {
                    "id": "u",
                    "role": "user",
                    "content": [{"type": "text", "text": "ask"}, {"type": "image_url", "image_url": {"url": "x"}}],
                    "timestamp": 1700000000,
                    "files": [{"id": "f", "files": [{"data": {"content": "in collection"}}]}, "path"],
                    "merged": {"content": "merger"},
                },
                "a": {
                    "id": "a",
                    "parentId": "u",
                    "role": "assistant",
                    "content": "rendering",
                    "model": "llama",
                    "output": [
                        {"type": "reasoning", "content": [{"text": "reasons"}], "summary": [{"text": "in short"}]},
                        {"type": "function_call", "call_id": "1", "name": "n", "arguments": "asked"},
                        {"type": "function_call_output", "call_id": "1", "output": [{"text": "result"}]},
                        {"type": "open_webui:code_interpreter", "id": "2", "code": "run", "output": {"stdout": "o"}},
                        {"type": "web_search_call", "action": {"query": "searched"}},
                        {"type": "message", "content": [{"type": "output_text", "text": "answer", "annotations": [1]}]},
                        {"type": "of_tomorrow", "content": "unknown"},
                    ],
                    "sources": [{"source": {"name": "s"}, "document": ["passage"], "metadata": [{}]}],
                    "code_executions": [{"id": "x", "code": "beside", "result": {"output": "2"}}],
                    "annotation": {"rating": 1, "details": {"rating": 9}},
                    "originalContent": "before",
                    "statusHistory": [{"done": True}],
                    "info": {"finish_reason": "stop"},
                    "done": True,
                },
                "b": {
                    "id": "b",
                    "parentId": "u",
                    "role": "assistant",
                    "content": '<details type="reasoning"><summary>s</summary>\n> thought</details>\nsaid',
                    "error": {"content": "failed"},
                },
                "c": {"id": "c", "parentId": "b", "childrenIds": []},
            },
        },
    },
}
EVALUATION: dict[str, Any] = {
    "id": "e",
    "type": "rating",
    "data": {"rating": "1", "model_id": "llama", "sibling_model_ids": ["qwen"]},
    "meta": {"arena": True, "message_id": "a"},
    "snapshot": {"chat": WHOLE},
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    checks.check_fixture(openwebui, name)


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_is_claimed_by_this_adapter_alone(name: str) -> None:
    checks.check_claims(openwebui, (deepseek, qwen, openwebui, librechat, chatbotui), name)


def test_every_text_of_a_chat_stands_in_a_block() -> None:
    texts = {"content", "text", "system", "arguments", "code", "output", "originalContent", "query", "stdout"}

    def bears(place: tuple[Any, ...]) -> bool:
        # a summary counts where the reasoning itself is missing
        return (place[-1] in texts or "document" in place) and "summary" not in place

    changed, markers = checks.marked(WHOLE, bears)
    assert len(markers) > 15
    assert checks.missing(checks.read_element(openwebui, changed), markers) == []


@pytest.mark.parametrize("whole", [WHOLE, EVALUATION, WHOLE["chat"]], ids=["chat", "evaluation", "bare"])
def test_a_value_of_a_wrong_type_anywhere_is_survived(whole: dict[str, Any]) -> None:
    checks.check_wrong_types(openwebui, whole)


def test_nodes_read_alike_at_once_and_one_by_one() -> None:
    checks.check_alike(openwebui, WHOLE, ("chat", "history", "messages"))


@settings(max_examples=300, deadline=None)
@given(whole=st.sampled_from([WHOLE, EVALUATION]), changes=checks.CHANGES)
def test_random_values_at_random_places_are_survived(whole: dict[str, Any], changes: list[tuple[int, Any]]) -> None:
    checks.check_random(openwebui, whole, changes)


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 10_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(openwebui, WHOLE, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"chat":[]}', b'{"chat":{"messages":7}}', b'{"snapshot":{}}'])
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        openwebui.parse(data, ExportContext())


def test_a_summary_of_reasoning_counts_where_the_reasoning_is_not_given() -> None:
    item = {"type": "reasoning", "content": [], "summary": [{"type": "summary_text", "text": "in short"}]}
    message = {"id": "a", "role": "assistant", "content": "x", "output": [item]}
    chat = {"id": "c", "chat": {"history": {"messages": {"a": message}}}}
    (answer,) = arrange(checks.read_element(openwebui, chat)).messages
    assert [(block.kind, block.text) for block in answer.blocks] == [("thinking", "in short"), ("text", "x")]
    assert answer.flags == []


def test_a_long_chat_is_walked_without_recursion() -> None:
    count = 30_000
    messages = {str(n): {"role": "user", "content": "q", "parentId": str(n - 1) if n else None} for n in range(count)}
    parsed = checks.read_element(openwebui, {"id": "c", "chat": {"history": {"messages": messages}}})
    assert arrange(parsed).max_depth == count


@pytest.mark.parametrize(
    "element",
    [
        {"chat": {"history": {"messages": {"a": {"role": "user", "sub_chat_type": "t2t"}}}}},
        {"id": "c", "chat": {"history": {"messages": {}}}, "chat_type": "t2t"},
        {"chat": {"title": "t"}},
        {"messages": [{"role": "user", "content": "x"}]},
        {"version": 4, "history": [], "folders": []},
    ],
)
def test_what_is_not_open_webuis_is_not_claimed(element: dict[str, Any]) -> None:
    assert openwebui.claim(element) is None
