"""Perplexity: every fixture pair, values of any type in any place, and no text that is not in a block."""

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

PATHS = files.fixture_files(perplexity)

#: A thread of exporters, and one of the interface, with every construct that is looked into.
EXPORT: dict[str, Any] = {
    "metadata": {
        "thread_title": "t",
        "thread_id": "th",
        "thread_url": "https://p.example/search/t-Ab",
        "exported_at": 1,
    },
    "conversations": [
        {
            "index": 0,
            "uuid": "e",
            "query": "ask",
            "answer": "answer",
            "model": "m",
            "mode": "copilot",
            "timestamp": "2025-12-01T08:00:00",
            "related_queries": ["r"],
            "sources": [{"title": "s", "url": "https://s.example"}],
            "attachments": ["https://f.example/a.pdf", {"name": "b", "url": "https://f.example/b"}],
            "error": "failed",
        }
    ],
}
API: dict[str, Any] = {
    "status": "success",
    "entries": [
        {
            "uuid": "e",
            "context_uuid": "c",
            "thread_title": "t",
            "query_str": "ask",
            "display_model": "turbo",
            "status": "COMPLETED",
            "entry_created_datetime": "2026-02-01T08:00:00.5",
            "entry_updated_datetime": "2026-02-01T08:00:09.5",
            "blocks": [
                {"intended_usage": "plan", "plan_block": {"goals": [{"description": "goal"}], "steps": ["step"]}},
                {"intended_usage": "ask_text", "markdown_block": {"answer": "answer"}},
                {"intended_usage": "ask_text", "markdown_block": {"chunks": ["chunk", "ed"]}},
                {"intended_usage": "web_results", "web_result_block": {"web_results": [{"url": "https://w.example"}]}},
                {"intended_usage": "new", "new_block": {"text": "unknown"}},
                "bare",
            ],
            "text": "old",
            "related_query_items": [{"text": "r"}],
        },
        {
            "uuid": "f",
            "query_str": "more",
            "blocks": [],
            "text": json.dumps(
                [
                    {"step_type": "SEARCH_WEB", "content": {"queries": [{"query": "q"}]}},
                    {"step_type": "FINAL", "content": {"answer": json.dumps({"answer": "inner"})}},
                ]
            ),
        },
    ],
    "thread_metadata": {},
}
NOT_TEXT = frozenset(
    {
        *("metadata", "uuid", "model", "mode", "timestamp", "related_queries", "sources", "attachments", "status"),
        *("context_uuid", "thread_title", "display_model", "entry_created_datetime", "entry_updated_datetime"),
        *("intended_usage", "web_result_block", "related_query_items"),
    }
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(perplexity, path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_only_perplexity_claims_its_threads(path: Path) -> None:
    claimants = (*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot)
    assert files.claimed_by(claimants, json.loads(path.read_bytes())) == {"perplexity"}


@pytest.mark.parametrize("whole", [EXPORT, API])
def test_every_text_is_in_a_block(whole: dict[str, Any]) -> None:
    assert files.missing_markers(whole, perplexity, NOT_TEXT) == []


def test_an_answer_in_steps_and_json_is_unfolded() -> None:
    parsed = perplexity.parse(json.dumps(API).encode(), ExportContext())
    texts = {message.message_id: checks.text_of(message) for message in arrange(parsed).messages}
    assert texts["f"] == '{"queries":[{"query":"q"}]}\n\ninner'


def test_a_thread_is_told_by_its_first_bytes() -> None:
    assert perplexity.claim_bytes(json.dumps(EXPORT).encode(), "") is not None
    assert perplexity.claim_bytes(json.dumps(API).encode(), "") is not None
    assert perplexity.claim_bytes(b'{"conversations": [{"conversation": {}}]}', "") is None
    assert perplexity.claim_bytes(b'[{"entries": [{"query_str": 1}]}]', "") is None


def test_a_single_entry_and_a_list_of_threads_are_read_too() -> None:
    entry = API["entries"][0]
    assert perplexity.claim(entry) is not None
    assert perplexity.parse(json.dumps(entry).encode(), ExportContext()).conversation_id == "c"
    assert all(perplexity.claim(thread) is not None for thread in [EXPORT, API])
    ((start, end, parsed),) = perplexity.parse_file(memoryview(json.dumps(API).encode()), "", ExportContext())
    assert isinstance(parsed, ParsedConversation)
    assert (start, end) == (0, len(json.dumps(API)))


@pytest.mark.parametrize("whole", [EXPORT, API])
def test_any_field_may_have_any_type(whole: dict[str, Any]) -> None:
    files.check_wrong_types(perplexity, whole)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([EXPORT, API]), checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(
    whole: dict[str, Any], changes: list[tuple[int, Any]]
) -> None:
    checks.check_random(perplexity, whole, changes)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([EXPORT, API]), st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(whole: dict[str, Any], start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(perplexity, whole, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'{"entries":{}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_thread_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        perplexity.parse(data, ExportContext())
