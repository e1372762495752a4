"""Are the hooks of an agent in place, do they run, and does the agent run them? Asked of the real things."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.hooks import manifest as manifests
from moonshine_assets.sessions.hooks import plugin, settings_file
from moonshine_assets.sessions.hooks.agents import TIMEOUT, Agent, hook_command
from moonshine_assets.sessions.hooks.installation import is_in_place
from moonshine_assets.sessions.hooks.manifest import Manifest
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.agent_command import ToolFailed
from moonshine_resources.codex import Codex
from moonshine_resources.home import Home
from moonshine_resources.openclaw import OpenClaw

#: How long an agent may take to answer what it knows of us, seconds.
_ASKED = 60.0


class Finding(NamedTuple):
    """One thing looked at. `holds` is None where it could not be looked at, which is no fault by itself."""

    agent: str
    check: str
    holds: bool | None
    detail: str


def verify(home: Home, settings: Settings, agent: Agent, newest: Callable[[], str | None]) -> Iterator[Finding]:
    """Look at one agent's hooks.

    Args:
        home: the data home.
        settings: what applies.
        agent: whose hooks.
        newest: gives the id of a session of OpenClaw, for a trial; None: there is none.
    """

    def found(check: str, holds: bool | None, detail: str = "") -> Finding:
        return Finding(agent.name, check, holds, detail)

    try:
        known = manifests.read(home, agent.name)
    except MoonshineError as error:
        yield found("installed", False, str(error))
        return
    if known is None:
        yield found("installed", False, "run `moon install`")
        return
    yield found("installed", True, known.file)
    try:
        in_place = is_in_place(known, settings_file.read(Path(known.file)))
        yield found("in place", in_place, "" if in_place else "taken out by somebody; run `moon install`")
    except MoonshineError as error:
        yield found("in place", False, str(error))
    if known.plugin:
        differing = plugin.differing(home)
        yield found("plug-in", not differing, f"differing: {', '.join(differing)}" if differing else known.plugin)
        yield from _tried_openclaw(home, agent, newest, found)
        yield _asked_openclaw(settings, found)
    else:
        for event, command in known.commands.items():
            yield _tried(command, _event_of(event), f"{event} runs", found)
    if agent.name == "codex":
        yield _asked_codex(settings, known, found)


_Found = Callable[..., Finding]


def _tried(command: str, payload: Mapping[str, str], check: str, found: _Found) -> Finding:
    """Run the very command that is installed, on a session made for it, in a scratch home."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, f"{payload['session_id']}.jsonl")
        log.write_text(json.dumps(_line(payload["session_id"])) + "\n", "utf-8")
        told = json.dumps({**payload, "transcript_path": str(log), "cwd": folder})
        return _run(command, told, check, found)


def _run(command: str, told: str, check: str, found: _Found) -> Finding:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [*shlex.split(command), "--probe"],
            input=told,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return found(check, False, f"{type(error).__name__}; run `moon install` again")
    last = (done.stdout.splitlines() or [""])[-1]
    try:
        code = str(json.loads(last)["code"])
    except (ValueError, KeyError, TypeError):
        code = ""
    if done.returncode == 0 and code.startswith("MOON_OK"):
        return found(check, True)
    detail = done.stderr.strip().splitlines()
    return found(check, False, detail[-1] if detail else f"ended with exit code {done.returncode}")


def _tried_openclaw(home: Home, agent: Agent, newest: Callable[[], str | None], found: _Found) -> Iterator[Finding]:
    event = "session:compact:before"
    session_id = newest()
    if session_id is None:
        yield found(f"{event} runs", None, "OpenClaw has no session to try it on")
        return
    yield _run(hook_command(home, agent.name, event), json.dumps({"session_id": session_id}), f"{event} runs", found)


def _asked_openclaw(settings: Settings, found: _Found) -> Finding:
    """Has the running gateway loaded our plug-in?"""
    told = settings.openclaw
    if shutil.which(told.command) is None:
        return found("gateway", None, f"{told.command} is not on the PATH")
    command = OpenClaw(told.command, _ASKED, told.gateway_token, told.state_dir)
    try:
        answer = command.call("moonshine.status", {})
    except ToolFailed:
        return found("gateway", None, "no gateway answers, or it has not loaded our plug-in yet: restart it")
    return found("gateway", "version" in answer, "has loaded our plug-in")


def _asked_codex(settings: Settings, known: Manifest, found: _Found) -> Finding:
    """Codex leaves hooks that nobody has trusted out, without a word."""
    command = Codex(settings.codex.command, _ASKED)
    if not command.is_installed():
        return found("trusted", None, f"{settings.codex.command} is not on the PATH")
    try:
        hooks = [hook for hook in command.hooks() if hook.get("command") in known.commands.values()]
    except ToolFailed as error:
        return found("trusted", None, str(error))
    silent = [
        hook for hook in hooks if hook.get("trustStatus") not in ("trusted", "managed") or not hook.get("enabled")
    ]
    if len(hooks) < len(known.commands) or silent:
        return found("trusted", False, "Codex leaves them out until you trust them: start codex and type /hooks")
    return found("trusted", True)


def _event_of(event: str) -> dict[str, str]:
    more = {"source": "startup"} if event == "SessionStart" else {"trigger": "manual"}
    return {"session_id": str(uuid.uuid4()), "hook_event_name": event, **more}


def _line(session_id: str) -> dict[str, object]:
    """A session of one message."""
    return {
        "type": "user",
        "uuid": str(uuid.uuid4()),
        "sessionId": session_id,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "message": {"role": "user", "content": "A trial of the hook."},
    }
