"""Agent logs: how many days until the tool's own cleanup takes a session that is not archived here."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exporting import write, write_zip
from terminal import moonshine

from moonshine_assets.exports.retention import RetentionRisk, alarm, retention, shown
from moonshine_resources.home import Home

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "OPENCLAW_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)


def session(folder: Path, name: str, days: float, text: str = '{"type":"user"}\n') -> Path:
    """A session file last changed so many days before NOW."""
    path = write(folder / name, text.encode())
    changed = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (changed, changed))
    return path


def claude_code(home: Path, settings: Any = None) -> Path:
    if settings is not None:
        write(home / ".claude" / "settings.json", settings)
    return home / ".claude" / "projects" / "-srv-app"


def only(risks: list[RetentionRisk]) -> RetentionRisk:
    assert len(risks) == 1
    return risks[0]


def test_without_agent_folders_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert retention(NOW, tmp_path) == []


def test_the_oldest_session_decides_and_thirty_days_are_the_default(tmp_path: Path) -> None:
    folder = claude_code(tmp_path)
    session(folder, "a.jsonl", 3)
    session(folder, "b.jsonl", 26.5)
    session(folder / "b" / "subagents", "agent-1.jsonl", 26)
    risk = only(retention(NOW, tmp_path))
    assert (risk.tool, risk.folder) == ("Claude Code", str(folder.parent))
    assert (risk.days_left, risk.sessions, risk.not_archived) == (3, 3, 3)
    assert risk.oldest == NOW - timedelta(days=26.5)


@pytest.mark.parametrize(
    ("settings", "days_left"),
    [
        ({"cleanupPeriodDays": 90}, 80),
        ({"cleanupPeriodDays": 5}, 0),
        ({"cleanupPeriodDays": 99999}, 99989),
        ({"cleanupPeriodDays": 0}, None),
        ({"cleanupPeriodDays": -1}, 20),
        ({"cleanupPeriodDays": True}, 20),
        ({"cleanupPeriodDays": "7"}, 20),
        ({"model": "opus"}, 20),
        ([], 20),
        (b"{not json", 20),
    ],
)
def test_the_period_in_the_settings_is_respected(tmp_path: Path, settings: Any, days_left: int | None) -> None:
    session(claude_code(tmp_path, settings), "a.jsonl", 10)
    assert only(retention(NOW, tmp_path)).days_left == days_left


def test_a_configuration_folder_that_was_moved_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session(tmp_path / "moved" / "projects" / "p", "a.jsonl", 10)
    write(tmp_path / "moved" / "settings.json", {"cleanupPeriodDays": 14})
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "moved"))
    assert only(retention(NOW, tmp_path / "person")).days_left == 4


@pytest.mark.parametrize("kind", ["folder", "zip", "file", "live"])
def test_an_archived_session_is_out_of_danger_until_it_grows(home: Home, tmp_path: Path, kind: str) -> None:
    old = session(claude_code(tmp_path), "old.jsonl", 29)
    session(claude_code(tmp_path), "young.jsonl", 2)
    run = home.run("claude_code_20260301_000000")
    if kind == "folder":
        write(run.raw / "abc" / "p" / "old.jsonl", old.read_bytes())
    elif kind == "zip":
        run.raw.mkdir(parents=True)
        write_zip(run.raw / "abc.zip", {"p/old.jsonl": old.read_bytes()})
    elif kind == "file":
        write(run.raw / "abc.jsonl", old.read_bytes())
        write(run.lock, {"source_path": "old.jsonl"})
    else:
        write(home.archive / "sessions" / "raw" / "old.jsonl", old.read_bytes())
    risk = only(retention(NOW, tmp_path, home.archive))
    assert (risk.days_left, risk.sessions, risk.not_archived) == (28, 2, 1)
    session(claude_code(tmp_path), "old.jsonl", 29, "one line\nand another\n")
    assert only(retention(NOW, tmp_path, home.archive)).days_left == 1


def test_when_everything_is_archived_nothing_is_left_to_lose(home: Home, tmp_path: Path) -> None:
    kept = session(claude_code(tmp_path), "a.jsonl", 29)
    write(home.archive / "sessions" / "raw" / "a.jsonl", kept.read_bytes())
    risk = only(retention(NOW, tmp_path, home.archive))
    assert (risk.oldest, risk.days_left, risk.sessions, risk.not_archived) == (None, None, 1, 0)


def test_tools_without_a_known_cleanup_say_so(tmp_path: Path) -> None:
    session(tmp_path / ".codex" / "sessions" / "2026" / "01" / "01", "rollout-1.jsonl", 300)
    session(tmp_path / ".openclaw" / "agents" / "main" / "sessions", "s.jsonl", 300)
    risks = retention(NOW, tmp_path)
    assert [(r.tool, r.days_left, r.not_archived) for r in risks] == [("Codex", None, 1), ("OpenClaw", None, 1)]
    assert {r.note for r in risks} == {"no cleanup of its own is known"}


def test_what_is_shown_is_plain_json(tmp_path: Path) -> None:
    session(claude_code(tmp_path), "a.jsonl", 10)
    (row,) = json.loads(json.dumps(shown(retention(NOW, tmp_path))))
    assert (row["oldest"], row["days_left"]) == ("2026-03-21T12:00:00+00:00", 20)


def test_status_shows_agent_logs_only_where_there_are_some(home: Home, tmp_path: Path) -> None:
    person = tmp_path / "person"
    person.mkdir()
    environment = {"HOME": str(person), "CLAUDE_CONFIG_DIR": "", "CODEX_HOME": "", "OPENCLAW_STATE_DIR": ""}
    assert json.loads(moonshine("status", "--json", home=home, **environment).out)["retention"] == []
    assert "Agent logs" not in moonshine("status", home=home, **environment).out
    session(claude_code(person), "a.jsonl", 1)
    (row,) = json.loads(moonshine("status", "--json", home=home, **environment).out)["retention"]
    assert (row["tool"], row["not_archived"]) == ("Claude Code", 1)
    said = moonshine("status", home=home, **environment)
    assert said.code == 0 and "Agent logs" in said.out and "deletes sessions after 30 days" in said.out


@pytest.mark.parametrize(("days", "held"), [(21.5, True), (22.5, False), (60.0, False)])
def test_the_alarm_is_raised_a_week_before_a_session_is_deleted(tmp_path: Path, days: float, held: bool) -> None:
    session(claude_code(tmp_path), "a.jsonl", days)
    verdict = alarm(retention(NOW, tmp_path))
    assert verdict.passed is held
    assert verdict.figures == {"not_archived": 1}
    assert [offender["tool"] for offender in verdict.offenders] == ([] if held else ["Claude Code"])


def test_without_agents_there_is_nothing_to_warn_of(tmp_path: Path) -> None:
    assert alarm(retention(NOW, tmp_path)).passed
