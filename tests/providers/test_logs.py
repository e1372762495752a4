"""Agents' logs through the whole build: every fixture pair into a run's database, its receipt and its gates."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from exporting import chatgpt, write
from intake import MOMENT, Intake, query

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import claude_code
from moonshine_assets.exports.folder import folder_files, is_secret
from moonshine_assets.exports.register import register
from moonshine_assets.mash.merge import RunFacts, merge_run
from moonshine_assets.providers.source import read_lock
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths
from moonshine_resources.tokenizer import TokenCounter

FIXTURES = Path(__file__).parents[1] / "fixtures" / "logs"
EXPECTATIONS = sorted(FIXTURES.glob("*/*.expected.json"))
#: What cannot be a run by itself, and the words it is refused with.
REFUSED = {"opencode/database-that-is-damaged": "none of its conversations could be read"}
FIRST, SECOND = "00000000-1111-4111-8111-111111111111", "00000000-2222-4222-8222-222222222222"
KEYS = ("input", "output", "cache_read", "cache_write", "reasoning")


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.expected.json')}"


def fixture(name: str) -> Path:
    provider, _, stem = name.partition("/")
    (found,) = (path for path in (FIXTURES / provider).glob(f"{stem}*") if path.stem == stem and path.suffix != ".md")
    return found


def build(intake: Intake, path: Path) -> RunPaths:
    """A draft whose gates all hold."""
    run = intake.drafted(path)
    assert [verdict for verdict in intake.gates(run).values() if not verdict.passed] == []
    return run


def column(run: RunPaths, expression: str, table: str = "messages", key: str = "message_id") -> dict[str, Any]:
    return dict(query(run.database_draft, f"SELECT {key}, {expression} FROM main.{table}"))


def total(run: RunPaths, name: str) -> int:
    return int(query(run.database_draft, f"SELECT sum({name}) FROM store.receipts")[0][0])


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=named)
def test_a_log_becomes_a_run_as_its_expectation_says(intake: Intake, expectation: Path) -> None:
    expected = json.loads(expectation.read_text())
    path = fixture(named(expectation))
    if words := REFUSED.get(named(expectation)):
        with pytest.raises(BadInput, match=words):
            intake.drafted(path)
        return
    run = build(intake, path)
    why = expected["why"]
    assert run.provider == expectation.parent.name, why
    lock = read_lock(run)
    assert lock["source_type"] == f"{run.provider}_log"
    assert 0 < lock["detection"]["confidence"] <= 1 and lock["detection"]["reason"]
    files = [path] if path.is_file() else list(folder_files(path).values())
    assert total(run, "bytes_total") == sum(file.stat().st_size for file in files)
    parents = column(run, "parent_conversation_id", "conversations", "conversation_id")
    if "conversations" in expected:
        assert set(parents) == set(expected["conversations"]), why
    if "quarantined" in expected:
        reasons = query(run.database_draft, "SELECT reason FROM quarantine WHERE unit = 'conversation' ORDER BY ALL")
        assert [reason for (reason,) in reasons] == sorted(expected["quarantined"]), why
    for name, parent in expected.get("parents", {}).items():
        assert parents[name] == parent, why
    if set(expected.get("replayed", {})) == set(parents):
        assert total(run, "nodes_replayed") == sum(expected["replayed"].values()), why
    costs = column(run, f"[{', '.join(f'usage_{key}' for key in KEYS)}]")
    for name, usage in expected.get("usage", {}).items():
        assert costs[name] == [(usage or {}).get(key) for key in KEYS], why
    speakers = column(run, "role || '/' || author_kind")
    for name, speaker in expected.get("speakers", {}).items():
        assert speakers[name] == speaker, why
    for name, messages in expected.get("messages", {}).items():
        found = query(
            run.database_draft, "SELECT message_id FROM messages WHERE conversation_id = ? ORDER BY position", name
        )
        assert [message for (message,) in found] == messages, why


@pytest.mark.parametrize("provider", sorted({path.parent.name for path in EXPECTATIONS}))
def test_the_ledger_of_a_log_is_complete(intake: Intake, counter: TokenCounter, provider: str) -> None:
    intake.count_many = counter.count_many
    run = intake.published(fixture(f"{provider}/everything"))
    ledger = intake.ledger(run, counter)
    verdict = intake.ledger_verdict(run, ledger, counter)
    assert verdict.passed, verdict.offenders
    assert ledger["raw_json_tokens"] > ledger["content_tokens_non_system"] > 0


@pytest.mark.parametrize("name", ["codex/packed", "openclaw/sqlite-store", "opencode/database"])
def test_raw_tokens_of_a_packed_log_are_those_of_the_json_in_it(
    intake: Intake, counter: TokenCounter, name: str
) -> None:
    intake.count_many = counter.count_many
    run = intake.published(fixture(name))
    ledger = intake.ledger(run, counter)
    verdict = intake.ledger_verdict(run, ledger, counter)
    assert verdict.passed, verdict.offenders
    assert ledger["raw_json_tokens"] > ledger["content_tokens_non_system"] > 0


def test_machine_written_turns_are_in_the_rows_and_no_human_ones(intake: Intake) -> None:
    run = build(intake, fixture("claude_code/users-that-are-no-persons"))
    kinds = dict(
        query(run.database_draft, "SELECT author_kind, count(*) FROM messages WHERE role = 'user' GROUP BY ALL")
    )
    assert kinds["client_injected"] > 0
    assert kinds.get("human", 0) < sum(kinds.values())


def test_replayed_records_are_duplicates_and_shown(intake: Intake) -> None:
    run = build(intake, fixture("claude_code/resumed-in-another-file"))
    assert total(run, "nodes_replayed") == total(run, "nodes_duplicate") == 2
    assert total(run, "nodes_structural") == 0


def test_a_log_in_a_zip_is_read_as_the_folder_is(intake: Intake, tmp_path: Path) -> None:
    folder = fixture("openclaw/state-directory")
    packed = tmp_path / "log.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not is_secret(file.relative_to(folder).as_posix()):
                archive.write(file, file.relative_to(folder))
    texts = "SELECT conversation_id, message_id, text FROM messages ORDER BY ALL"
    found = build(intake, folder)
    zipped = build(intake, packed)
    assert zipped.provider == found.provider == "openclaw"
    assert query(zipped.database_draft, texts) == query(found.database_draft, texts)


def lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def turn(session: str, name: str, parent: str | None, kind: str, text: Any, minute: int = 0) -> dict[str, Any]:
    """A record of Claude Code's."""
    message: dict[str, Any] = {"role": kind, "content": text}
    if kind == "assistant":
        usage = {"input_tokens": 10, "output_tokens": 5}
        message |= {
            "id": f"msg-{name}",
            "model": "claude-x",
            "usage": usage,
            "content": [{"type": "text", "text": text}],
        }
    return {
        "type": kind,
        "uuid": name,
        "parentUuid": parent,
        "sessionId": session,
        "timestamp": f"2026-01-31T10:{minute:02}:00.000Z",
        "version": "2.1.0",
        "cwd": "/srv/kites",
        "message": message,
    }


