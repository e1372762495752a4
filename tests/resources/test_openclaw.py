"""OpenClaw's command: time limits, odd output and failures are errors that name the command and nothing it printed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from moonshine_resources.agent_command import ToolFailed
from moonshine_resources.openclaw import OpenClaw

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


def test_a_call_of_the_gateway_hands_on_its_parameters_and_names_them_in_no_error(tmp_path: Path) -> None:
    script = 'printf \'{"ok": true, "words": "%s"}\' "$(echo "$*" | tr -d \'"\')"'
    command = OpenClaw(str(tool(tmp_path, script)), seconds=5)
    said = command.call("sessions.compact", {"key": SECRET}, seconds=7)
    assert said["words"] == f"gateway call sessions.compact --json --timeout 7000 --params {{key: {SECRET}}}"
    tool(tmp_path, "exit 1")
    with pytest.raises(ToolFailed, match="exit code 1") as failed:
        command.call("sessions.compact", {"key": SECRET})
    assert SECRET not in str(failed.value)
    assert failed.value.where.endswith("gateway call sessions.compact")


def test_a_gateway_that_says_no_has_answered(tmp_path: Path) -> None:
    command = OpenClaw(str(tool(tmp_path, 'echo \'{"ok": false, "compacted": false}\'; exit 1')))
    assert command.call("sessions.compact", {}) == {"ok": False, "compacted": False}


def test_what_a_hanging_command_started_ends_with_it(tmp_path: Path) -> None:
    command = OpenClaw(str(tool(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")), seconds=0.5)
    with pytest.raises(ToolFailed, match="did not end"):
        command.sessions()
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        state = Path(f"/proc/{child}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("the child lives on")
