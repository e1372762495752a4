"""Qwen Code: what is claimed (before Claude Code, whose envelope it has), and which files are sessions."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.exports.adapters import claude_code, gemini_cli, qwen_code

UUID = "0f1e2d3c-1111-4222-8333-444455556666"
ENVELOPE = {"uuid": "u", "sessionId": "s", "parentUuid": None, "timestamp": "t"}


@pytest.mark.parametrize(
    ("objects", "is_claimed"),
    [
        ([{**ENVELOPE, "type": "user", "message": {"role": "user", "parts": []}}], True),
        ([{**ENVELOPE, "type": "system", "subtype": "ui_telemetry", "systemPayload": {}}], True),
        ([{**ENVELOPE, "type": "user", "message": {"role": "user", "content": []}}], False),
        ([{"message": {"parts": []}}], False),
        ([], False),
    ],
)
def test_claims(objects: list[dict[str, Any]], is_claimed: bool) -> None:
    assert (qwen_code.claim_lines(objects, "x.jsonl") is not None) == is_claimed
    if is_claimed:
        assert claude_code.claim_lines(objects, "x.jsonl") is None
        assert gemini_cli.claim_lines(objects, "x.jsonl") is None


def test_sessions_stand_under_chats() -> None:
    names = [
        f"projects/k/chats/{UUID}.jsonl",
        f"tmp/k/chats/{UUID}.jsonl",
        f"projects/k/{UUID}.jsonl",
        "tmp/k/chats/session-a.json",
        "tmp/k/logs.json",
        "settings.json",
    ]
    assert qwen_code.log_files(dict.fromkeys(names, 1)) == names[:2]
    assert [name for name in names if qwen_code.sidecar(name)] == names[4:]
