"""OpenClaw's command: time limits, odd output and failures are errors that name the command and nothing it printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from moonshine_resources.openclaw import OpenClaw, ToolFailed

SECRET = "words-of-a-session"
ANSWER = '{"count": 1, "sessions": [{"key": "k"}]}'


def tool(folder: Path, script: str) -> Path:
    path = folder / "openclaw"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_an_answer_is_had_with_lines_of_plugins_before_it(tmp_path: Path) -> None:
    command = OpenClaw(str(tool(tmp_path, f"echo plugin loaded; echo '{ANSWER}'")))
    assert command.is_installed()
    assert command.sessions() == {"count": 1, "sessions": [{"key": "k"}]}


def test_an_older_version_that_refuses_the_options_is_asked_plainly(tmp_path: Path) -> None:
    script = f'[ "$3" = "" ] || exit 1\necho \'{ANSWER}\''
    assert OpenClaw(str(tool(tmp_path, script))).sessions()["count"] == 1


def test_the_token_and_the_folder_are_handed_on_in_the_environment(tmp_path: Path) -> None:
    script = 'printf \'{"said": "%s|%s|%s"}\' "$OPENCLAW_GATEWAY_TOKEN" "$OPENCLAW_STATE_DIR" "$*"'
    command = OpenClaw(str(tool(tmp_path, script)), gateway_token="t", state_dir="/s")
    assert command.sessions() == {"said": "t|/s|sessions --json --all-agents --limit all"}


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (f"echo {SECRET} >&2; exit 3", "exit code 3"),
        (f"echo {SECRET}", "no JSON object"),
        (f"echo '{{{SECRET}'", "no JSON object"),
        ("true", "no JSON object"),
        ("sleep 60", "did not end within 0.3 s"),
    ],
)
def test_a_failure_names_the_command_and_not_what_it_printed(tmp_path: Path, script: str, what: str) -> None:
    command = OpenClaw(str(tool(tmp_path, f"exec 2>&1; {script}".replace("sleep", "exec sleep"))), seconds=0.3)
    if "sleep" not in script:
        command = OpenClaw(command.command)
    with pytest.raises(ToolFailed, match=what) as failed:
        command.sessions()
    assert SECRET not in str(failed.value)
    assert "sessions --json" in failed.value.where


def test_a_command_that_is_not_there_says_so(tmp_path: Path) -> None:
    command = OpenClaw(str(tmp_path / "none"))
    assert not command.is_installed()
    with pytest.raises(ToolFailed, match="cannot be started"):
        command.sessions()
