"""OpenClaw's command, run with a time limit; what it prints is data and never part of a message."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moonshine_resources.agent_command import ToolFailed, ToolRefused, output_of

_FIX = "check openclaw.command and its time limit in moon.toml; is the gateway running?"
#: Its command must not look for updates or start itself anew.
_QUIET = {"OPENCLAW_NO_AUTO_UPDATE": "1", "OPENCLAW_NO_RESPAWN": "1"}


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
        except ToolRefused:
            return self._json("sessions", "--json")

    def call(self, method: str, parameters: Mapping[str, Any], *, seconds: float | None = None) -> dict[str, Any]:
        """The gateway's answer to a method; one that says no by itself is an answer, too.

        Args:
            method: name of the gateway's method.
            parameters: what it is given; never part of an error.
            seconds: how long the gateway may take; None: as long as a call.

        Raises:
            ToolFailed: no answer was had: no gateway, no such method, or it took too long.
        """
        allowed = seconds if seconds is not None else self.seconds
        words = ("gateway", "call", method, "--json", "--timeout", str(int(allowed * 1000)), "--params")
        try:
            # the command itself takes a while to start and end
            printed = self._run((*words, json.dumps(parameters)), seconds=allowed + self.seconds, shown=4)
        except ToolRefused as refused:
            answer = _object(refused.printed)
            if answer is None or "ok" not in answer:
                raise
            return answer
        answer = _object(printed)
        if answer is None:
            raise ToolFailed("printed no JSON object", where=f"{self.command} gateway call {method}", fix=_FIX)
        return answer

    def _json(self, *arguments: str) -> dict[str, Any]:
        value = _object(self._run(arguments, seconds=self.seconds, shown=1 + len(arguments)))
        if value is None:
            raise ToolFailed("printed no JSON object", where=" ".join([self.command, *arguments]), fix=_FIX)
        return value

    def _run(self, arguments: Sequence[str], *, seconds: float, shown: int) -> bytes:
        environment = {**os.environ, **_QUIET}
        if self.gateway_token:
            environment["OPENCLAW_GATEWAY_TOKEN"] = self.gateway_token
        if self.state_dir:
            environment["OPENCLAW_STATE_DIR"] = self.state_dir
        words = [self.command, *arguments]
        return output_of(words, seconds=seconds, environment=environment, shown=shown, fix=_FIX)


def _object(printed: bytes) -> dict[str, Any] | None:
    """The object in what was printed; lines of plug-ins may stand before it."""
    text = printed.decode("utf-8", errors="replace")
    start = text.find("{")
    try:
        value = json.loads(text[start:]) if start >= 0 else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
