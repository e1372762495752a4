"""Gemini CLI: what is claimed, and which files are sessions."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.exports.adapters import gemini_cli


@pytest.mark.parametrize(
    ("objects", "shape"),
    [
        ([{"sessionId": "s", "projectHash": "p", "messages": []}], "gemini_cli-json"),
        ([{"sessionId": "s", "projectHash": "p"}, {"$set": {}}], "gemini_cli-jsonl"),
        ([{"id": "a", "type": "gemini"}, {"$set": {}}], "gemini_cli-jsonl"),
        ([{"sessionId": "s", "messages": []}], None),
        ([{"type": "user", "uuid": "u", "sessionId": "s", "message": {}}], None),
        ([{}], None),
        ([], None),
    ],
)
def test_claims(objects: list[dict[str, Any]], shape: str | None) -> None:
    claim = gemini_cli.claim_lines(objects, "x.json")
    assert (claim.shape if claim else None) == shape


def test_sessions_come_before_their_sub_agents() -> None:
    names = [
        "tmp/k/chats/parent-id/agent.jsonl",
        "tmp/k/chats/session-b.jsonl",
        "session-a.json",
        "tmp/k/logs.json",
        "tmp/k/checkpoint-x.json",
        "settings.json",
        "oauth_creds.json",
        "other.json",
    ]
    assert gemini_cli.log_files(dict.fromkeys(names, 1)) == [names[2], names[1], names[0]]
    assert [name for name in names if gemini_cli.sidecar(name)] == names[3:7]


@pytest.mark.parametrize("data", [b"[]", b'{"messages":{}}', b'{\n"messages": [', b"7"])
def test_what_is_no_session_is_quarantined(data: bytes) -> None:
    read = list(gemini_cli.conversations({"x.json": data}.get, ["x.json"]))
    assert [(one.parsed, one.members, one.data) for one in read] == [(None, {"x.json": len(data)}, data)]
