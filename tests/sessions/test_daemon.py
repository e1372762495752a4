"""One watcher at a time, with a sign of life; whatever it meets, it goes on or says why not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from terminal import environment

from moonshine_assets.errors import BadInput, Busy, MoonshineError
from moonshine_assets.sessions import daemon
from moonshine_assets.sessions.audit import Code, Line, lines
from moonshine_assets.sessions.daemon import Stop, alone, build_uuid, heartbeat, holder, watch
from moonshine_resources.home import Home
from sessions.agents_at_work import Machine
from sessions.logs import NOW, SESSION

MOON = Path(sys.executable).with_name("moon")
QUICK = {"MOON_WATCHER_POLL_INTERVAL_SECS": "1"}


@pytest.fixture
def agents(tmp_path: Path) -> Mapping[str, str]:
    return Machine(tmp_path).environment | QUICK


def test_the_lock_says_who_watches_and_is_gone_afterwards(home: Home) -> None:
    with alone(home, NOW) as payload:
        assert holder(home) == payload
        assert (payload.pid, payload.started_at_epoch_secs) == (os.getpid(), NOW)
        assert (payload.build_uuid, payload.moon_home) == (build_uuid(), str(home.root))
    assert holder(home) is None
    with alone(home, NOW):
        pass


def test_a_second_watcher_is_refused_and_names_the_first(home: Home) -> None:
    with alone(home, NOW), pytest.raises(Busy, match=f"process {os.getpid()} is watching already"), alone(home, NOW):
        pass
    with alone(home, NOW):
        pass


@pytest.mark.parametrize("left", ["4194304\n", "{", "", '{"pid":4194304}'])
def test_what_a_dead_watcher_left_is_taken_over(home: Home, left: str) -> None:
    home.moon_daemon_lock.parent.mkdir(parents=True)
    home.moon_daemon_lock.write_text(left)
    with alone(home, NOW):
        assert holder(home) is not None


def test_a_living_watcher_of_old_that_only_wrote_its_number_is_heeded(home: Home) -> None:
    home.moon_daemon_lock.parent.mkdir(parents=True)
    with subprocess.Popen(["/bin/sh", "-c", "sleep 30; true", "moon-watch"]) as process:
        home.moon_daemon_lock.write_text(f"{process.pid}\n")
        with pytest.raises(Busy, match=f"process {process.pid} is watching already"), alone(home, NOW):
            pass
        process.kill()
    with alone(home, NOW):
        pass


def test_every_cycle_leaves_a_sign_of_life(home: Home, agents: Mapping[str, str]) -> None:
    stop = Stop()
    clock = iter(range(NOW, NOW + 10_000))

    def now() -> int:
        if (beat := heartbeat(home)) is not None and beat.cycles == 2:
            stop.set()
        return next(clock)

    assert watch(home, agents, now, pytest.fail, stop) >= 2
    beat = heartbeat(home)
    assert beat is not None
    assert (beat.pid, beat.build_uuid, beat.error) == (os.getpid(), build_uuid(), "")
    assert beat.next_at == beat.at + 1
    assert holder(home) is None


def test_trouble_that_may_pass_is_told_and_the_watcher_goes_on(home: Home, agents: Mapping[str, str]) -> None:
    stop, said = Stop(), []  # type: ignore[var-annotated]

    def say(line: Line) -> None:
        said.append(line)
        home.moon_config.unlink()
        stop.set()

    def now() -> int:
        if home.moon_daemon_lock.exists() and not said:
            home.moon_config.write_text("[watcher]\npoll = 3\n")
        return NOW

    watch(home, agents, now, say, stop)
    assert [line.code for line in said] == [Code.CYCLE_FAILED]
    assert "unknown key watcher.poll" in said[0].reason
    assert lines(home.moon_audit_log) == said


def test_wrong_settings_at_the_start_end_it(home: Home, agents: Mapping[str, str]) -> None:
    home.root.mkdir(parents=True)
    home.moon_config.write_text("[watcher]\npoll = 3\n")
    with pytest.raises(BadInput, match="unknown key"):
        watch(home, agents, lambda: NOW, pytest.fail, Stop())


def test_a_fault_of_ours_ends_it_after_three_cycles(
    home: Home, agents: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("with words of a session")

    monkeypatch.setattr(daemon, "cycle", broken)
    monkeypatch.setattr(Stop, "wait", lambda *_: None)
    said: list[Line] = []
    with pytest.raises(MoonshineError, match="3 cycles in a row ended with ZeroDivisionError"):
        watch(home, agents, lambda: NOW, said.append, Stop())
    assert [line.reason for line in said] == [f"ZeroDivisionError ({n} in a row)" for n in (1, 2, 3)]
    assert holder(home) is None


def test_the_command_watches_until_it_is_told_to_stop_and_is_alone(home: Home, tmp_path: Path) -> None:
    machine = Machine(tmp_path, now=int(time.time()))
    machine.claude(145_000)
    words = [str(MOON), "watch", "--daemon", "--json", "--home", str(home.root)]
    told = environment(**{**machine.environment, **QUICK})
    with subprocess.Popen(words, env=told, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert (line["code"], line["session"]) == (Code.ARCHIVED, f"claude_code:{SESSION}")
        second = subprocess.run([*words], env=told, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert f"process {process.pid} is watching already" in second.stderr
        shown = [str(MOON), "status", "--json", "--home", str(home.root)]
        status = json.loads(subprocess.run(shown, env=told, capture_output=True, text=True, check=False).stdout)
        assert (status["watcher"]["pid"], status["watcher"]["is_current_build"]) == (process.pid, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert holder(home) is None
    beat = heartbeat(home)
    assert beat is not None
    assert (beat.pid, beat.sessions) == (process.pid, 1)


def test_a_killed_watcher_is_followed_by_the_next(home: Home, tmp_path: Path) -> None:
    machine = Machine(tmp_path, now=int(time.time()))
    machine.claude(145_000)
    words = [str(MOON), "watch", "--daemon", "--json", "--home", str(home.root)]
    with subprocess.Popen(words, env=environment(**machine.environment), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    assert holder(home) is not None, "it left its lock"
    with alone(home, NOW) as payload:
        assert payload.pid == os.getpid()
