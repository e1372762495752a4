"""The agents that hooks are installed into: whose file it is, which events, and the command they call."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.agent_folders import claude_code_folder, codex_folder, openclaw_folder
from moonshine_resources.home import Home

#: An agent waits so long for a hook, seconds; a first archive of a large session takes a while.
TIMEOUT = 120
#: When a session begins anew; one that is resumed still has what it said.
_BEGINNING = "startup|clear|compact"


class Agent(NamedTuple):
    """An agent on this machine.

    Args:
        name: as commands name it.
        provider: as readings name it.
        folder: where it keeps everything.
        file: its settings file that names hooks.
        command: its own command.
        events: its name of an event → matcher; empty for every kind. None of them: it has a plug-in instead.
    """

    name: str
    provider: str
    folder: Path
    file: Path
    command: str
    events: dict[str, str]

    def is_present(self) -> bool:
        return self.folder.is_dir() or shutil.which(self.command) is not None


def agents(settings: Settings, environment: Mapping[str, str]) -> dict[str, Agent]:
    """Every agent by name."""
    claude = claude_code_folder(settings.claude_code.folder, environment)
    codex = codex_folder(settings.codex.folder, environment)
    openclaw = openclaw_folder(settings.openclaw.state_dir, environment)
    events = {"PreCompact": "", "SessionStart": _BEGINNING}
    given = environment.get("OPENCLAW_CONFIG_PATH")
    config = Path(given).expanduser().absolute() if given else openclaw / "openclaw.json"
    found = (
        Agent("claude-code", "claude_code", claude, claude / "settings.json", settings.claude_code.command, events),
        Agent("codex", "codex", codex, codex / "hooks.json", settings.codex.command, events),
        Agent("openclaw", "openclaw", openclaw, config, settings.openclaw.command, {}),
    )
    return {agent.name: agent for agent in found}


def named(known: Mapping[str, Agent], names: tuple[str, ...]) -> list[Agent]:
    """The agents of these names; without names those that are on this machine.

    Raises:
        BadInput: an unknown name, or there is no agent at all.
    """
    for name in names:
        if name not in known:
            raise BadInput(f"unknown agent {name!r}", fix=f"known are {', '.join(known)}")
    chosen = [known[name] for name in names] or [agent for agent in known.values() if agent.is_present()]
    if not chosen:
        places = ", ".join(str(agent.folder) for agent in known.values())
        raise BadInput("no agent was found on this machine", fix=f"looked for {places}; name one to install it anyway")
    return chosen


def hook_words(home: Home, agent: str) -> list[str]:
    """The command that hooks of an agent call, without the event and the home."""
    script = Path(sys.executable).with_name("moon")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "moonshine_assets.cli.moon"]
    return [*program, "hook", "--home", str(home.root), agent]


def hook_command(home: Home, agent: str, event: str) -> str:
    """The same as a line for a shell, for one event."""
    return shlex.join([*hook_words(home, agent), event])
