"""Codex's app server, spoken to over its standard streams: one JSON object a line, with a time limit."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from moonshine_resources.agent_command import ToolFailed, end

_FIX = "check codex.command in moon.toml; is it a version with `codex app-server`?"
#: How long it may take to end by itself, seconds.
_LEAVING = 10.0
_CLIENT = {"clientInfo": {"name": "moonshine", "version": "0.1.0"}}


@dataclass(frozen=True, slots=True)
class Codex:
    """The command and how it is run.

    Args:
        command: name on the PATH, or a path.
        seconds: how long all of a conversation with its server may take.
    """

    command: str = "codex"
    seconds: float = 600.0

    def is_installed(self) -> bool:
        return shutil.which(self.command) is not None

    def compact(self, thread_id: str) -> None:
        """Compact a thread and wait until that has ended.

        Raises:
            ToolFailed: it cannot be run, took too long, or says that it failed.
        """
        with self._server() as server:
            server.ask("thread/resume", {"threadId": thread_id, "excludeTurns": True})
            server.ask("thread/compact/start", {"threadId": thread_id})
            turn = server.wait("turn/completed").get("turn") or {}
            if turn.get("status") != "completed":
                raise ToolFailed("did not compact the thread", where=f"{self.command} app-server", fix=_FIX)

    def hooks(self) -> list[dict[str, Any]]:
        """The hooks it knows, each with `command`, `enabled` and `trustStatus`.

        Raises:
            ToolFailed: no answer was had.
        """
        with self._server() as server:
            found = server.ask("hooks/list", {}).get("data") or []
        return [hook for place in found for hook in place.get("hooks") or []]

    @contextmanager
    def _server(self) -> Iterator[_Server]:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
                [self.command, "app-server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolFailed("cannot be started", where=f"{self.command} app-server", fix=_FIX) from error
        server = _Server(process, f"{self.command} app-server", time.monotonic() + self.seconds)
        try:
            server.ask("initialize", _CLIENT)
            server.tell("initialized")
            yield server
        finally:
            _leave(process)


class _Server:
    """A running server. A thread of its own reads, so that no answer is waited for longer than there is time."""

    def __init__(self, process: subprocess.Popen[bytes], where: str, deadline: float) -> None:
        self._process = process
        self._where = where
        self._deadline = deadline
        self._number = 0
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._kept: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self, method: str) -> None:
        self._send({"method": method})

    def ask(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a method; what is told meanwhile is kept for `wait`.

        Raises:
            ToolFailed: it says no, ends, or takes too long.
        """
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        while True:
            said = self._next(method)
            if said.get("id") == self._number and "method" not in said:
                break
            self._kept.append(said)
        if "error" in said:
            raise ToolFailed(f"refused {method}", where=self._where, fix=_FIX)
        result = said.get("result")
        return result if isinstance(result, dict) else {}

    def wait(self, method: str) -> dict[str, Any]:
        """What is told under that name, first of what was told already.

        Raises:
            ToolFailed: it ends or takes too long.
        """
        kept, self._kept = self._kept, []
        for said in kept:
            if said.get("method") == method:
                return dict(said.get("params") or {})
        while (said := self._next(method)).get("method") != method:
            continue
        return dict(said.get("params") or {})

    def _next(self, awaited: str) -> dict[str, Any]:
        try:
            said = self._said.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise ToolFailed(f"did not answer {awaited} in time", where=self._where, fix=_FIX) from None
        if said is None:
            raise ToolFailed(f"ended before it answered {awaited}", where=self._where, fix=_FIX)
        return said

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise ToolFailed("ended while it was asked", where=self._where, fix=_FIX) from error

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                if isinstance(said, dict):
                    self._said.put(said)
        except (OSError, ValueError):
            # the stream was closed under it: the conversation is over
            pass
        finally:
            self._said.put(None)


def _leave(process: subprocess.Popen[bytes]) -> None:
    """It ends by itself when nobody speaks to it any more, and has written everything then."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LEAVING)
    end(process)
