"""opencode: what is claimed, which files are records, and databases that are damaged or in use."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_reading import Reading

from moonshine_assets.exports.adapters import opencode

DATABASE = Path(__file__).parents[1] / "fixtures/logs/opencode/database/opencode.db"


@pytest.mark.parametrize(
    ("objects", "name", "is_claimed"),
    [
        ([{"info": {"id": "s"}, "messages": [{"info": {}, "parts": []}]}], "x.json", True),
        ([{"id": "m", "sessionID": "s", "role": "user"}], "x.json", True),
        ([{"id": "p", "sessionID": "s", "messageID": "m", "type": "text"}], "x.json", True),
        ([{"id": "s", "projectID": "p", "directory": "/", "time": {}}], "x.json", True),
        ([{"id": "p", "type": "text"}], "storage/part/m/p.json", True),
        ([{"type": "text", "sessionID": "s", "part": {}}, {}], "x.jsonl", True),
        ([{"info": {}, "messages": []}], "x.json", False),
        ([{"sessionId": "s", "projectHash": "p", "messages": []}], "x.json", False),
        ([{}], "x.json", False),
        ([], "x.json", False),
    ],
)
def test_claims(objects: list[dict[str, Any]], name: str, is_claimed: bool) -> None:
    assert (opencode.claim_lines(objects, name) is not None) == is_claimed


def test_records_come_in_the_order_sessions_messages_parts() -> None:
    names = [
        "opencode.db",
        "storage/session/p/ses_1.json",
        "storage/message/ses_1/msg_1.json",
        "storage/part/msg_1/prt_1.json",
    ]
    others = ["opencode.db-wal", "auth.json", "storage/migration", "storage/todo/ses_1.json"]
    strange = ["storage/session_diff/ses_1.json", "notes/x.json", "__MACOSX/storage/session/p/ses_1.json", "x.db"]
    found = dict.fromkeys([*reversed(names), *others, *strange], 1)
    assert opencode.log_files(found) == names
    assert [name for name in found if opencode.sidecar(name)] == [*others, strange[0]]


def test_what_stands_in_the_write_ahead_log_is_read(tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "opencode.db")
    writer.execute("PRAGMA journal_mode=wal")
    writer.execute("CREATE TABLE message(id, session_id, time_created, data)")
    writer.execute("CREATE TABLE part(id, message_id, session_id, data)")
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.execute("INSERT INTO message VALUES('m', 's', 1, ?)", (json.dumps({"role": "user"}),))
    writer.commit()
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    reading = Reading(opencode, files, ["opencode.db"])
    assert list(reading.messages) == ["m"]
    writer.close()


@settings(max_examples=150, deadline=None)
@given(start=st.integers(min_value=0), patch=st.binary(min_size=1, max_size=40), end=st.integers(min_value=0))
def test_a_damaged_database_is_accounted_for(start: int, patch: bytes, end: int) -> None:
    data = DATABASE.read_bytes()
    at = start % len(data)
    damaged = data[:at] + patch + data[at + len(patch) :]
    Reading(opencode, {"opencode.db": damaged[: len(data) - end % 2000 if end % 3 == 0 else None]})
