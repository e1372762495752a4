"""A cycle of the watcher: what is due is done, told and remembered; one session's trouble is its own."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from moonshine_assets.errors import StorageFull
from moonshine_assets.sessions import state
from moonshine_assets.sessions.archive import latest_record, records, verify_archive
from moonshine_assets.sessions.audit import Code, Line, lines
from moonshine_assets.sessions.cycle import Cycle, cycle, due
from moonshine_assets.sessions.ladder import Phase, SessionState, Stage
from moonshine_assets.sessions.recall import recall
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter
from sessions.agents_at_work import Machine
from sessions.logs import NOW, OTHER, SESSION

A, P, D = Stage
CLAUDE, CODEX = f"claude_code:{SESSION}", f"codex:{OTHER}"


@pytest.fixture
def machine(tmp_path: Path, counter: TokenCounter) -> Machine:
    return Machine(tmp_path, counter=counter)


def run(home: Home, machine: Machine, **more: Any) -> Cycle:
    return cycle(home, machine.look(), machine.clock, **more)


def codes(done: Cycle) -> list[tuple[str, str]]:
    return [(line.session, line.code) for line in done.lines]


def known(home: Home, key: str = CLAUDE) -> SessionState:
    return state.look(home).state.sessions[key]


def test_a_session_on_the_first_step_is_archived_found_again_and_then_left_alone(home: Home, machine: Machine) -> None:
    machine.claude(145_000)
    done = run(home, machine)
    assert codes(done) == [(CLAUDE, Code.ARCHIVED)]
    record = latest_record(home, SESSION, "claude_code")
    assert record is not None
    assert done.lines[0].archive == record.archive_path
    assert verify_archive(home, record).members == done.lines[0].figures["members"] == 1
    assert [match.metadata["session_id"] for match in recall(home, machine.settings, "billing service").matches]
    assert lines(home.moon_audit_log) == done.lines
    assert known(home).phase is Phase.COOLDOWN
    machine.now += 3600
    assert run(home, machine).lines == []


def test_nothing_is_done_to_sessions_below_the_steps(home: Home, machine: Machine) -> None:
    machine.claude(100_000)
    machine.codex(100_000, session_id=OTHER)
    assert run(home, machine) == Cycle(2, [], [])
    assert not home.archive.exists()


def test_one_sessions_trouble_keeps_nothing_of_the_others_back(home: Home, machine: Machine) -> None:
    machine.claude(145_000)
    rollout = machine.codex(200_000, session_id=OTHER)
    blocker = home.archive / "sessions" / "raw" / "codex"
    blocker.parent.mkdir(parents=True)
    blocker.write_text("a file where a folder should be")
    told: list[Line] = []
    done = run(home, machine, say=told.append)
    assert told == done.lines
    assert codes(done) == [(CLAUDE, Code.ARCHIVED), (CODEX, Code.ARCHIVE_FAILED)]
    assert done.lines[1].retry
    assert known(home, CODEX).waiting == (A,)
    blocker.unlink()
    machine.now += 60
    machine.touch(rollout, 600)
    assert codes(run(home, machine)) == [(CODEX, Code.ARCHIVED)]
    assert known(home, CODEX).failures == 0


def test_without_an_archive_nothing_else_is_done(home: Home, machine: Machine) -> None:
    path = machine.claude(155_000)
    before = sorted(path.parent.iterdir())
    (home.archive / "sessions").mkdir(parents=True)
    (home.archive / "sessions" / "raw").write_text("a file where a folder should be")
    assert codes(run(home, machine)) == [(CLAUDE, Code.ARCHIVE_FAILED)]
    assert known(home).waiting == (A, P)
    assert sorted(path.parent.iterdir()) == before


def test_a_prune_without_installed_hooks_is_left_and_said(home: Home, machine: Machine) -> None:
    machine.settings = Settings()
    machine.claude(155_000)
    done = run(home, machine)
    assert codes(done) == [(CLAUDE, Code.ARCHIVED), (CLAUDE, Code.PRUNE_SWITCHED_OFF)]
    assert done.lines[1].reason == "prune.mode is installed"
    assert known(home).outstanding == ()


def test_a_session_in_use_is_pruned_once_it_is_idle(home: Home, machine: Machine) -> None:
    machine.settings = replace(machine.settings, claude_code=replace(Settings().claude_code, command="/none"))
    path = machine.claude(155_000, age=5)
    done = run(home, machine)
    assert codes(done) == [(CLAUDE, Code.ARCHIVED), (CLAUDE, Code.PRUNE_FAILED)]
    assert "in use" in done.lines[1].reason
    machine.now += 600
    assert codes(run(home, machine)) == [(CLAUDE, Code.ARCHIVED), (CLAUDE, Code.PRUNED)]
    assert len(list(path.parent.iterdir())) == 2, "a pruned copy beside it"


def test_a_session_that_is_gone_stands_by_its_archive(home: Home, machine: Machine) -> None:
    path = machine.claude(145_000)
    run(home, machine)
    machine.now += 100
    path.write_bytes(path.read_bytes() + b'{"half": ')
    machine.touch(path, 200)
    (home.archive / "sessions" / "index").rename(home.archive / "sessions" / "away")
    (home.archive / "sessions" / "index").write_text("a file where a folder should be")
    machine.claude(155_000)
    assert codes(run(home, machine))[0] == (CLAUDE, Code.ARCHIVE_FAILED)
    path.unlink()
    (home.archive / "sessions" / "index").unlink()
    machine.now += 100
    done = run(home, machine)
    assert codes(done) == [(CLAUDE, Code.ARCHIVED)], "gone, so nothing is pruned"
    assert done.lines[0].reason == "the session is gone; its archive stands"


def test_what_cannot_be_read_is_noted_once(home: Home, machine: Machine, tmp_path: Path) -> None:
    broken = tmp_path / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a store")
    done = run(home, machine)
    assert codes(done) == [("openclaw", Code.USAGE_FAILED)]
    assert done.has_warnings
    again = run(home, machine, known=frozenset(done.problems))
    assert (again.lines, again.has_warnings) == ([], True)


def test_a_state_that_had_to_be_rebuilt_is_told(home: Home, machine: Machine) -> None:
    machine.claude(145_000)
    run(home, machine)
    home.moon_state.write_bytes(b"{")
    machine.now += 100
    assert codes(run(home, machine)) == [("", Code.STATE_REBUILT)]
    assert known(home).outstanding == (A,), "as the state before it says"
    machine.now += 1000
    assert codes(run(home, machine)) == [(CLAUDE, Code.ARCHIVED)], "done once more, and nothing changed by that"
    assert len(records(home, SESSION)) == 1


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(home: Home, machine: Machine) -> None:
    machine.claude(155_000)
    actions, problems = due(home, machine.look())
    assert [(action.key, action.stages) for action in actions] == [(CLAUDE, (A, P))]
    assert problems == []
    assert not home.root.exists()


def test_a_full_disk_begins_nothing_and_loses_nothing(
    home: Home, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = machine.claude(155_000)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        with pytest.raises(StorageFull):
            run(home, machine)
    assert path.read_bytes() == before
    assert not home.moon_state.exists()
    assert codes(run(home, machine))[0] == (CLAUDE, Code.ARCHIVED)


@pytest.mark.parametrize("jump", [-86_400, -61, 86_400 * 400])
def test_a_clock_that_jumps_loses_nothing(home: Home, machine: Machine, jump: int) -> None:
    path = machine.claude(145_000)
    run(home, machine)
    machine.now += jump
    path.unlink()
    machine.claude(155_000)
    assert codes(run(home, machine)) == [(CLAUDE, Code.ARCHIVED), (CLAUDE, Code.PRUNED)]
    assert known(home).outstanding == ()


def test_the_times_of_a_line_are_the_clocks(home: Home, machine: Machine) -> None:
    machine.claude(145_000)
    assert [line.at for line in run(home, machine).lines] == [NOW]
