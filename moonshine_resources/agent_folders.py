"""Where agents keep their sessions on this machine; each agent's own environment variable is respected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def openclaw_folder(given: str, environment: Mapping[str, str]) -> Path:
    """State folder of OpenClaw: the one given, OPENCLAW_STATE_DIR, or ~/.openclaw."""
    return _folder(given, environment, "OPENCLAW_STATE_DIR", ".openclaw")


def claude_code_folder(given: str, environment: Mapping[str, str]) -> Path:
    """Configuration folder of Claude Code: the one given, CLAUDE_CONFIG_DIR, or ~/.claude."""
    return _folder(given, environment, "CLAUDE_CONFIG_DIR", ".claude")


def codex_folder(given: str, environment: Mapping[str, str]) -> Path:
    """Configuration folder of Codex: the one given, CODEX_HOME, or ~/.codex."""
    return _folder(given, environment, "CODEX_HOME", ".codex")


def _folder(given: str, environment: Mapping[str, str], variable: str, below_home: str) -> Path:
    named = given or environment.get(variable)
    return Path(named).expanduser().absolute() if named else Path.home() / below_home
