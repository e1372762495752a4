"""`moon watch`, `install`, `verify`, `uninstall`, `post-upgrade` as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sessions.agents_at_work import Machine
from sessions.logs import SESSION

from moonshine_assets.cli.moon import main
from moonshine_assets.sessions.audit import Code
from moonshine_assets.sessions.hooks import manifest as manifests
from moonshine_resources import clock
from moonshine_resources.home import Home

CLAUDE = f"claude_code:{SESSION}"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A Claude Code session at 86 %, and nobody's command on the PATH."""
    made = Machine(tmp_path, now=int(clock.now().timestamp()))
    made.claude(153_000)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    yield made


def moon(home: Home, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--home", str(home.root)], catch_exceptions=False)


def said(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_dry_run_says_what_is_due_and_does_nothing(home: Home) -> None:
    done = moon(home, "watch", "--once", "--dry-run", "--json")
    assert done.exit_code == 0
    assert [(line["code"], line["session"], line["reason"]) for line in said(done)] == [
        ("MOON_DRY_RUN", CLAUDE, "archive, prune")
    ]
    assert not home.root.exists()


def test_one_cycle_does_it_and_tells_every_step(home: Home) -> None:
    done = moon(home, "watch", "--once", "--json")
    assert [(line["code"], line["session"]) for line in said(done)] == [
        (Code.ARCHIVED, CLAUDE),
        (Code.PRUNE_SWITCHED_OFF, CLAUDE),
    ]
    assert done.exit_code == 0
    assert moon(home, "watch").stdout == "", "nothing is due any more"


def test_a_cycle_for_people_has_its_warnings_apart(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOON_PRUNE_MODE", "always")
    monkeypatch.setenv("MOON_PRUNE_IDLE_SECS", "3600")
    done = moon(home, "watch")
    assert done.exit_code == 1
    assert Code.ARCHIVED in done.stdout
    assert Code.PRUNE_FAILED in done.stderr
    assert "in use" in done.stderr


def test_daemon_goes_alone(home: Home) -> None:
    done = moon(home, "watch", "--daemon", "--dry-run")
    assert (done.exit_code, "--daemon goes with neither" in done.stderr) == (2, True)


def test_install_verify_and_uninstall_of_what_is_there(home: Home, machine: Machine) -> None:
    settings = machine.root / "claude" / "settings.json"
    settings.write_text('{"model": "opus"}')
    done = moon(home, "install", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["agents"] == [{"agent": "claude-code", "file": str(settings), "what": "installed"}]
    verified = moon(home, "verify", "--json")
    findings = json.loads(verified.stdout)["findings"]
    assert [(finding["check"], finding["holds"]) for finding in findings] == [
        ("installed", True),
        ("in place", True),
        ("PreCompact runs", True),
        ("SessionStart runs", True),
    ]
    assert verified.exit_code == 0
    assert "restored" in moon(home, "uninstall").stdout
    assert settings.read_text() == '{"model": "opus"}'
    assert moon(home, "verify").exit_code == 1


def test_verify_finds_what_was_taken_out_and_what_does_not_run(home: Home, machine: Machine) -> None:
    settings = machine.root / "claude" / "settings.json"
    moon(home, "install", "claude-code")
    whole = settings.read_text()
    settings.write_text("{}")
    done = moon(home, "verify", "claude-code")
    assert (done.exit_code, "taken out by somebody" in " ".join(done.stdout.split())) == (1, True)
    settings.write_text(whole)
    known = manifests.path_of(home, "claude-code")
    known.write_text(known.read_text().replace("/bin/moon", "/bin/false"))
    findings = json.loads(moon(home, "verify", "--json").stdout)["findings"]
    assert {finding["check"]: finding["holds"] for finding in findings}["PreCompact runs"] is False


def test_a_trial_that_cannot_be_made_is_no_fault_unless_strict(home: Home) -> None:
    moon(home, "install", "openclaw")
    assert moon(home, "verify", "openclaw").exit_code == 0
    assert moon(home, "verify", "openclaw", "--strict").exit_code == 1


def test_one_agents_broken_settings_keep_the_others_from_nothing(home: Home, machine: Machine) -> None:
    (machine.root / "claude" / "settings.json").write_text("{,")
    done = moon(home, "install", "claude-code", "codex", "--json")
    assert done.exit_code == 2
    assert "not valid JSON (line 1)" in done.stderr
    assert [row["agent"] for row in json.loads(done.stdout)["agents"]] == ["codex"]


def test_after_an_upgrade_installed_hooks_are_seen_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(moon(home, "post-upgrade", "--json").stdout) == {"agents": []}
    moon(home, "install", "codex")
    assert "unchanged" in moon(home, "post-upgrade").stdout
    monkeypatch.setattr("sys.executable", "/elsewhere/python")
    assert "updated" in moon(home, "post-upgrade").stdout


def test_unknown_agents_are_refused_by_name(home: Home) -> None:
    for command in ("install", "uninstall", "verify"):
        done = moon(home, command, "clod")
        assert (done.exit_code, "unknown agent 'clod'" in done.stderr) == (2, True)
