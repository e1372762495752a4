"""What agents get from hooks: an archive before a compaction, the block of the session before, and never a failure."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from moonshine_assets.cli.moon import main
from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.archive import latest_record, verify_archive
from moonshine_assets.sessions.audit import Code, lines
from moonshine_assets.sessions.hooks.agents import hook_command
from moonshine_assets.sessions.hooks.run import Situation, answer, payload_of
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from sessions.agents_at_work import Machine
from sessions.logs import NOW, OTHER, SESSION, openclaw_answer, openclaw_row, openclaw_said, openclaw_store


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def situation(home: Home, machine: Machine) -> Situation:
    return Situation(home, Settings(), machine.environment, NOW)


def event(path: Path | str, **more: Any) -> dict[str, Any]:
    """As Claude Code and Codex say it."""
    return {"session_id": SESSION, "transcript_path": str(path), "cwd": "/p", "trigger": "auto", **more}


@pytest.mark.parametrize(("agent", "write"), [("claude-code", Machine.claude), ("codex", Machine.codex)])
def test_before_a_compaction_the_session_is_archived_and_indexed(
    home: Home, machine: Machine, agent: str, write: Callable[..., Path]
) -> None:
    path = write(machine, 100_000)
    found = answer(situation(home, machine), agent, "PreCompact", event(path))
    assert found.said == {}
    record = latest_record(home, SESSION, agent.replace("-", "_"))
    assert record is not None
    assert verify_archive(home, record).members == 1
    assert (found.line.code, found.line.archive) == (Code.HOOK, record.archive_path)
    assert found.line.figures["passages"] > 0


def test_openclaw_names_the_session_and_its_store_is_found(home: Home, machine: Machine, tmp_path: Path) -> None:
    store = tmp_path / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    openclaw_store(store, [openclaw_row(10_000)], {SESSION: [openclaw_said(0, "hello"), openclaw_answer(10_000)]})
    told = {"session_key": "agent:main:main", "session_id": SESSION}
    found = answer(situation(home, machine), "openclaw", "session:compact:before", told)
    assert found.line.code is Code.HOOK
    assert latest_record(home, SESSION, "openclaw") is not None
    other = answer(situation(home, machine), "openclaw", "session:compact:before", {**told, "session_id": OTHER})
    assert "not in its store" in other.line.reason


def test_an_index_that_fails_does_not_undo_the_archive(home: Home, machine: Machine) -> None:
    (home.archive / "sessions").mkdir(parents=True)
    (home.archive / "sessions" / "index").write_text("a file where a folder should be")
    found = answer(situation(home, machine), "codex", "PreCompact", event(machine.codex(100_000)))
    assert latest_record(home, SESSION, "codex") is not None
    assert found.line.is_warning or found.line.reason.startswith("archived, not indexed yet")


@pytest.mark.parametrize("payload", [{}, {"session_id": 3}, event("/none/at/all.jsonl"), event("")])
@pytest.mark.parametrize("agent", ["claude-code", "codex", "openclaw"])
def test_whatever_is_wrong_is_a_warning_to_the_person(
    home: Home, machine: Machine, agent: str, payload: dict[str, Any]
) -> None:
    name = "session:compact:before" if agent == "openclaw" else "PreCompact"
    found = answer(situation(home, machine), agent, name, payload)
    assert found.line.code is Code.HOOK_FAILED
    assert found.said["systemMessage"].startswith("Moonshine: this session was not archived before it was compacted")


def test_a_session_that_begins_where_nothing_waits_is_told_nothing(home: Home, machine: Machine) -> None:
    for payload in (event("/x", source="startup"), {"session_id": SESSION}, {}):
        found = answer(situation(home, machine), "claude-code", "SessionStart", payload)
        assert (found.said, found.line.code) == ({}, Code.HOOK)
    assert not home.root.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\ud800"])
def test_an_event_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"not (a )?JSON"):
        payload_of(text)


def hook(home: Home, *words: str, given: str, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["hook", *words, "--home", str(home.root)], input=given, env=environment)


def test_the_command_answers_and_ends_well_whatever_it_is_given(home: Home, machine: Machine) -> None:
    path = machine.claude(100_000)
    good = hook(home, "claude-code", "PreCompact", given=json.dumps(event(path)))
    assert (good.exit_code, good.stdout, good.stderr) == (0, "", "")
    assert [line.code for line in lines(home.moon_audit_log)] == [Code.HOOK]
    for given in ("", "no json", json.dumps(event("/none.jsonl"))):
        bad = hook(home, "claude-code", "PreCompact", given=given)
        assert bad.exit_code == 0
        assert bad.stderr.startswith("moonshine: ")
    home.moon_config.write_text("[nothing]\n")
    warned = hook(home, "claude-code", "PreCompact", given=json.dumps(event(path)))
    assert (warned.exit_code, "unknown section" in warned.stderr) == (0, True)
    assert len(lines(home.moon_audit_log)) == 3, "archived all the same"


def test_a_trial_leaves_nothing_behind(home: Home, machine: Machine) -> None:
    path = machine.claude(100_000)
    done = hook(home, "claude-code", "PreCompact", "--probe", given=json.dumps(event(path)))
    assert json.loads(done.stdout)["code"] == Code.HOOK
    assert not home.root.exists()


def test_hooks_start_without_what_is_slow(home: Home) -> None:
    """Agents wait for them: of the large libraries none is loaded before there is something to do."""
    code = (
        "import sys; sys.argv = ['moon', *sys.argv[1:]]\n"
        "from moonshine_assets.cli.moon import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "slow = {'dagster', 'duckdb', 'polars', 'pyarrow', 'numpy', 'pandera', 'rich', 'fastokens', 'tiktoken'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    words = [sys.executable, "-c", code, *shlex.split(hook_command(home, "codex", "SessionStart"))[1:]]
    given = json.dumps(event("/x", source="startup"))
    done = subprocess.run(words, input=given, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