def session(name: str, turns: int = 2) -> bytes:
    records = []
    for rank in range(turns):
        kind = "assistant" if rank % 2 else "user"
        parent = f"{name}-{rank - 1}" if rank else None
        records.append(turn(name, f"{name}-{rank}", parent, kind, f"turn {rank} of {name}", rank))
    return lines(*records)


def test_a_session_that_has_grown_is_a_new_run_whose_copy_supersedes(intake: Intake, tmp_path: Path) -> None:
    log = tmp_path / "projects" / "k"
    write(log / f"{FIRST}.jsonl", session(FIRST))
    write(log / f"{SECOND}.jsonl", session(SECOND))
    runs = [intake.published(tmp_path / "projects")]
    write(log / f"{FIRST}.jsonl", session(FIRST, 4))
    runs.append(
        intake.home.run(register(intake.home, tmp_path / "projects", moment=MOMENT + timedelta(hours=1)).run_id)
    )
    assert runs[0].run_id != runs[1].run_id
    intake.published(tmp_path / "projects")
    intake.home.mash.parent.mkdir(parents=True, exist_ok=True)
    with connect(intake.home.mash, read_only=False) as connection:
        for run in runs:
            facts = RunFacts(
                run.run_id, run.provider, run.database, read_json(run.provenance)["database_sha256"], 100, 50
            )
            merge_run(connection, facts, moment=MOMENT, reason="test", gates=lambda _: [])
        current = connection.execute(
            "SELECT conversation_id, provider_run_id, message_count FROM conversations ORDER BY ALL"
        ).fetchall()
        spent = connection.execute("SELECT sum(usage_output) FROM messages").fetchall()
    assert current == [(FIRST, runs[1].run_id, 4), (SECOND, runs[1].run_id, 2)]
    # two answers of the one session, one of the other: none of them twice
    assert spent == [(15,)]


def test_of_two_copies_of_a_session_the_newer_counts_and_the_other_is_kept(intake: Intake, tmp_path: Path) -> None:
    older, newer = session(FIRST), session(FIRST, 4)
    write(tmp_path / "log" / "a" / f"{FIRST}.jsonl", older)
    write(tmp_path / "log" / "b" / f"{FIRST}.jsonl", newer)
    run = build(intake, tmp_path / "log")
    assert query(run.database_draft, "SELECT message_count FROM conversations") == [(4,)]
    assert query(run.database_draft, "SELECT unit, raw FROM quarantine") == [("older_copy", older)]
    assert total(run, "conversations_older") == 1


