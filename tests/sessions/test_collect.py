"""Reading every agent at once: one agent's trouble keeps nothing of the others back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from moonshine_assets.errors import Unreadable
from moonshine_assets.sessions.settings import ClaudeCode, Codex, Estimate, OpenClaw, Settings
from moonshine_assets.sessions.usage.collect import Collected, Look, collect, find
from moonshine_assets.sessions.usage.reading import Doubt
from moonshine_resources.tokenizer import TokenCounter
from sessions.logs import (
    NOW,
    OTHER,
    SESSION,
    claude_answer,
    codex_count,
    openclaw_answer,
    openclaw_row,
    openclaw_store,
    write,
)


@pytest.fixture
def agents(tmp_path: Path) -> dict[str, str]:
    """A folder an agent, and the environment that names them."""
    write(tmp_path / "claude" / "projects" / "-p" / f"{SESSION}.jsonl", [claude_answer(100_000)])
    day = tmp_path / "codex" / "sessions" / "2027" / "01" / "15"
    write(day / f"rollout-2027-01-15T07-00-00-{SESSION}.jsonl", [codex_count(120_000)])
    store = tmp_path / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    openclaw_store(store, [openclaw_row(15_420)], {SESSION: [openclaw_answer(15_420)]})
    return {
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "CODEX_HOME": str(tmp_path / "codex"),
        "OPENCLAW_STATE_DIR": str(tmp_path / "openclaw"),
    }


def collected(agents: dict[str, str], counter: TokenCounter | None = None, **more: object) -> Collected:
    def needed() -> TokenCounter:
        assert counter is not None, "nothing is to be estimated"
        return counter

    return collect(Look(Settings(**more), agents, NOW, needed))  # type: ignore[arg-type]


def test_every_agent_is_read(agents: dict[str, str]) -> None:
    found = collected(agents)
    assert found.problems == []
    assert {one.provider: one.used_tokens for one in found.readings} == {
        "claude_code": 100_000,
        "codex": 120_000,
        "openclaw": 15_420,
    }
    assert all(one.is_trusted for one in found.readings)
    assert [one.key for one in found.readings] == sorted(one.key for one in found.readings)


def test_agents_that_are_switched_off_or_not_there_are_left_out(agents: dict[str, str], tmp_path: Path) -> None:
    off = Settings(openclaw=OpenClaw(enabled=False), claude_code=ClaudeCode(enabled=False), codex=Codex(enabled=False))
    assert collect(Look(off, agents, NOW, lambda: pytest.fail("unused"))) == Collected([], [])
    nowhere = {name: str(tmp_path / "nowhere") for name in agents}
    assert collected(nowhere, openclaw=OpenClaw(source="files")) == Collected([], [])


def test_a_folder_that_is_given_wins_over_the_agents_own_variable(agents: dict[str, str], tmp_path: Path) -> None:
    found = collected(agents, codex=Codex(folder=str(tmp_path / "nowhere")))
    assert [one.provider for one in found.readings] == ["claude_code", "openclaw"]


def test_one_agents_trouble_keeps_nothing_of_the_others_back(agents: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "openclaw" / "agents" / "second" / "agent" / "openclaw-agent.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a store")
    found = collected(agents)
    assert len(found.readings) == 3
    assert [(one.provider, one.where) for one in found.problems] == [("openclaw", str(broken))]


def test_a_session_in_the_store_and_in_an_older_index_is_read_once(agents: dict[str, str], tmp_path: Path) -> None:
    index = tmp_path / "openclaw" / "agents" / "main" / "sessions" / "sessions.json"
    index.parent.mkdir(parents=True)
    rows = {"agent:main:main": openclaw_row(3), "agent:main:b": openclaw_row(7, sessionId=OTHER)}
    index.write_text(json.dumps(rows))
    found = {one.session_id: one.used_tokens for one in collected(agents).readings if one.provider == "openclaw"}
    assert found == {SESSION: 15_420, OTHER: 7}


@pytest.mark.parametrize("source", ["command", "auto"])
def test_the_command_is_asked_where_there_are_no_files(tmp_path: Path, source: str) -> None:
    command = tmp_path / "openclaw"
    answer = json.dumps({"path": "/store", "sessions": [openclaw_row(15_420)]})
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    command.chmod(0o755)
    nowhere = {name: str(tmp_path / "nowhere") for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCLAW_STATE_DIR")}
    found = collected(nowhere, openclaw=OpenClaw(source=source, command=str(command)))  # type: ignore[arg-type]
    assert [one.used_tokens for one in found.readings] == [15_420]


def test_a_command_that_is_missing_is_a_problem_only_where_it_was_asked_for(tmp_path: Path) -> None:
    nowhere = {name: str(tmp_path / "nowhere") for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCLAW_STATE_DIR")}
    command = str(tmp_path / "none")
    assert collected(nowhere, openclaw=OpenClaw(command=command)) == Collected([], [])
    found = collected(nowhere, openclaw=OpenClaw(command=command, source="command"))
    assert [(one.provider, one.what) for one in found.problems] == [("openclaw", "cannot be started")]


def test_a_log_without_usage_is_estimated_and_not_trusted(
    agents: dict[str, str], tmp_path: Path, counter: TokenCounter
) -> None:
    said = {"type": "user", "uuid": "u", "sessionId": OTHER, "message": {"role": "user", "content": "word " * 5_000}}
    write(tmp_path / "claude" / "projects" / "-p" / f"{OTHER}.jsonl", [said])
    found = next(one for one in collected(agents, counter).readings if one.session_id == OTHER)
    assert found.used_tokens is not None
    assert 5_000 <= found.used_tokens <= 5_100
    assert {Doubt.ESTIMATED, Doubt.NO_USAGE} <= set(found.doubts)


def test_files_of_any_tool_are_estimated_against_a_window(
    agents: dict[str, str], tmp_path: Path, counter: TokenCounter
) -> None:
    small = write(tmp_path / "any" / "small.log", ["a few words\n"])
    large = write(tmp_path / "any" / "large.log", ["word " * 100_000])
    write(tmp_path / "any" / "old.log", ["a few words"], changed=NOW - 100_000)
    told = Estimate(paths=(str(tmp_path / "any" / "*.log"),), window_tokens=5_000)
    found = {one.session_id: one for one in collected(agents, counter, estimate=told).readings}
    estimates = {name: one.used_tokens for name, one in found.items() if one.provider == "estimate"}
    assert sorted(estimates) == [large.stem, small.stem]
    assert estimates["small"] == counter.count("a few words\n")
    assert estimates["large"] is not None
    assert estimates["large"] > 5_000, "of a large file enough is counted to know that the window is full"
    assert found["small"].doubts == (Doubt.ESTIMATED,)


def test_a_file_taken_away_meanwhile_is_no_problem(agents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def vanished(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file", "x")

    monkeypatch.setattr("moonshine_assets.sessions.usage.codex.read", vanished)
    found = collected(agents)
    assert [one.provider for one in found.readings] == ["claude_code", "openclaw"]
    assert found.problems == []


def test_a_file_that_may_not_be_read_is_a_problem(agents: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13), "/somewhere")

    monkeypatch.setattr("moonshine_assets.sessions.usage.codex.read", forbidden)
    found = collected(agents)
    assert [tuple(one) for one in found.problems] == [("codex", "/somewhere", "Permission denied")]


def test_one_session_is_found_however_old_it_is_and_nothing_else_is_read(agents: dict[str, str]) -> None:
    look = Look(Settings(), agents, NOW * 2, pytest.fail)
    for provider, used in (("claude_code", 100_000), ("codex", 120_000), ("openclaw", 15_420)):
        found = find(look._replace(only=f"{provider}:{SESSION}"))
        assert found is not None
        assert (found.key, found.used_tokens) == (f"{provider}:{SESSION}", used)
    assert find(look._replace(only=f"codex:{OTHER}")) is None
    store = Path(agents["OPENCLAW_STATE_DIR"], "agents", "main", "agent", "openclaw-agent.sqlite")
    store.write_bytes(b"not a store")
    assert find(look._replace(only=f"codex:{SESSION}")) is not None, "another agent's trouble is not looked at"
    with pytest.raises(Unreadable, match="cannot be read"):
        find(look._replace(only=f"openclaw:{SESSION}"))
