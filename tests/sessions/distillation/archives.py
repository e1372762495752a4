"""Archived sessions as the agents write them, through the real adapter."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from moonshine_assets.exports.adapters import claude_code
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.distillation.archived import ArchivedSession
from moonshine_assets.sessions.distillation.said import said

SESSION = "33333333-3333-4333-8333-333333333333"
NOW = 1_800_000_000


def line(kind: str, own: str, content: Any, before: str | None, minute: int, session: str = SESSION) -> dict[str, Any]:
    message: dict[str, Any] = {"role": kind, "content": content}
    if kind == "assistant":
        message |= {"id": f"msg-{own}", "model": "claude-sonnet-4-6", "stop_reason": "end_turn"}
    return {
        "type": kind,
        "uuid": own,
        "parentUuid": before,
        "sessionId": session,
        "cwd": "/srv/shop",
        "version": "2.1.329",
        "timestamp": f"2027-01-15T07:{minute:02d}:00.000Z",
        "message": message,
    }


def tool(own: str, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "tool_use", "id": f"call-{own}", "name": name, "input": arguments}]


def result(own: str, text: str, is_error: bool = False) -> list[dict[str, Any]]:
    return [{"type": "tool_result", "tool_use_id": f"call-{own}", "content": text, "is_error": is_error}]


def shop(session: str = SESSION) -> list[dict[str, Any]]:
    """A session with a rule, a decision, a command that works and one that fails, a file, a number, an end."""
    told = [
        ("user", "Never touch the table `orders_v1`. The payment service listens on port 8443."),
        ("assistant", "We'll use PostgreSQL 16 for the ledger. Let me run the tests."),
        ("assistant", tool("a", "Bash", {"command": "pytest -q tests/payments"})),
        ("user", result("a", "2 failed, 3 passed", is_error=True)),
        (
            "assistant",
            tool("b", "Edit", {"file_path": "/srv/shop/pay/ledger.py", "old_string": "1", "new_string": "2"}),
        ),
        ("user", result("b", "done")),
        ("assistant", tool("c", "Bash", {"command": "pytest -q tests/payments --maxfail=1"})),
        ("user", result("c", "5 passed in 0.4s")),
        ("assistant", "All 5 tests pass. Next: move the refunds, which has to be done before the release."),
    ]
    lines, before = [], None
    for number, (kind, content) in enumerate(told):
        own = f"{number:08d}-0000-4000-8000-000000000000"
        lines.append(line(kind, own, content, before, number, session))
        before = own
    return lines


def archived(lines: list[dict[str, Any]], session: str = SESSION, place: str = "/srv/shop") -> ArchivedSession:
    """The session as its archive gives it back."""
    data = "".join(json.dumps(one) + "\n" for one in lines).encode()
    name = f"{session}.jsonl"
    found = claude_code.conversations({name: data}.get, [name])
    messages = said([one.parsed for one in found if one.parsed is not None])
    record = ArchiveRecord(
        session_id=session,
        archive_path=f"archive/sessions/raw/claude_code/{session}",
        content_hash=sha256(data).hexdigest(),
        created_at_epoch_secs=NOW,
        indexed_collection="history",
        projection_filtered_noise_count=0,
    )
    return ArchivedSession("claude_code", place, record, messages)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, locks left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }
