"""DeepSeek: every fixture pair, values of any type in any place, and no text that is not in a block."""

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
from moonshine_assets.exports.tree import arrange

PAIRS = checks.pairs(deepseek.PROVIDER)


def node(parent: str | None, **message: Any) -> dict[str, Any]:
    said = {"model": "deepseek-chat", "inserted_at": "2025-09-13T23:09:00.333000+08:00", "files": [], **message}
    return {"parent": parent, "children": [], "message": said if message else None}


#: A conversation with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "id": "c",
    "title": "Tides",
    "inserted_at": "2025-09-13T23:08:59.813000+08:00",
    "updated_at": "2025-09-13T23:09:43",
    "mapping": {
        "root": node(None),
        "1": node(
            "root",
            fragments=[
                {"type": "REQUEST", "content": "ask"},
                {"type": "FILE", "files": [{"file_id": "f", "file_name": "n", "file_size": 1, "content": "in file"}]},
            ],
            files=[{"id": "g", "text": "beside"}, "path"],
        ),
        "2": node(
            "1",
            status="FINISHED",
            feedback={"type": "LIKE", "content": "nice"},
            fragments=[
                {"type": "SEARCH", "results": [{"title": "t", "url": "https://u.example", "snippet": "s"}]},
                {"id": 3, "type": "TOOL_SEARCH", "content": "c", "queries": [{"query": "q"}], "results": ["r"]},
                {"id": 5, "type": "TOOL_OPEN", "result": {"title": "t", "snippet": "s"}, "reference": {"id": 3}},
                {"type": "TOOL_FIND", "content": "found"},
                {"type": "READ_LINK", "content": "read"},
                {"type": "THINK", "content": "think"},
                {"type": "RESPONSE", "content": "answer", "references": [{"id": 1}]},
                {"type": "TEMPLATE_RESPONSE", "content": "template"},
                {"type": "TIP", "content": "tip"},
            ],
        ),
        "3": node("1", fragments=[{"type": "REQUEST", "content": "both"}, {"type": "RESPONSE", "content": "in one"}]),
        "4": node(
            "2",
            content="plain",
            reasoning_content="reasons",
            search_results=[{"title": "old", "url": "https://o.example"}],
            tips=["t"],
        ),
    },
}
CAPTURE: dict[str, Any] = {
    "code": 0,
    "data": {
        "biz_data": {
            "chat_session": {"id": "s", "title": "t", "inserted_at": 1763442874.2, "current_message_id": 2},
            "chat_messages": [
                {"message_id": 1, "parent_id": None, "role": "USER", "content": "ask", "inserted_at": 1763442874.2},
                {
                    "message_id": 2,
                    "parent_id": 1,
                    "role": "ASSISTANT",
                    "status": "FINISHED",
                    "feedback": {"type": "DISLIKE"},
                    "thinking_content": "think",
                    "fragments": [{"id": 1, "type": "RESPONSE", "content": "answer"}],
                },
            ],
        }
    },
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_reads_as_its_expectation_says(name: str) -> None:
    checks.check_fixture(deepseek, name)


@pytest.mark.parametrize("name", PAIRS)
def test_a_fixture_is_claimed_by_this_adapter_alone(name: str) -> None:
    checks.check_claims(deepseek, (deepseek, qwen, openwebui, librechat, chatbotui), name)


def test_every_text_of_a_conversation_stands_in_a_block() -> None:
    texts = {"content", "text", "title", "snippet", "query", "reasoning_content", "thinking_content"}

    def bears(place: tuple[Any, ...]) -> bool:
        return place[-1] in texts and ("mapping" in place or "chat_messages" in place) and "feedback" not in place

    for whole in (WHOLE, CAPTURE):
        changed, markers = checks.marked(whole, bears)
        assert len(markers) > 2
        assert checks.missing(checks.read_element(deepseek, changed), markers) == []


@pytest.mark.parametrize("whole", [WHOLE, CAPTURE], ids=["export", "interface"])
def test_a_value_of_a_wrong_type_anywhere_is_survived(whole: dict[str, Any]) -> None:
    checks.check_wrong_types(deepseek, whole)


def test_nodes_read_alike_at_once_and_one_by_one() -> None:
    checks.check_alike(deepseek, WHOLE, ("mapping",))


@settings(max_examples=300, deadline=None)
@given(whole=st.sampled_from([WHOLE, CAPTURE]), changes=checks.CHANGES)
def test_random_values_at_random_places_are_survived(whole: dict[str, Any], changes: list[tuple[int, Any]]) -> None:
    checks.check_random(deepseek, whole, changes)


@settings(max_examples=200, deadline=None)
@given(start=st.integers(0, 10_000), patch=st.binary(max_size=6), cut=st.integers(0, 6))
def test_damaged_bytes_are_unreadable_or_accounted_for(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(deepseek, WHOLE, start, patch, cut)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"mapping":[]}',
        b'{"data":{"biz_data":{}}}',
        b'{"mapping":{',
        b'{"mapping":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    ],
)
def test_what_cannot_be_read_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        deepseek.parse(data, ExportContext())


def test_half_a_surrogate_pair_and_nul_are_repaired_and_flagged() -> None:
    data = json.dumps(WHOLE).replace('"answer"', '"a\\ud83d b\\u0000"').encode()
    parsed = deepseek.parse(memoryview(data), ExportContext())
    assert {"surrogate_replaced", "nul_stripped", "time_without_zone"} <= set(parsed.flags)
    texts = [block.text for message in arrange(parsed).messages for block in message.blocks]
    assert "a\ufffd b" in texts


def test_a_long_conversation_is_walked_without_recursion() -> None:
    count = 30_000
    mapping = {
        str(n): node(str(n - 1) if n else None, fragments=[{"type": "REQUEST", "content": "q"}]) for n in range(count)
    }
    parsed = checks.read_element(deepseek, {"id": "c", "inserted_at": 1, "mapping": mapping})
    assert arrange(parsed).max_depth == count


@pytest.mark.parametrize(
    "element",
    [
        {"mapping": {"a": {"message": {"author": {"role": "user"}}}}, "current_node": "a"},
        {"mapping": {}},
        {"chat_messages": []},
        {"data": {"chat_messages": []}},
        {"inserted_at": "2025-01-01"},
    ],
)
def test_what_is_not_deepseeks_is_not_claimed(element: dict[str, Any]) -> None:
    assert deepseek.claim(element) is None


def test_the_members_of_its_zip_are_told_by_their_first_bytes() -> None:
    names = {"conversations.json": 9, "user.json": 3, "__MACOSX/conversations.json": 1}
    assert deepseek.conversation_members(names, lambda name: b'[{"id":"c","inserted_at":') == ["conversations.json"]
    assert deepseek.conversation_members(names, lambda name: b'[{"id":"c","create_time":') == []
    assert [name for name in names if deepseek.sidecar(name)] == ["user.json"]
