"""Claude Code: what is claimed, which files are sessions, and what is nobody's prompt."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.exports.adapters import claude_code
from moonshine_assets.exports.adapters.claude_code.injected import prose

SAYS = {"type": "user", "uuid": "u", "sessionId": "s", "message": {"role": "user", "content": "x"}}
UUID = "0f1e2d3c-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("objects", "is_claimed"),
    [
        ([SAYS], True),
        ([{"type": "summary", "summary": "x", "leafUuid": "u"}], True),
        ([{"type": "file-history-snapshot", "isSnapshotUpdate": False}], True),
        ([{"type": "queue-operation", "sessionId": "s"}], True),
        ([{"loglines": []}], True),
        ([{"type": "user", "timestamp": "t", "message": {"content": "x"}}], True),
        ([{**SAYS, "message": {"role": "user", "parts": [{"text": "x"}]}}], False),
        ([{**SAYS, "type": "system", "systemPayload": {}}], False),
        ([{"type": "session", "id": "s", "cwd": "/"}], False),
        ([{"type": "session_meta", "payload": {}}], False),
        ([{"sessionId": "s", "projectHash": "p", "messages": []}], False),
        ([{"type": "user"}], False),
        ([{}], False),
        ([], False),
    ],
)
def test_claims(objects: list[dict[str, Any]], is_claimed: bool) -> None:
    assert (claude_code.claim_lines(objects, "x.jsonl") is not None) == is_claimed


def test_sessions_come_before_their_sub_agents_and_sidecars_stay_out() -> None:
    names = [
        f"projects/k/{UUID}/subagents/agent-a1.jsonl",
        f"projects/k/{UUID}.jsonl",
        f"projects/k/{UUID}/subagents/agent-a1.meta.json",
        f"projects/k/{UUID}/subagents/workflows/w/journal.jsonl",
        f"projects/k/{UUID}/tool-results/r.txt",
        "projects/k/sessions-index.json",
        "history.jsonl",
        "settings.json",
        f"__MACOSX/projects/k/{UUID}.jsonl",
        "sessions/rollout-2026-01-01T00-00-00-x.jsonl",
        f"agents/main/sessions/{UUID}.jsonl",
    ]
    assert claude_code.log_files(dict.fromkeys(names, 1)) == [names[1], names[0]]
    assert [name for name in names if claude_code.sidecar(name)] == names[2:8]


@pytest.mark.parametrize(
    ("text", "left", "taken"),
    [
        ("Why?", "Why?", 0),
        ("<div>Why?</div>", "<div>Why?</div>", 0),
        ("Why?\n<system-reminder>x</system-reminder>", "Why?", 1),
        ("<ide_selection a='b'>x</ide_selection> Why? <ide_diagnostics>y</ide_diagnostics>", "Why?", 2),
        ("What is <system-reminder>?", "What is <system-reminder>?", 0),
        ("<command-name>/x", "", 1),
        ("[Request interrupted by user]", "", 1),
        (" \n ", "", 0),
    ],
)
def test_the_clients_own_elements_are_taken_out_of_a_text(text: str, left: str, taken: int) -> None:
    said = prose(text)
    assert (said.text, len(said.injected)) == (left, taken)


def test_a_file_that_cannot_be_read_and_an_empty_one_are_accounted_for() -> None:
    files = {"gone.jsonl": None, "empty.jsonl": b"", "lost.jsonl": b"\xff\xfe"}
    found = list(claude_code.conversations(files.get, list(files)))
    assert [(one.parsed is None, one.members) for one in found] == [
        (True, {"gone.jsonl": 0}),
        (False, {"empty.jsonl": 0}),
        (True, {"lost.jsonl": 2}),
    ]
