"""Any snapshot of a session comes out of the archive as it went in, and a growing session costs what it grew."""

from __future__ import annotations

import json
import os
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from moonshine_assets.errors import BadInput, Corruption, Unreadable
from moonshine_assets.exports.register import source_sha256
from moonshine_assets.sessions.archive import (
    archive_session,
    key_of_record,
    latest_record,
    records,
    restore_session,
    verify_archive,
)
from moonshine_assets.sessions.archive.ledger import damaged_lines
from moonshine_assets.sessions.archive.snapshots import history
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.append_log import torn
from moonshine_resources.home import Home
from moonshine_resources.zstd import packed
from sessions.logs import (
    NOW,
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


def claude_log(folder: Path, count: int) -> Path:
    return write(
        folder / "projects" / "-srv-app" / f"{SESSION}.jsonl", [claude_said(n, f"turn {n}") for n in range(count)]
    )


def restored(home: Home, record: ArchiveRecord, to: Path) -> dict[str, bytes]:
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in restore_session(home, record, to)}


def stored_bytes(home: Home) -> int:
    """What the snapshots hold in all, unpacked."""
    total: dict[str, int] = {}
    for folder in home.session_raw.glob("*/*"):
        for snapshot in history(folder):
            for change in snapshot.line.changed.values():
                total.update({segment.sha256: segment.size for segment in change.segments})
    return sum(total.values())


def test_a_session_is_archived_and_comes_back_byte_for_byte(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 5)
    record = archive_session(home, TOLD, live("claude_code", path), NOW)
    assert record.content_hash == sha256(path.read_bytes()).hexdigest()
    assert (record.archive_path, key_of_record(record)) == (
        f"archive/sessions/raw/claude_code/{SESSION}",
        f"claude_code:{SESSION}",
    )
    assert verify_archive(home, record) == (1, path.stat().st_size)
    assert restored(home, record, tmp_path / "out") == {f"projects/-srv-app/{SESSION}.jsonl": path.read_bytes()}
    assert latest_record(home, SESSION) == record


def test_the_same_content_is_the_same_record(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 5)
    first = archive_session(home, TOLD, live("claude_code", path), NOW)
    assert archive_session(home, TOLD, live("claude_code", path), NOW + 500) == first
    assert home.session_ledger.read_bytes().count(b"\n") == 1


def test_a_growing_session_costs_what_it_grew(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 3)
    found = [archive_session(home, TOLD, live("claude_code", path), NOW)]
    for count in range(4, 24):
        with path.open("a") as log:
            log.write(json.dumps(claude_said(count, "more " * count)) + "\n")
        found.append(archive_session(home, TOLD, live("claude_code", path), NOW + count))
    assert stored_bytes(home) == path.stat().st_size
    last = list(history(home.root / found[-1].archive_path))[-1]
    assert len(last.line.changed) == 1
    assert next(iter(last.members.values())).lineage == 0
    assert len(records(home)) == len(found)
    sizes = [verify_archive(home, record).size_bytes for record in found]
    assert sizes == sorted(sizes)


def test_a_rewritten_log_is_a_new_lineage_and_the_old_one_stays(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 40)
    before = path.read_bytes()
    first = archive_session(home, TOLD, live("claude_code", path), NOW)
    path.write_bytes(b"".join(before.splitlines(keepends=True)[20:]))
    second = archive_session(home, TOLD, live("claude_code", path), NOW + 9)
    name = f"projects/-srv-app/{SESSION}.jsonl"
    assert [one.members[name].lineage for one in history(home.root / first.archive_path)] == [0, 1]
    assert restored(home, first, tmp_path / "a")[name] == before
    assert restored(home, second, tmp_path / "b")[name] == path.read_bytes()


