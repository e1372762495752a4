"""`moon snapshot`, `moon index`, `moon restore`: sessions in, read back, and out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sessions.logs import SESSION, claude_answer, claude_said, codex_count, codex_line, codex_said, write

from moonshine_assets.cli.moon import main
from moonshine_assets.sessions.archive import records
from moonshine_assets.sessions.contracts import ArchiveRecord, from_json
from moonshine_resources.home import Home

CODEX = "77777777-7777-4777-8777-777777777777"


@pytest.fixture(autouse=True)
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A live session of Claude Code and one of Codex that nobody has gone on with for long."""
    names = (("CLAUDE_CONFIG_DIR", "claude"), ("CODEX_HOME", "codex"), ("OPENCLAW_STATE_DIR", "openclaw"))
    for variable, folder in names:
        monkeypatch.setenv(variable, str(tmp_path / folder))
    log = write(
        tmp_path / "claude" / "projects" / "-p" / f"{SESSION}.jsonl",
        [claude_said(1, "use port 48213"), claude_answer(900)],
    )
    log.touch()
    rollout = f"codex/sessions/2020/01/15/rollout-2020-01-15T07-00-00-{CODEX}.jsonl"
    write(
        tmp_path / rollout,
        [codex_line("session_meta", id=CODEX), codex_said(1, "an old one"), codex_count(900)],
        changed=1_600_000_000,
    )
    return log


def moon(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--home", str(home.root)])


def test_live_sessions_are_archived_indexed_and_read_back(home: Home) -> None:
    ran = moon(home, "snapshot", "--json")
    assert ran.exit_code == 0, ran.output
    (shown,) = json.loads(ran.stdout)["records"]
    assert [from_json(json.dumps(shown), ArchiveRecord)] == records(home)
    assert "48213" in next(home.session_texts.glob("*.md")).read_text()
    assert moon(home, "snapshot").exit_code == 0
    assert len(records(home)) == 1


@pytest.mark.parametrize("name", [CODEX, CODEX[:8], f"codex:{CODEX}"])
def test_a_session_that_is_named_is_archived_however_old_it_is(home: Home, name: str) -> None:
    assert moon(home, "snapshot", name).exit_code == 0
    assert [record.session_id for record in records(home)] == [CODEX]


def test_a_name_that_means_none_or_several_is_an_error(home: Home) -> None:
    assert moon(home, "snapshot", "nobody").exit_code == 2
    assert moon(home, "restore", "nobody", "--to", str(home.root / "out")).exit_code == 2
    for name in (SESSION, CODEX):
        moon(home, "snapshot", name)
    ran = moon(home, "restore", "", "--to", str(home.root / "out"))
    assert (ran.exit_code, "more than one" in ran.stderr) == (2, True)


def test_one_session_that_cannot_be_read_keeps_nothing_of_the_others_back(home: Home, agents: Path) -> None:
    store = agents.parents[3] / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"SQLite format 3\x00" + b"damaged" * 999)
    ran = moon(home, "snapshot")
    assert (ran.exit_code, "openclaw-agent.sqlite" in ran.stderr) == (1, True)
    assert len(records(home)) == 1


def test_the_index_is_verified_and_what_is_damaged_is_named(home: Home) -> None:
    moon(home, "snapshot")
    home.recall_index.unlink()
    ran = moon(home, "index", "--verify", "--json")
    assert (ran.exit_code, json.loads(ran.stdout)) == (0, {"parts": 1, "passages": 1, "rebuilt": False, "faults": []})
    assert json.loads(moon(home, "index", "--rebuild", "--json").stdout)["rebuilt"] is True
    (segment,) = home.session_raw.glob("*/*/segments/*")
    segment.chmod(0o644)
    segment.write_bytes(b"")
    ran = moon(home, "index", "--verify", "--json")
    faults: list[dict[str, Any]] = json.loads(ran.stdout)["faults"]
    assert (ran.exit_code, [fault["session"] for fault in faults]) == (1, [f"claude_code:{SESSION}"])


def test_an_archived_session_is_restored_after_its_log_is_gone(home: Home, agents: Path, tmp_path: Path) -> None:
    first = agents.read_bytes()
    moon(home, "snapshot")
    with agents.open("a") as log:
        log.write(json.dumps(claude_said(2, "more")) + "\n")
    second = agents.read_bytes()
    moon(home, "snapshot")
    agents.unlink()
    assert moon(home, "restore", SESSION, "--to", str(tmp_path / "new")).exit_code == 0
    assert (tmp_path / "new" / "projects" / "-p" / agents.name).read_bytes() == second
    wanted = records(home)[0].content_hash[:12]
    assert moon(home, "restore", SESSION, "--to", str(tmp_path / "old"), "--hash", wanted).exit_code == 0
    assert (tmp_path / "old" / "projects" / "-p" / agents.name).read_bytes() == first


def test_an_archived_session_is_exported_when_asked_for(home: Home) -> None:
    moon(home, "snapshot")
    assert json.loads(moon(home, "export", "--json").stdout) == {"exports": []}  # it has not come to rest
    (made,) = json.loads(moon(home, "export", SESSION, "--json").stdout)["exports"]
    assert (home.inbox / made["file"]).exists()
    assert json.loads(moon(home, "export", SESSION, "--json").stdout) == {"exports": []}
    assert moon(home, "export", "nobody").exit_code == 2
