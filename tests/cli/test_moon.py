"""`moon config`, `moon usage`, `moon status`: the same facts for people and as JSON, and nothing changed by asking."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from moonshine_assets.cli.moon import main
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.watch import observe
from moonshine_resources import clock
from moonshine_resources.home import Home

SESSION = "55555555-5555-4555-8555-555555555555"
SECRET = "a-token-nobody-may-see"


class Told(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Claude Code session at 170 000 of 177 000, and no other agents."""
    for name in list(os.environ):
        if name.startswith("MOON_"):
            monkeypatch.delenv(name)
    for variable, folder in (
        ("CLAUDE_CONFIG_DIR", "claude"),
        ("CODEX_HOME", "codex"),
        ("OPENCLAW_STATE_DIR", "openclaw"),
    ):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    usage = {"input_tokens": 170_000, "output_tokens": 0}
    line = {"type": "assistant", "message": {"id": "m", "model": "claude-sonnet-4-6", "usage": usage}}
    log = tmp_path / "claude" / "projects" / "-p" / f"{SESSION}.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps(line) + "\n")
    yield log


def moon(home: Home, *arguments: str) -> Told:
    found = CliRunner().invoke(main, [*arguments, "--home", str(home.root)], catch_exceptions=False)
    return Told(found.exit_code, found.stdout, found.stderr)


def configured(home: Home, text: str) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    home.moon_config.write_text(text, "utf-8")


def test_config_says_what_applies_and_from_where(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(home, "[thresholds]\narchive = 0.7\n[watcher]\ncooldown_secs = 5\n")
    monkeypatch.setenv("MOON_THRESHOLDS_ARCHIVE", "0.75")
    told = moon(home, "config", "--json")
    assert (told.code, told.json["exists"]) == (0, True)
    rows = {row["key"]: (row["value"], row["from"]) for row in told.json["settings"]}
    assert rows["thresholds.archive"] == (0.75, "environment MOON_THRESHOLDS_ARCHIVE")
    assert rows["watcher.cooldown_secs"] == (5, "moon.toml")
    assert rows["codex.enabled"] == (True, "default")
    table = moon(home, "config").out
    assert "thresholds.archive" in table
    assert "environment MOON_THRESHOLDS_ARCHIVE" in table


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_config_never_shows_a_secret(home: Home, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]) -> None:
    configured(home, f'[openclaw]\ngateway_token = "{SECRET}"\n')
    for _ in range(2):
        told = moon(home, "config", *how)
        assert SECRET not in told.out + told.err
        monkeypatch.setenv("MOON_OPENCLAW_GATEWAY_TOKEN", SECRET)
    configured(home, "")
    rows = {row["key"]: row["value"] for row in moon(home, "config", "--json").json["settings"]}
    assert rows["openclaw.gateway_token"] == "set"


@pytest.mark.parametrize("command", ["config", "usage", "status"])
def test_an_unknown_key_stops_every_command_with_its_nearest_name(home: Home, command: str) -> None:
    configured(home, "[thresholds]\nprun = 0.7\n")
    told = moon(home, command)
    assert (told.code, told.out) == (2, "")
    assert told.err == "error: moon.toml: unknown key thresholds.prun; did you mean the key 'prune'?\n"


def test_usage_shows_every_live_session(home: Home) -> None:
    told = moon(home, "usage", "--json")
    assert told.code == 0
    (row,) = told.json["sessions"]
    assert (row["session_id"], row["used_tokens"], row["max_tokens"]) == (SESSION, 170_000, 177_000)
    assert (row["usage_ratio"], row["full"], row["is_trusted"]) == (0.9605, "96.0%", True)
    table = moon(home, "usage").out
    assert SESSION in table
    assert "96.0%" in table
    assert not home.root.exists(), "asking changes nothing"


def test_what_cannot_be_read_is_told_and_the_rest_shown(home: Home, tmp_path: Path) -> None:
    broken = tmp_path / "openclaw" / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a store")
    for command in ("usage", "status"):
        told = moon(home, command, "--json")
        assert told.code == 1
        assert len(told.json["sessions"]) == 1
        assert told.json["problems"][0]["where"] == str(broken)
        assert str(broken) in told.err


def test_status_shows_what_would_be_due_before_anybody_looked(home: Home) -> None:
    (row,) = moon(home, "status", "--json").json["sessions"]
    assert (row["phase"], row["due"], row["outstanding"]) == ("normal", "archive, prune, distill", "")
    assert not home.moon_state.exists(), "asking changes nothing"


def test_status_shows_what_is_outstanding(home: Home, agents: Path) -> None:
    observed(home, agents)
    before = home.moon_state.read_bytes()
    (row,) = moon(home, "status", "--json").json["sessions"]
    assert (row["phase"], row["due"]) == ("archive_triggered", "")
    assert row["outstanding"] == "archive, prune, distill"
    assert row["state"]["running"] == ["archive", "prune", "distill"]
    agents.unlink()
    (row,) = moon(home, "status", "--json").json["sessions"]
    assert (row["full"], row["reading"], row["outstanding"]) == ("gone", None, "archive, prune, distill")
    assert "archive_triggered" in moon(home, "status").out
    assert home.moon_state.read_bytes() == before


def test_status_tells_of_a_damaged_state_and_leaves_it(home: Home, agents: Path) -> None:
    observed(home, agents)
    home.moon_state.write_bytes(b"{")
    told = moon(home, "status", "--json")
    assert told.code == 1
    assert told.json["state"]["damage"] == "not JSON (1 bytes)"
    assert "not JSON (1 bytes)" in told.err
    assert home.moon_state.read_bytes() == b"{"


def observed(home: Home, log: Path) -> None:
    now = int(clock.now().timestamp())
    one = Reading(
        provider="claude_code",
        session_id=SESSION,
        source_path=str(log),
        used_tokens=170_000,
        window_tokens=200_000,
        own_compaction_at=177_000,
        updated_at_epoch_secs=now,
        captured_at_epoch_secs=now,
    )
    assert len(observe(home, Settings(), [one], now)) == 1