def test_a_file_that_is_rewritten_with_every_turn_does_not_cost_its_size_every_time(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    turns: list[str] = ["x" * 3_000_000]
    for number in range(6):
        turns.append(f"turn {number}")
        path.write_text(json.dumps({"messages": turns}))
        archive_session(home, TOLD, live("estimate", path, "session"), NOW + number)
    assert stored_bytes(home) < path.stat().st_size + 6 * (1 << 20)


@hypothesis_settings(max_examples=10)
@given(
    edits=st.lists(
        st.tuples(st.sampled_from(["append", "cut", "rewrite", "back"]), st.binary(max_size=40)), min_size=1, max_size=8
    )
)
def test_whatever_is_done_to_a_file_every_snapshot_comes_back(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, bytes]]
) -> None:
    base = tmp_path_factory.mktemp("edits")
    home, path = Home.at(base / "home"), base / "log.txt"
    contents = [b"begun\n"]
    found = {}
    for number, (kind, data) in enumerate([("append", b""), *edits]):
        now = contents[-1]
        new = {"append": now + data, "cut": now[: len(data)], "rewrite": data + b"!", "back": contents[0]}[kind]
        contents.append(new)
        path.write_bytes(new)
        record = archive_session(home, TOLD, live("estimate", path, "log"), NOW + number)
        found[record.content_hash] = (record, new)
    for number, (record, data) in enumerate(found.values()):
        assert list(restored(home, record, base / f"out-{number}").values()) == [data]
    assert {record.content_hash for record in records(home)} == set(found)


def test_what_belongs_to_a_claude_code_session_is_archived_with_it(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 3)
    inside = path.with_suffix("")
    write(inside / "subagents" / "agent-a1.jsonl", [claude_said(0, "sub", isSidechain=True)])
    (inside / "subagents" / "agent-a1.meta.json").write_text('{"description": "look around"}')
    (inside / "tool-results").mkdir()
    (inside / "tool-results" / "b1.txt").write_text("a long output\n")
    write(path.parent / "agent-b2.jsonl", [claude_said(0, "older", isSidechain=True)])
    write(path.parent / "agent-c3.jsonl", [claude_said(0, "of another session") | {"sessionId": "other"}])
    (inside / ".credentials.json").write_text("secret")
    (inside / "link.txt").symlink_to(path)
    record = archive_session(home, TOLD, live("claude_code", path), NOW)
    names = {name.removeprefix("projects/-srv-app/") for name in restored(home, record, tmp_path / "out")}
    assert names == {
        f"{SESSION}.jsonl",
        f"{SESSION}/subagents/agent-a1.jsonl",
        f"{SESSION}/subagents/agent-a1.meta.json",
        f"{SESSION}/tool-results/b1.txt",
        "agent-b2.jsonl",
    }
    assert record.content_hash == source_sha256(tmp_path / "out")


def test_rollouts_of_codex_sub_agents_are_archived_with_their_thread(home: Home, tmp_path: Path) -> None:
    agent, other = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"
    day = tmp_path / "sessions" / "2027" / "01" / "15"
    path = write(
        day / f"rollout-2027-01-15T07-00-00-{SESSION}.jsonl",
        [codex_line("session_meta", id=SESSION), codex_said(1, "go")],
    )
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": SESSION}}}
    write(day / f"rollout-2027-01-15T07-01-00-{agent}.jsonl", [codex_line("session_meta", id=agent, source=spawned)])
    write(day / f"rollout-2027-01-15T07-02-00-{other}.jsonl", [codex_line("session_meta", id=other, source="cli")])
    record = archive_session(home, TOLD, live("codex", path), NOW)
    names = sorted(restored(home, record, tmp_path / "out"))
    assert [name[-41:-6] for name in names] == [SESSION[1:], agent[1:]]
    assert names[0].startswith("sessions/2027/01/15/rollout-")


