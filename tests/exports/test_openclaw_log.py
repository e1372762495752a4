"""OpenClaw and pi: whose a session is, which files are sessions, what a prompt is, and stores that are in use."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_reading import Reading

from moonshine_assets.exports.adapters import openclaw, pi
from moonshine_assets.exports.adapters.openclaw.unwrap import unwrap

ID = "aaaaaaa1-0000-4000-8000-000000000001"
HEADER = {"type": "session", "version": 3, "id": ID, "cwd": "/home/sam"}
SAID = {"type": "message", "id": "a", "parentId": None, "message": {"role": "user", "content": "x"}}


@pytest.mark.parametrize(
    ("objects", "name", "whose"),
    [
        ([HEADER, SAID], f"{ID}.jsonl", "openclaw"),
        ([{**HEADER, "version": 4}], "x.jsonl", "openclaw"),
        ([SAID], "x.jsonl", "openclaw"),
        ([{**HEADER, "branchedFrom": "/s/x.jsonl"}], "x.jsonl", "pi"),
        ([{"type": "session", "id": ID, "cwd": "/"}], "x.jsonl", "pi"),
        ([HEADER], f".pi/agent/sessions/k/2026-03-04T10-00-00-000Z_{ID}.jsonl", "pi"),
        ([HEADER, {**SAID, "message": {"role": "bashExecution"}}], "x.jsonl", "pi"),
        ([{**HEADER, "branchedFrom": "/x"}, {"type": "custom", "customType": "openclaw:x"}], "x.jsonl", "openclaw"),
        ([{**HEADER, "cwd": "/home/sam/.openclaw/workspace", "branchedFrom": "/x"}], "x.jsonl", "openclaw"),
        ([{"type": "session", "id": ID, "traceSchema": "openclaw-trajectory"}], "x.jsonl", None),
        ([{"type": "session", "id": ID}], "x.jsonl", None),
        ([{"type": "session_meta", "payload": {}}], "x.jsonl", None),
        ([{"type": "user", "uuid": "u", "sessionId": "s", "message": {}}], "x.jsonl", None),
        ([], "x.jsonl", None),
    ],
)
def test_claims(objects: list[dict[str, Any]], name: str, whose: str | None) -> None:
    claimed = [adapter.PROVIDER for adapter in (openclaw, pi) if adapter.claim_lines(objects, name)]
    assert claimed == ([whose] if whose else [])


def test_copies_traces_and_secrets_are_no_sessions() -> None:
    base = "agents/main/sessions/"
    sessions = [
        "agents/main/agent/openclaw-agent.sqlite",
        f"{base}{ID}-topic-3.jsonl",
        f"{base}{ID}.jsonl",
        f"{base}renamed.jsonl",
        f"{base}{ID}.jsonl.deleted.2026-03-01T10-00-00.000Z",
        f"{base}{ID}.jsonl.reset.2026-03-01T10-00-00.000Z",
    ]
    others = [
        f"{base}sessions.json",
        f"{base}{ID}.checkpoint.{ID}.jsonl",
        f"{base}{ID}.trajectory.jsonl",
        f"{base}{ID}.jsonl.bak-2",
        "agents/main/agent/openclaw-agent.sqlite-wal",
        "agents/main/agent/auth-profiles.json",
        "credentials/oauth.json",
        ".env",
    ]
    strange = ["notes.jsonl", f"projects/k/{ID}.jsonl", "sessions/2026/rollout-x.jsonl", "x.sqlite"]
    names = dict.fromkeys([*reversed(sessions), *others, *strange], 1)
    assert openclaw.log_files(names) == sessions
    assert [name for name in names if openclaw.sidecar(name)] == others


def test_sessions_of_pi_come_by_time() -> None:
    names = [f"b/2026-03-04T10-00-00-000Z_{ID}.jsonl", f"a/2026-03-05T10-00-00-000Z_{ID}.jsonl", f"{ID}.jsonl"]
    assert pi.log_files(dict.fromkeys(names, 1)) == names[:2]


@pytest.mark.parametrize(
    ("text", "left", "is_human"),
    [
        ("Why?", "Why?", True),
        ("[Mon 2026-03-09 15:38 GMT+8] Why?", "Why?", True),
        ("[2026-03-09 15:38] Why?", "Why?", True),
        ("[WhatsApp Sam +5m 2026-01-02 10:00 UTC] Why?", "Why?", True),
        ("[draft] Why?", "[draft] Why?", True),
        ("  indented", "  indented", True),
        ("System: [x] told", "", False),
        ("[OpenClaw heartbeat poll]", "[OpenClaw heartbeat poll]", False),
        ("[Mon 2026-03-09 15:38 GMT+8] HEARTBEAT_OK", "HEARTBEAT_OK", False),
        ("", "", False),
    ],
)
def test_prompts_are_unwrapped(text: str, left: str, is_human: bool) -> None:
    typed = unwrap(text)
    assert (typed.text, typed.is_human) == (left, is_human)


def test_what_stands_in_the_write_ahead_log_is_read_and_the_store_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "openclaw-agent.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=wal")
    writer.execute("CREATE TABLE transcript_events(session_id TEXT, seq INTEGER, event_json TEXT)")
    writer.execute("INSERT INTO transcript_events VALUES(?, 0, ?)", (ID, '{"type":"session","id":"s","cwd":"/"}'))
    writer.commit()
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.execute(
        "INSERT INTO transcript_events VALUES(?, 1, ?)",
        (ID, '{"type":"message","id":"u1","parentId":null,"message":{"role":"user","content":"Late."}}'),
    )
    writer.commit()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")}
    assert len(before["openclaw-agent.sqlite-wal"]) > 0
    read = list(openclaw.conversations(before.get, ["openclaw-agent.sqlite"]))
    assert [one.parsed.nodes_in if one.parsed else None for one in read] == [2]
    assert read[0].members == {"openclaw-agent.sqlite": len(before["openclaw-agent.sqlite"])}
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    writer.close()


def test_the_bytes_of_a_store_are_shared_out_without_rest(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as writer:
        writer.execute("CREATE TABLE transcript_events(session_id, seq INTEGER, event_json)")
        for number in range(7):
            writer.execute("INSERT INTO transcript_events VALUES(?, 0, ?)", (f"s{number}", "{}" * number))
    writer.close()
    data = path.read_bytes()
    read = list(openclaw.conversations({"x.sqlite": data}.get, ["x.sqlite"]))
    assert len(read) == 7
    assert sum(one.members["x.sqlite"] for one in read) == len(data)


@pytest.mark.parametrize("table", ["CREATE TABLE other(a)", "CREATE TABLE transcript_events(session_id, seq)"])
def test_a_store_without_sessions_is_quarantined(tmp_path: Path, table: str) -> None:
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as writer:
        writer.execute(table)
    writer.close()
    read = list(openclaw.conversations({"x.sqlite": path.read_bytes()}.get, ["x.sqlite"]))
    assert [(one.parsed, one.members) for one in read] == [(None, {"x.sqlite": path.stat().st_size})]
    assert read[0].reason


STORE = Path(__file__).parents[1] / "fixtures/logs/openclaw/sqlite-store/agents/main/agent/openclaw-agent.sqlite"


@settings(max_examples=150, deadline=None)
@given(start=st.integers(min_value=0), patch=st.binary(max_size=32), cut=st.integers(min_value=0, max_value=3000))
def test_a_damaged_store_is_accounted_for(start: int, patch: bytes, cut: int) -> None:
    data = STORE.read_bytes()
    at = start % len(data)
    damaged = (
        data[:at] + patch + data[at + max(cut, len(patch)) :]
        if cut > 40
        else data[:at] + patch + data[at + len(patch) :]
    )
    Reading(openclaw, {"x.sqlite": damaged})
