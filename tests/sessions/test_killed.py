"""A watcher killed at any moment: nothing is lost, nothing pruned without its archive, the next one completes it."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminal import environment

from moonshine_assets.sessions import state
from moonshine_assets.sessions.archive import records, restore_session, verify_archive
from moonshine_assets.sessions.recall import recall
from moonshine_resources.home import Home
from sessions.agents_at_work import LONG, Machine
from sessions.logs import claude_answer, claude_said

MOON = Path(sys.executable).with_name("moon")
SETTINGS = {
    "MOON_PRUNE_MODE": "always",
    "MOON_PRUNE_IDLE_SECS": "0",
    "MOON_CLAUDE_CODE_COMMAND": "/none",
    "MOON_WATCHER_COOLDOWN_SECS": "0",
    "MOON_WATCHER_ACTION_TIMEOUT_SECS": "1",
    "MOON_DISTILL_MAX_PER_CYCLE": "9",
}
SESSIONS = tuple(f"{n}0000000-0000-4000-8000-000000000000" for n in range(1, 4))


class Killed:
    """Three sessions at 95 %, and watchers that are killed."""

    def __init__(self, tmp_path: Path, home: Home) -> None:
        self.home = home
        self.machine = Machine(tmp_path, now=int(time.time()))
        self.logs = {name: self.machine.claude(168_000, session_id=name) for name in SESSIONS}
        self.environment = environment(**{**self.machine.environment, **SETTINGS})
        self.tmp = tmp_path

    def once(self) -> int:
        words = [str(MOON), "watch", "--once", "--json", "--home", str(self.home.root)]
        return subprocess.run(words, env=self.environment, capture_output=True, check=False).returncode

    def kill_after(self, seconds: float) -> bool:
        """Start a watcher and kill it then; whether it still ran."""
        words = [str(MOON), "watch", "--once", "--home", str(self.home.root)]
        with subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
            try:
                one.wait(seconds)
            except subprocess.TimeoutExpired:
                one.send_signal(signal.SIGKILL)
            return one.wait() == -signal.SIGKILL

    def check(self) -> None:
        """What holds after every kill: archives that are told of read back, and no copy is there without one."""
        known = records(self.home)
        for record in known:
            verify_archive(self.home, record)
        archived = {record.session_id for record in known}
        copies = {path.stem for path in self.logs[SESSIONS[0]].parent.glob("*.jsonl")} - set(SESSIONS)
        assert not copies or archived, "a copy without an archive"
        for copy in copies:
            text = self.logs[SESSIONS[0]].with_name(f"{copy}.jsonl").read_text()
            assert text.endswith("\n"), "whole, or not there"
            assert any(name in text for name in archived), "its archive is told of in it"

    def grow(self, number: int) -> None:
        for name, log in self.logs.items():
            with log.open("a") as stream:
                for line in (claude_said(number, f"turn {number}"), claude_answer(168_000, own=f"m{number}")):
                    stream.write(json.dumps({**line, "sessionId": name}) + "\n")

    def completed(self) -> None:
        for _ in range(12):
            self.once()
            known = state.look(self.home).state.sessions
            if all(not known[f"claude_code:{name}"].outstanding for name in SESSIONS):
                break
            time.sleep(1.1)
        known = state.look(self.home).state.sessions
        for name, log in self.logs.items():
            assert known[f"claude_code:{name}"].outstanding == ()
            newest = records(self.home, name)[-1]
            (restored,) = restore_session(self.home, newest, self.tmp / "restored" / name)
            assert log.read_bytes().startswith(restored.read_bytes())
            assert LONG.splitlines()[17] in restored.read_text()
        assert recall(self.home, self.machine.settings, "billing service listen").matches


@pytest.fixture
def killed(tmp_path: Path, home: Home) -> Killed:
    return Killed(tmp_path, home)


def kill_at_random_points(killed: Killed, times: int, seed: int) -> int:
    chance = random.Random(seed)
    hits = 0
    for number in range(times):
        hits += killed.kill_after(chance.uniform(0.2, 2.5))
        killed.check()
        if number % 5 == 4:
            killed.grow(100 + number)
    return hits


def test_a_watcher_killed_at_some_points_is_followed_by_one_that_completes_it(killed: Killed) -> None:
    assert kill_at_random_points(killed, 3, seed=7) >= 1
    killed.completed()


@pytest.mark.slow
def test_a_watcher_killed_at_two_hundred_points_loses_nothing(killed: Killed) -> None:
    assert kill_at_random_points(killed, 200, seed=11) >= 100
    killed.completed()