def test_an_openclaw_session_is_read_out_of_its_store_as_it_is_at_one_moment(home: Home, tmp_path: Path) -> None:
    entries = [openclaw_said(number, f"entry {number} " + "long " * 400) for number in range(6)]
    store = openclaw_store(
        tmp_path / "agents" / "main" / "agent" / "openclaw-agent.sqlite",
        [openclaw_row(100), openclaw_row(5, key="agent:main:other", sessionId="other")],
        {SESSION: entries, "other": [openclaw_said(0, "not this one")]},
    )
    gateway = sqlite3.connect(store)
    gateway.execute('INSERT INTO transcript_events VALUES (?, 6, \'{"type":"half"}\', NULL)', (SESSION,))
    record = archive_session(home, TOLD, live("openclaw", store, session_key="agent:main:main"), NOW)
    gateway.rollback()
    found = restored(home, record, tmp_path / "out")
    log = found[f"agents/main/sessions/{SESSION}.jsonl"]
    assert [json.loads(line) for line in log.splitlines()] == entries
    assert json.loads(found["agents/main/sessions/sessions.json"]) == {"agent:main:main": {"sessionId": SESSION}}
    gateway.execute("UPDATE session_nodes SET entry_json = json_set(entry_json, '$.updatedAt', 9)")
    gateway.commit()
    assert archive_session(home, TOLD, live("openclaw", store, session_key="agent:main:main"), NOW + 1) == record
    gateway.close()


