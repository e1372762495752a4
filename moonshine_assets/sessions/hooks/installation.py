"""Hooks put into an agent's settings and taken out again; see the folder's page for what always holds."""

from __future__ import annotations

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.sessions.hooks import manifest as manifests
from moonshine_assets.sessions.hooks import plugin, settings_file
from moonshine_assets.sessions.hooks.agents import Agent, hook_command
from moonshine_assets.sessions.hooks.edits import with_hooks, with_plugin, without_hooks, without_plugin
from moonshine_assets.sessions.hooks.manifest import Manifest
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_WAIT = 10.0


class Change(NamedTuple):
    """What was done for an agent: `installed`, `updated`, `unchanged`, `restored`, `taken out`, or `not installed`."""

    agent: str
    file: str
    what: str


def install(home: Home, agent: Agent, now: int) -> Change:
    """Put our hooks into an agent's settings; installed already, nothing changes but what a new version needs.

    Raises:
        BadInput: its file is not understood, or its owner switched such hooks off; nothing was changed.
        Busy: another process is at it.
    """
    with _alone(home):
        known = manifests.read(home, agent.name)
        current = settings_file.read(agent.file)
        config = settings_file.parsed(current, agent.file)
        commands = {event: hook_command(home, agent.name, event) for event in agent.events}
        folder = "" if agent.events else str(plugin.folder(home))
        clean = _without(config, known) if known is not None else config
        wanted = _with(clean, agent, commands, folder)
        if not agent.events:
            plugin.write(home)
        if wanted == config and known is not None and known.commands == commands:
            return Change(agent.name, str(agent.file), "unchanged")
        after = settings_file.rendered(wanted, current)
        is_exact = known is None or (known.is_exact and _is_ours(known, current))
        before = current if known is None or not is_exact else settings_file.read(manifests.kept_of(home, agent.name))
        made = Manifest(
            agent=agent.name,
            file=str(agent.file),
            existed=current is not None if known is None else known.existed,
            is_exact=is_exact,
            sha256=sha256(after).hexdigest(),
            commands=commands,
            plugin=folder,
            installed_at=now,
            version=version("moonshine"),
        )
        manifests.write(home, made, before)
        settings_file.write(agent.file, after)
        return Change(agent.name, str(agent.file), "installed" if known is None else "updated")


def uninstall(home: Home, agent: Agent) -> Change:
    """Take our hooks out: the file as it was where it is still as we wrote it, else the file without our part.

    Raises:
        BadInput: the file is not understood any more; it was left as it is.
        Corruption: what was installed is not known any more.
    """
    with _alone(home):
        known = manifests.read(home, agent.name)
        if known is None:
            return Change(agent.name, str(agent.file), "not installed")
        file = Path(known.file)
        what = _taken_out(home, known, file)
        plugin.remove(home) if known.plugin else None
        manifests.forget(home, agent.name)
        return Change(agent.name, known.file, what)


def is_installed(home: Home, provider: str) -> bool:
    """Whether the hooks of a provider's agent are installed."""
    return manifests.path_of(home, provider.replace("_", "-")).exists()


def is_in_place(known: Manifest, current: bytes | None) -> bool:
    """Whether an agent's settings still hold what was put in."""
    config = settings_file.parsed(current, Path(known.file))
    return _without(config, known) != config


def _taken_out(home: Home, known: Manifest, file: Path) -> str:
    current = settings_file.read(file)
    before = settings_file.read(manifests.kept_of(home, known.agent)) if known.existed else None
    if current == before:
        return "restored"
    if known.is_exact and _is_ours(known, current):
        if before is None:
            settings_file.remove(file)
        else:
            settings_file.write(file, before)
        return "restored"
    config = settings_file.parsed(current, file)
    clean = _without(config, known)
    if clean != config:
        settings_file.write(file, settings_file.rendered(clean, current))
    return "taken out"


def _with(config: dict[str, Any], agent: Agent, commands: dict[str, str], folder: str) -> dict[str, Any]:
    return with_hooks(config, commands, agent.events) if agent.events else with_plugin(config, folder)


def _without(config: dict[str, Any], known: Manifest) -> dict[str, Any]:
    if known.plugin:
        return without_plugin(config, known.plugin)
    return without_hooks(config, set(known.commands.values()))


def _is_ours(known: Manifest, current: bytes | None) -> bool:
    return current is not None and sha256(current).hexdigest() == known.sha256


def _alone(home: Home) -> Any:
    return exclusive(home.moon_locks / "hooks.lock", seconds=_WAIT, what="the hooks of agents")
