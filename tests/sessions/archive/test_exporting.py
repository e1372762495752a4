"""Archived sessions become runs of their agents: once for every state they come to rest in, and packed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from intake import Intake

from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.forgotten import Conversation, bury
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.providers.source import raw_path, read_lock
from moonshine_assets.sessions.archive import archive_session, records
from moonshine_assets.sessions.archive.exporting import DEFAULTS, export_sessions, exported, withdraw_taken_in
from moonshine_assets.sessions.archive.forgetting import forget_archived
from moonshine_assets.sessions.recall import index_archive, recall
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from sessions.logs import (
    NOW,
    OTHER,
    SESSION,
    claude_said,
    codex_line,
    codex_said,
    live,
    openclaw_row,
    openclaw_said,
    openclaw_store,
    write,
)

TOLD = Settings()
LATER = NOW + DEFAULTS.settled_secs


def claude(home: Home, folder: Path, count: int, now: int = NOW) -> None:
    path = folder / "projects" / "-srv-app" / f"{SESSION}.jsonl"
    write(path, [claude_said(number, f"aardvark {number}") for number in range(count)])
    write(path.with_suffix("") / "subagents" / "agent-a1.jsonl", [claude_said(0, "look", isSidechain=True)])
    index_archive(home, archive_session(home, TOLD, live("claude_code", path), now))


def others(home: Home, folder: Path) -> None:
    rollout = folder / "sessions" / "2027" / "01" / "15" / f"rollout-2027-01-15T07-00-00-{OTHER}.jsonl"
    write(rollout, [codex_line("session_meta", id=OTHER), codex_said(1, "beaver"), codex_said(2, "yes", "assistant")])
    archive_session(home, TOLD, live("codex", rollout, OTHER), NOW)
    rows = [openclaw_row(1, key=f"agent:main:{name}", sessionId=name) for name in (SESSION, OTHER)]
    said = {name: [openclaw_said(number, f"capybara {number}") for number in range(2)] for name in (SESSION, OTHER)}
    store = openclaw_store(folder / "agents" / "main" / "agent" / "openclaw-agent.sqlite", rows, said)
    for name in (SESSION, OTHER):
        archive_session(home, TOLD, live("openclaw", store, name, session_key=f"agent:main:{name}"), NOW)


def test_every_agents_sessions_are_an_export_that_the_pipeline_takes(
    home: Home, tmp_path: Path, intake: Intake
) -> None:
    claude(home, tmp_path, 3)
    others(home, tmp_path)
    made = export_sessions(home, LATER)
    assert [(one.provider, len(one.sessions)) for one in made] == [("claude_code", 1), ("codex", 1), ("openclaw", 2)]
    told = {}
    for one in made:
        run = intake.published(home.inbox / one.file)
        assert run.provider == one.provider
        with connect(run.database, read_only=True) as connection:
            rows = connection.execute("SELECT conversation_id FROM conversations ORDER BY 1").fetchall()
            told[one.provider] = [name for (name,) in rows]
    assert told == {
        "claude_code": [SESSION, f"{SESSION}/agent-a1"],
        "codex": [OTHER],
        "openclaw": [SESSION, OTHER],
    }


def test_a_state_is_exported_once_and_only_when_the_session_has_come_to_rest(home: Home, tmp_path: Path) -> None:
    claude(home, tmp_path, 3)
    assert export_sessions(home, LATER - 1) == []
    (first,) = export_sessions(home, LATER)
    assert export_sessions(home, LATER + 99_999) == []
    claude(home, tmp_path, 5, LATER + 10)
    assert export_sessions(home, LATER + 10 + DEFAULTS.settled_secs) == []  # exported within the day
    assert export_sessions(home, LATER + 20, keys=frozenset({"codex:nobody"})) == []
    (second,) = export_sessions(home, LATER + 20, keys=frozenset({f"claude_code:{SESSION}"}))
    assert first.file != second.file
    assert exported(home) == [first, second]


def test_the_same_sessions_are_the_same_bytes_and_a_crash_exports_nothing_twice(home: Home, tmp_path: Path) -> None:
    claude(home, tmp_path, 3)
    (first,) = export_sessions(home, LATER)
    data = (home.inbox / first.file).read_bytes()
    (home.inbox / first.file).unlink()
    home.session_exports.unlink()
    (again,) = export_sessions(home, LATER + 5)
    assert (again.file, (home.inbox / again.file).read_bytes()) == (first.file, data)
    home.session_exports.unlink()  # as if killed before the line was written
    assert [one.file for one in export_sessions(home, LATER + 6)] == [first.file]
    assert len(list(home.inbox.iterdir())) == 1
    with zipfile.ZipFile(home.inbox / first.file) as archive:
        assert archive.testzip() is None


def test_a_zip_goes_from_the_inbox_when_its_run_has_archived_it(
    home: Home, tmp_path: Path, intake: Intake, counter
) -> None:  # type: ignore[no-untyped-def]
    claude(home, tmp_path, 3)
    (made,) = export_sessions(home, LATER)
    assert withdraw_taken_in(home) == []
    run = intake.published(home.inbox / made.file)
    assert withdraw_taken_in(home) == []
    lock = read_lock(run)
    raw_json_tokens(raw_path(run, lock), lock, run.work, counter)
    run.ledger.write_text("{}")
    archive_run(run, "2027-01-15T00:00:00Z")
    assert withdraw_taken_in(home) == [made.file]
    assert list(home.inbox.iterdir()) == []
    assert export_sessions(home, LATER + 99_999) == []


def test_a_forgotten_session_leaves_no_trace_and_stays_out(home: Home, tmp_path: Path) -> None:
    claude(home, tmp_path, 3)
    others(home, tmp_path)
    recall(home, TOLD, "aardvark")
    gone = [Conversation("claude_code", SESSION), Conversation("claude_code", f"{SESSION}/agent-a1")]
    assert forget_archived(home, gone) > 3
    assert forget_archived(home, gone) == 0
    assert [record.session_id for record in records(home)] == [OTHER, SESSION, OTHER]
    assert recall(home, TOLD, "aardvark").matches == ()
    assert recall(home, TOLD, "capybara 1").matches[0].snippet.startswith("capybara 1")
    left = [path for path in home.session_archive.rglob("*") if path.is_file()]
    assert not any(b"aardvark" in path.read_bytes() or f"claude_code--{SESSION}" in path.name for path in left)
    bury(home, gone, "2027-01-15T00:00:00Z")
    with pytest.raises(BadInput, match="was forgotten"):
        claude(home, tmp_path, 4)


def test_a_sub_agent_of_openclaw_is_forgotten_by_itself(home: Home, tmp_path: Path) -> None:
    others(home, tmp_path)
    forget_archived(home, [Conversation("openclaw", f"{SESSION}/agent-{OTHER}")])
    assert [record.session_id for record in records(home)] == [OTHER, SESSION]
