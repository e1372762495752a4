"""Our part of an agent's settings, put in and taken out: pure functions over the decoded file.

What is put in is only added; what is taken out is only what was put in, and the lists and tables it leaves empty.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.hooks.agents import TIMEOUT

#: Id of our plug-in in OpenClaw.
PLUGIN = "moonshine"


def with_hooks(config: dict[str, Any], commands: Mapping[str, str], matchers: Mapping[str, str]) -> dict[str, Any]:
    """Settings of Claude Code or Codex in which events call commands.

    Args:
        config: the decoded file.
        commands: event → command.
        matchers: event → for which kinds of it; empty: all.

    Raises:
        BadInput: the place of the hooks holds something else.
    """
    changed = copy.deepcopy(config)
    hooks = _table(changed, "hooks")
    for event, command in commands.items():
        groups = hooks.setdefault(event, [])
        if not isinstance(groups, list):
            raise _unexpected(f"hooks.{event}", "a list")
        group = {"hooks": [{"type": "command", "command": command, "timeout": TIMEOUT}]}
        groups.append({"matcher": matchers[event], **group} if matchers.get(event) else group)
    return changed


def without_hooks(config: dict[str, Any], commands: Collection[str]) -> dict[str, Any]:
    """The settings without hooks that call these commands."""
    changed = copy.deepcopy(config)
    hooks = changed.get("hooks")
    if not isinstance(hooks, dict):
        return changed
    for event, groups in list(hooks.items()):
        if not isinstance(groups, list):
            continue
        kept = [one for one in (_without(group, commands) for group in groups) if one is not None]
        if kept:
            hooks[event] = kept
        elif groups:
            del hooks[event]
    if config.get("hooks") and not hooks:
        del changed["hooks"]
    return changed


def with_plugin(config: dict[str, Any], folder: str) -> dict[str, Any]:
    """OpenClaw's settings with our plug-in switched on.

    Args:
        config: the decoded file.
        folder: where the plug-in is.

    Raises:
        BadInput: its owner has switched plug-ins off or ours out, or their place holds something else.
    """
    changed = copy.deepcopy(config)
    plugins = _table(changed, "plugins")
    if plugins.get("enabled") is False:
        raise BadInput("plug-ins are switched off", where="plugins.enabled", fix="switch them on, then install again")
    if PLUGIN in (plugins.get("deny") or ()):
        raise BadInput("our plug-in is denied", where="plugins.deny", fix=f"take {PLUGIN!r} out, then install again")
    paths = _table(plugins, "load").setdefault("paths", [])
    if not isinstance(paths, list):
        raise _unexpected("plugins.load.paths", "a list")
    if folder not in paths:
        paths.append(folder)
    _table(_table(plugins, "entries"), PLUGIN)["enabled"] = True
    allowed = plugins.get("allow")
    if isinstance(allowed, list) and PLUGIN not in allowed:
        allowed.append(PLUGIN)
    return changed


def without_plugin(config: dict[str, Any], folder: str) -> dict[str, Any]:
    """OpenClaw's settings without our plug-in."""
    changed = copy.deepcopy(config)
    plugins = changed.get("plugins")
    if not isinstance(plugins, dict):
        return changed
    _drop(plugins, ("load", "paths"), folder)
    allowed = plugins.get("allow")
    if isinstance(allowed, list) and PLUGIN in allowed:
        # an empty list of those that are allowed says something else than none
        allowed.remove(PLUGIN)
    _drop(plugins, ("entries",), PLUGIN)
    if not plugins:
        del changed["plugins"]
    return changed


def _without(group: Any, commands: Collection[str]) -> Any:
    """A group without hooks of ours; None when nothing is left of it."""
    if not isinstance(group, dict) or not isinstance(group.get("hooks"), list):
        return group
    kept = [hook for hook in group["hooks"] if not (isinstance(hook, dict) and hook.get("command") in commands)]
    if kept == group["hooks"]:
        return group
    return {**group, "hooks": kept} if kept else None


def _table(parent: dict[str, Any], name: str) -> dict[str, Any]:
    found = parent.setdefault(name, {})
    if not isinstance(found, dict):
        raise _unexpected(name, "an object")
    return found


def _drop(parent: dict[str, Any], path: tuple[str, ...], item: str) -> bool:
    """Take an item out of the list or table at a path, and what is empty then; whether it was there."""
    name, *deeper = path
    found = parent.get(name)
    if deeper:
        was_there = isinstance(found, dict) and _drop(found, tuple(deeper), item)
    elif isinstance(found, list) and item in found:
        found.remove(item)
        was_there = True
    else:
        was_there = isinstance(found, dict) and found.pop(item, None) is not None
    if was_there and not found:
        del parent[name]
    return was_there


def _unexpected(where: str, expected: str) -> BadInput:
    return BadInput(f"not {expected}", where=where, fix="mend the settings file, then install again")