def test_a_copy_that_shares_its_file_is_kept_as_well(intake: Intake, tmp_path: Path) -> None:
    inline = {**turn(FIRST, "s-1", None, "user", "look"), "isSidechain": True, "agentId": "a1"}
    write(tmp_path / "log" / "a" / f"{FIRST}.jsonl", session(FIRST) + lines(inline))
    write(tmp_path / "log" / "b" / f"{FIRST}.jsonl", session(FIRST, 4) + lines(inline, {**inline, "uuid": "s-2"}))
    run = build(intake, tmp_path / "log")
    kept = [raw for (raw,) in query(run.database_draft, "SELECT raw FROM quarantine WHERE unit = 'older_copy'")]
    assert sorted(kept) == sorted([session(FIRST).rstrip(b"\n"), lines(inline).rstrip(b"\n")])


def test_a_session_the_adapter_stumbles_over_costs_itself_alone(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (FIRST, SECOND):
        write(tmp_path / "log" / f"{name}.jsonl", session(name))
    reading = claude_code.conversations

    def stumble(read: Any, names: list[str]) -> Iterator[Any]:
        for found in reading(read, names):
            if FIRST in next(iter(found.members)):
                raise KeyError("words of a message")
            yield found

    monkeypatch.setattr(claude_code, "conversations", stumble)
    run = build(intake, tmp_path / "log")
    assert query(run.database_draft, "SELECT reason, raw FROM quarantine") == [
        ("the claude_code adapter failed with KeyError", session(FIRST))
    ]
    assert query(run.database_draft, "SELECT conversation_id FROM conversations") == [(SECOND,)]


def test_a_log_larger_than_any_sidecar_is_read_whole(intake: Intake, tmp_path: Path) -> None:
    long = turn(FIRST, "long", f"{FIRST}-1", "user", "x" * (65 << 20))
    path = write(
        tmp_path / f"{FIRST}.jsonl", session(FIRST) + lines(long, turn(FIRST, "end", "long", "user", "the end"))
    )
    run = build(intake, path)
    assert query(run.database_draft, "SELECT text FROM messages WHERE message_id = 'end'") == [("the end",)]


def test_a_packed_log_is_told_by_its_content(intake: Intake, tmp_path: Path) -> None:
    packed = pa.compress(fixture("codex/tools").read_bytes(), codec="zstd", asbytes=True)
    assert build(intake, write(tmp_path / "anything.dat", packed)).provider == "codex"


@pytest.mark.parametrize("size", [20, None], ids=["cut off", "of an agent that packs nothing"])
def test_other_packed_files_are_refused(intake: Intake, tmp_path: Path, size: int | None) -> None:
    packed = pa.compress(session(FIRST), codec="zstd", asbytes=True)
    with pytest.raises(BadInput):
        intake.registered(write(tmp_path / "claude.zst", packed[:size]))


def test_what_stands_in_a_write_ahead_log_alone_is_read(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "store" / "any name.db"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE transcript_events (session_id TEXT, seq INTEGER, event_json TEXT)")
    said = {"role": "user", "content": "from the write-ahead log"}
    for seq, record in enumerate(
        (
            {"type": "session", "version": 3, "id": FIRST, "timestamp": "2026-01-31T10:00:00.000Z", "cwd": "/srv"},
            {"type": "message", "id": "m1", "parentId": None, "timestamp": "2026-01-31T10:00:01.000Z", "message": said},
        )
    ):
        connection.execute("INSERT INTO transcript_events VALUES (?, ?, ?)", (FIRST, seq, json.dumps(record)))
    connection.commit()
    try:
        run = build(intake, path.parent)
    finally:
        connection.close()
    assert run.provider == "openclaw"
    assert query(run.database_draft, "SELECT text FROM messages") == [("from the write-ahead log",)]


def test_logs_of_several_agents_are_refused_and_named(intake: Intake, tmp_path: Path) -> None:
    write(tmp_path / "log" / f"{FIRST}.jsonl", session(FIRST))
    shutil.copy(fixture("codex/tools"), tmp_path / "log" / "other.jsonl")
    with pytest.raises(BadInput, match=r"logs of several agents.*claude_code 1.*codex 1 \(first 'other.jsonl'\)"):
        intake.registered(tmp_path / "log")


def test_secrets_beside_the_sessions_are_never_copied(intake: Intake, tmp_path: Path) -> None:
    agents = tmp_path / "agents"
    write(agents / "main" / "agent" / "auth-profiles.json", {"key": "sk-secret"})
    shutil.copytree(fixture("openclaw/state-directory"), agents, dirs_exist_ok=True)
    run = build(intake, agents)
    kept = [path.name for path in run.raw.rglob("*") if path.is_file()]
    assert kept and "auth-profiles.json" not in kept
    assert "main/agent/auth-profiles.json" in read_lock(run)["left_out"]


def test_an_export_beside_which_no_log_is_stays_an_export(intake: Intake, tmp_path: Path) -> None:
    write(tmp_path / "export" / "conversations.json", [chatgpt("first")])
    assert build(intake, tmp_path / "export").provider == "chatgpt"
