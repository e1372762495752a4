"""AI Studio: every fixture pair, values of any type in any place, and no text that is not in a block."""

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

PATHS = files.fixture_files(aistudio)

#: A prompt with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "runSettings": {"model": "models/gemini-2.5-pro"},
    "systemInstruction": {"text": "whole instruction", "parts": [{"text": "instruction"}, "bare"]},
    "chunkedPrompt": {
        "chunks": [
            {"id": "u", "role": "user", "text": "ask", "createTime": "2026-01-05T10:00:00Z", "isEdited": True},
            {"role": "user", "driveImage": {"id": "d"}, "youtubeVideo": {"id": "y"}, "branchParent": {"promptId": "p"}},
            {"role": "user", "inlineImage": {"mimeType": "image/png", "data": "AAAA"}},
            {"role": "model", "text": "thought", "isThought": True},
            {
                "role": "model",
                "text": "said",
                "parts": [
                    {"text": "part", "thought": True},
                    {"executableCode": {"language": "PYTHON", "code": "code"}},
                    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "output"}},
                    {"functionCall": {"name": "f", "id": "1", "args": {"a": "argument"}}},
                    {"functionResponse": {"name": "f", "id": "1", "response": {"r": "returned"}}},
                    {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
                    "bare part",
                ],
                "finishReason": "STOP",
                "errorMessage": "error",
                "grounding": {"groundingSources": [{"uri": "https://g.example"}]},
            },
            {"role": "model", "executableCode": {"code": "alone"}},
            {"role": "model", "codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "failed"}},
        ],
        "pendingInputs": [{"text": "pending", "role": "user"}],
    },
}
NOT_TEXT = frozenset(
    {
        *("runSettings", "id", "role", "createTime", "driveImage", "youtubeVideo", "inlineImage", "inlineData"),
        *("branchParent", "language", "outcome", "name", "finishReason", "grounding"),
    }
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(aistudio, path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_only_ai_studio_claims_its_prompts(path: Path) -> None:
    claimants = (*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot)
    assert files.claimed_by(claimants, json.loads(path.read_bytes())) == {"aistudio"}


def test_every_text_is_in_a_block() -> None:
    assert files.missing_markers(WHOLE, aistudio, NOT_TEXT) == []


def test_a_prompt_is_told_by_its_first_bytes() -> None:
    long = json.dumps({"runSettings": {}, "systemInstruction": {"text": "x" * 100}, "chunkedPrompt": {"chunks": []}})
    assert aistudio.claim_bytes(long.encode()[:60], "Poem") is not None
    assert aistudio.claim_bytes(b'{"runSettings": {"chunkedPrompt": 1}}', "") is None
    assert aistudio.claim_bytes(b'[{"chunkedPrompt": 1}]', "") is None


def test_prompts_are_found_in_their_folder_and_in_folders_of_prompts() -> None:
    prompt = json.dumps(WHOLE).encode()
    held = {
        "Drive/Google AI Studio/On v1.5 of it": prompt,
        "Drive/Google AI Studio/Poem": prompt,
        "Drive/Google AI Studio/cat.png": b"",
        "Drive/Google AI Studio/notes": b"plain",
        "Drive/Other": prompt,
    }
    sizes = {name: len(data) for name, data in held.items()}
    assert aistudio.conversation_members(sizes, held.get) == list(held)[:2]
    assert aistudio.conversation_members({"Poem": 1, "a.json": 1}, {"Poem": prompt}.get) == ["Poem"]
    assert aistudio.conversation_members({"conversations.json": 1}, {"conversations.json": b"[]"}.get) == []


def test_the_name_of_the_file_is_the_title() -> None:
    ((start, end, parsed),) = aistudio.parse_file(
        memoryview(json.dumps(WHOLE).encode()), "a/On v1.5.json", ExportContext()
    )
    assert isinstance(parsed, ParsedConversation)
    assert (start, end, parsed.title) == (0, len(json.dumps(WHOLE)), "On v1.5")
    ((_, _, refused),) = aistudio.parse_file(memoryview(b"{}"), "x", ExportContext())
    assert isinstance(refused, Unreadable)


def test_any_field_may_have_any_type() -> None:
    files.check_wrong_types(aistudio, WHOLE, "chunkedPrompt")


@settings(max_examples=150, deadline=None)
@given(checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(aistudio, WHOLE, changes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(aistudio, WHOLE, start, patch, cut)


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'{"chunkedPrompt":{}}', b"[" * 100_000, b"\xff"])
def test_what_is_no_prompt_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        aistudio.parse(data, ExportContext())
