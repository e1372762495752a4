"""Claude Code's command, run headless with a time limit."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moonshine_resources.agent_command import ToolFailed, output_of

_FIX = "check claude_code.command in moon.toml; is it logged in?"
#: What its summary must keep; the rest is in the archive.
_FOCUS = "/compact Keep decisions, constraints, open work, file paths and commands verbatim."


@dataclass(frozen=True, slots=True)
class ClaudeCode:
    """The command and how it is run.

    Args:
        command: name on the PATH, or a path.
        seconds: how long a call may take.
    """

    command: str = "claude"
    seconds: float = 600.0

    def is_installed(self) -> bool:
        return shutil.which(self.command) is not None

    def compact(self, session_id: str, folder: Path) -> dict[str, Any]:
        """Compact a session in the folder it was begun in; its answer.

        Raises:
            ToolFailed: it cannot be run, took too long, or says that it failed.
        """
        words = [self.command, "-p", _FOCUS, "--resume", session_id, "--output-format", "json"]
        printed = output_of(words, seconds=self.seconds, cwd=folder, shown=1, fix=_FIX)
        try:
            answer = json.loads(printed)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("is_error"):
            raise ToolFailed("did not compact the session", where=f"{self.command} -p /compact", fix=_FIX)
        return answer