def test_an_older_openclaw_session_is_archived_from_its_file(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "agents" / "main" / "sessions"
    path = write(folder / f"{SESSION}.jsonl", [openclaw_said(0, "hello")])
    (folder / "sessions.json").write_text(
        json.dumps({"k": {"sessionId": SESSION, "spawnedBy": "agent:x", "totalTokens": 5}})
    )
    record = archive_session(home, TOLD, live("openclaw", path, session_key="k"), NOW)
    found = restored(home, record, tmp_path / "out")
    assert found[f"agents/main/sessions/{SESSION}.jsonl"] == path.read_bytes()
    index = json.loads(found["agents/main/sessions/sessions.json"])
    assert index == {"k": {"sessionId": SESSION, "spawnedBy": "agent:x"}}


@pytest.mark.parametrize("source", ["", "missing.jsonl", "sessions.json"])
def test_a_session_that_is_gone_is_an_error_and_nothing_is_written(home: Home, tmp_path: Path, source: str) -> None:
    (tmp_path / "sessions.json").write_text("{}")
    path = str(tmp_path / source) if source else ""
    with pytest.raises(Unreadable):
        archive_session(home, TOLD, live("openclaw", Path(path)) if path else live("codex", Path()), NOW)
    assert not home.session_ledger.exists()


@pytest.mark.parametrize("harm", ["flip", "cut", "missing", "other"])
def test_damage_to_a_segment_is_found(home: Home, tmp_path: Path, harm: str) -> None:
    record = archive_session(home, TOLD, live("claude_code", claude_log(tmp_path, 30)), NOW)
    (segment,) = (home.root / record.archive_path / "segments").iterdir()
    data = segment.read_bytes()
    segment.chmod(0o644)
    if harm == "missing":
        segment.unlink()
    elif harm == "other":
        said = next(tmp_path.glob("projects/*/*.jsonl")).read_bytes()
        segment.write_bytes(packed(said.replace(b"turn 7", b"turn 8")))
    else:
        segment.write_bytes(data[: len(data) // 2] + (b"\x55" + data[len(data) // 2 + 1 :] if harm == "flip" else b""))
    with pytest.raises(Corruption):
        restore_session(home, record, tmp_path / "out")
    with pytest.raises(Corruption):
        verify_archive(home, record)
    # the session still has it: archiving it again makes the archive whole
    assert archive_session(home, TOLD, live("claude_code", claude_log(tmp_path, 30)), NOW + 5) == record
    assert verify_archive(home, record).members == 1


def test_half_a_line_that_a_crash_left_is_set_aside(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 4)
    first = archive_session(home, TOLD, live("claude_code", path), NOW)
    snapshots = home.root / first.archive_path / "snapshots.jsonl"
    for file in (home.session_ledger, snapshots):
        with file.open("ab") as log:
            log.write(b'{"content_hash": "half')
    assert records(home) == [first]
    path.write_bytes(path.read_bytes() + b"{}\n")
    second = archive_session(home, TOLD, live("claude_code", path), NOW + 5)
    assert records(home) == [first, second]
    assert [torn(file).read_bytes() for file in (home.session_ledger, snapshots)] == [b'{"content_hash": "half\n'] * 2
    assert [verify_archive(home, one).members for one in (first, second)] == [1, 1]


def test_a_damaged_line_costs_what_it_told_of_and_the_next_archive_needs_none(home: Home, tmp_path: Path) -> None:
    path = claude_log(tmp_path, 4)
    first = archive_session(home, TOLD, live("claude_code", path), NOW)
    snapshots = home.root / first.archive_path / "snapshots.jsonl"
    snapshots.write_bytes(snapshots.read_bytes().replace(b"content_hash", b"contentXhash"))
    home.session_ledger.write_bytes(b"not a record\n")
    with pytest.raises(Corruption):
        verify_archive(home, first)
    assert damaged_lines(home) == 1
    again = archive_session(home, TOLD, live("claude_code", path), NOW + 5)
    assert again.content_hash == first.content_hash
    assert verify_archive(home, again).size_bytes == path.stat().st_size
    assert records(home) == [again]


def test_a_restore_never_writes_over_anything(home: Home, tmp_path: Path) -> None:
    record = archive_session(home, TOLD, live("claude_code", claude_log(tmp_path, 2)), NOW)
    with pytest.raises(BadInput):
        restore_session(home, record, tmp_path)


@pytest.mark.parametrize("name", ["../../escape", "a/b", "..", "", "x" * 300, "é ü", "con\nline"])
def test_no_name_of_a_session_leaves_the_archive(home: Home, tmp_path: Path, name: str) -> None:
    path = claude_log(tmp_path, 2)
    record = archive_session(home, TOLD, live("claude_code", path, name or "-"), NOW)
    folder = home.root / record.archive_path
    assert folder.parent == home.session_raw / "claude_code"
    assert verify_archive(home, record).members == 1
    assert all(text.parent == home.session_texts for text in home.session_texts.rglob("*.md"))


class Killed(BaseException):
    """The process is gone."""


def test_a_crash_at_any_moment_loses_nothing_and_is_completed_by_doing_it_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = claude_log(tmp_path, 3)
    whole = Home.at(tmp_path / "whole")
    syncs = 0
    real = os.fsync

    def counted(descriptor: Any) -> None:
        nonlocal syncs
        syncs += 1
        real(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    steps = []
    for count in (3, 6):
        claude_log(tmp_path, count)
        archive_session(whole, TOLD, live("claude_code", path), NOW + count)
        steps.append(syncs)
        syncs = 0
    for killed_at in range(1, max(steps) + 1):
        place = Home.at(tmp_path / f"killed-{killed_at}")

        def dying(descriptor: Any, at: int = killed_at) -> None:
            nonlocal syncs
            syncs += 1
            if syncs == at:
                raise Killed
            real(descriptor)

        for count in (3, 6):
            claude_log(tmp_path, count)
            syncs = 0
            monkeypatch.setattr(os, "fsync", dying)
            try:
                archive_session(place, TOLD, live("claude_code", path), NOW + count)
            except Killed:
                monkeypatch.setattr(os, "fsync", real)
                archive_session(place, TOLD, live("claude_code", path), NOW + count)
        monkeypatch.setattr(os, "fsync", real)
        assert records(place) == records(whole)
        for record in records(place):
            assert verify_archive(place, record) == verify_archive(whole, record)
        texts = [{file.name: file.read_text() for file in one.session_texts.iterdir()} for one in (place, whole)]
        assert texts[0] == texts[1]
