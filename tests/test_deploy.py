"""What deploy/ and the runbook promise: units that are well formed, commands and codes that are there."""

from __future__ import annotations

import configparser
import plistlib
import re
import shlex
import shutil
import subprocess

import click
import pytest

from moonshine_assets.cli.moon import main as moon
from moonshine_assets.cli.moonshine import main as moonshine
from moonshine_assets.sessions.audit import Code
from moonshine_resources.home import PROJECT_ROOT

DEPLOY = PROJECT_ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
RUNBOOK = (PROJECT_ROOT / "docs" / "runbook.md").read_text("utf-8")
PROGRAMS = {"moon": moon, "moonshine": moonshine}


def parses(words: list[str]) -> bool:
    """Whether a program of ours knows the command and its options."""
    program = PROGRAMS[words[0].rpartition("/")[2]]
    assert isinstance(program, click.Group)
    command = program.get_command(click.Context(program), words[1])
    assert command is not None
    command.make_context(words[1], words[2:])
    return True


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_is_there_and_ends_it_gently(unit: object) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(str(unit))
    service = parser["Service"]
    assert parses(shlex.split(service["ExecStart"]))
    assert service["UMask"] == "0077"
    assert int(service["TimeoutStopSec"]) >= 60
    assert "2" in service["RestartPreventExitStatus"].split(), "a wrong setting is not mended by starting again"


def test_systemd_finds_nothing_wrong_with_the_units() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    words = ["systemd-analyze", "verify", "--user", *map(str, UNITS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if any(unit.name in line for unit in UNITS)]
    assert [line for line in told if "is not executable" not in line] == []


def test_the_agent_of_launchd_starts_the_watcher() -> None:
    (path,) = (DEPLOY / "launchd").glob("*.plist")
    agent = plistlib.loads(path.read_bytes())
    assert agent["Label"] == path.stem
    assert parses(agent["ProgramArguments"])
    assert agent["Umask"] == 0o077


def test_the_runbook_names_codes_commands_and_files_that_there_are() -> None:
    assert set(re.findall(r"MOON_(?:OK|WARN)_[A-Z_]+", RUNBOOK)) <= {code.value for code in Code}
    known = set(moon.list_commands(click.Context(moon)))
    assert set(re.findall(r"`moon ([a-z-]+)[ `:]", RUNBOOK)) <= known
    for name in re.findall(r"`(deploy/[^`]+)`", RUNBOOK):
        assert (PROJECT_ROOT / name).exists()
