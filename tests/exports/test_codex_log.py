"""Codex: what is claimed, which files are rollouts, and where a fork's own turns begin."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.exports.adapters import codex
from moonshine_assets.exports.adapters.codex.prompts import asked, is_machine_written
from moonshine_assets.exports.adapters.codex.wire import minted_at

ID = "019cb800-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("objects", "is_claimed"),
    [
        ([{"type": "session_meta", "payload": {"id": ID}}], True),
        ([{"type": "turn_context", "payload": {}}], True),
        ([{"id": "a", "timestamp": "t", "instructions": None}], True),
        ([{"record_type": "state"}], True),
        ([{"session": {"id": "a"}, "items": []}], True),
        ([{"type": "function_call", "call_id": "c"}], True),
        ([{"type": "session_meta", "payload": None}], False),
        ([{"type": "user", "uuid": "u", "sessionId": "s", "message": {}}], False),
        ([{"type": "message", "id": "a", "message": {"role": "user"}}], False),
        ([{"items": []}], False),
        ([{}], False),
        ([], False),
    ],
)
def test_claims(objects: list[dict[str, Any]], is_claimed: bool) -> None:
    assert (codex.claim_lines(objects, "x.jsonl") is not None) == is_claimed


def test_rollouts_come_in_the_order_of_their_names_and_archived_ones_last() -> None:
    names = [
        "archived_sessions/rollout-2025-01-01T00-00-00-a.jsonl",
        "sessions/2026/02/rollout-2026-02-01T00-00-00-b.jsonl.zst",
        "sessions/2026/01/rollout-2026-01-01T00-00-00-c.jsonl",
        "history.jsonl",
        "auth.json",
        "session_index.jsonl",
        "state_5.sqlite",
        "__MACOSX/rollout-2026-01-01T00-00-00-c.jsonl",
    ]
    assert codex.log_files(dict.fromkeys(names, 1)) == [names[2], names[1], names[0]]
    assert [name for name in names if codex.sidecar(name)] == names[3:7]


@pytest.mark.parametrize(
    ("text", "is_machine"),
    [
        ("<environment_context>\n<cwd>/</cwd>\n</environment_context>", True),
        ("# AGENTS.md instructions for /k\n\n<INSTRUCTIONS>x</INSTRUCTIONS>", True),
        ("<user_shell_command>\nls", True),
        ("<b>bold</b> move", False),
        ("Is <b>x</b>?", False),
        ("", False),
    ],
)
def test_the_clients_words_have_its_form(text: str, is_machine: bool) -> None:
    assert is_machine_written(text) == is_machine


@pytest.mark.parametrize(
    ("text", "left", "context"),
    [
        ("Plain.", "Plain.", None),
        ("# Context\n## My request for Codex:\nDo it.\n", "Do it.", "# Context"),
        ("## My request for Codex:\nDo it.", "Do it.", None),
        ("## My request for Codex:\n", "## My request for Codex:\n", None),
    ],
)
def test_what_the_editor_puts_before_a_prompt_is_no_part_of_it(text: str, left: str, context: str | None) -> None:
    assert asked(text) == (left, context)


def test_a_uuid_of_version_7_tells_when_it_was_made() -> None:
    assert minted_at(ID) == 0x019CB8000000
    assert minted_at("019cb800-0000-4000-8000-000000000001") is None
    assert minted_at("turn-1") is None
    assert minted_at(None) is None
