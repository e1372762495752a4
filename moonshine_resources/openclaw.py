"""OpenClaw's command, run with a time limit; what it prints is data and never part of a message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moonshine_assets.errors import MoonshineError

_FIX = "check openclaw.command in moon.toml, or set openclaw.source to files"
#: Its command must not look for updates or start itself anew.
_QUIET = {"OPENCLAW_NO_AUTO_UPDATE": "1", "OPENCLAW_NO_RESPAWN": "1"}


class ToolFailed(MoonshineError):
    """An agent's own command is missing, ran too long, failed, or printed something else than was asked for."""


@dataclass(frozen=True, slots=True)
class OpenClaw:
    """The command and how it is run.

    Args:
        command: name on the PATH, or a path.
        seconds: how long a call may take.
        gateway_token: given to it in its environment; empty: it finds its own.
        state_dir: its state folder; empty: its own default.
    """

    command: str = "openclaw"
    seconds: float = 60.0
    gateway_token: str = ""
    state_dir: str = ""

    def is_installed(self) -> bool:
        return shutil.which(self.command) is not None

    def sessions(self) -> dict[str, Any]:
        """The answer of `sessions --json`; older versions, which know neither agents nor limits, are asked plainly.

        Raises:
            ToolFailed: no answer of that kind was had.
        """
        try:
            return self._json("sessions", "--json", "--all-agents", "--limit", "all")
        except _Refused:
            return self._json("sessions", "--json")

    def _json(self, *arguments: str) -> dict[str, Any]:
        text = self._run(arguments)
        # lines of other plugins may stand before the object
        start = text.find("{")
        try:
            value = json.loads(text[start:]) if start >= 0 else None
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ToolFailed("printed no JSON object", where=self._where(arguments), fix=_FIX)
        return value

    def _run(self, arguments: Sequence[str]) -> str:
        environment = {**os.environ, **_QUIET}
        if self.gateway_token:
            environment["OPENCLAW_GATEWAY_TOKEN"] = self.gateway_token
        if self.state_dir:
            environment["OPENCLAW_STATE_DIR"] = self.state_dir
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, no shell
                [self.command, *arguments],
                capture_output=True,
                timeout=self.seconds,
                env=environment,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            what = f"did not end within {self.seconds:g} s"
            raise ToolFailed(what, where=self._where(arguments), fix="raise openclaw.command_timeout_secs") from error
        except OSError as error:
            raise ToolFailed("cannot be started", where=self._where(arguments), fix=_FIX) from error
        if done.returncode != 0:
            raise _Refused(f"ended with exit code {done.returncode}", where=self._where(arguments), fix=_FIX)
        return done.stdout.decode("utf-8", errors="replace")

    def _where(self, arguments: Sequence[str]) -> str:
        return " ".join([self.command, *arguments])


class _Refused(ToolFailed):
    """It ran and said no."""
