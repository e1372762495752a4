"""Our plug-in of OpenClaw: its files in the data home, and the command it calls beside them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from moonshine_assets.sessions.hooks.agents import TIMEOUT, hook_words
from moonshine_resources.atomic import remove_tree, write_text
from moonshine_resources.home import Home

_FILES = ("index.js", "openclaw.plugin.json", "package.json")
_COMMAND = "command.json"


def folder(home: Home) -> Path:
    return home.moon_hooks / "openclaw-plugin"


def contents(home: Home) -> dict[str, str]:
    """The files of the plug-in by name."""
    source = files("moonshine_assets.sessions.hooks") / "openclaw_plugin"
    command = {"words": hook_words(home, "openclaw"), "timeout_secs": TIMEOUT}
    return {
        **{name: (source / name).read_text("utf-8") for name in _FILES},
        _COMMAND: json.dumps(command, ensure_ascii=False, indent=2) + "\n",
    }


def differing(home: Home) -> list[str]:
    """Names of files that are missing or not as they should be."""
    there = folder(home)
    return [
        name
        for name, text in contents(home).items()
        if not (there / name).is_file() or (there / name).read_text("utf-8") != text
    ]


def write(home: Home) -> None:
    """Write what is missing or older."""
    wanted = contents(home)
    for name in differing(home):
        write_text(folder(home) / name, wanted[name])


def remove(home: Home) -> None:
    remove_tree(folder(home))
