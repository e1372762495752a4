"""An agent's own command, run with a time limit; what it prints is data and never part of a message."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from moonshine_assets.errors import MoonshineError


class ToolFailed(MoonshineError):
    """An agent's own command is missing, ran too long, failed, or printed something else than was asked for."""


class ToolRefused(ToolFailed):
    """It ran and said no. `printed` is what it said, which may hold text of a session."""

    printed: bytes = b""


def output_of(
    words: Sequence[str],
    *,
    seconds: float,
    fix: str,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    shown: int = 1,
    given: bytes = b"",
) -> bytes:
    """What a command prints.

    Args:
        words: program and arguments; no shell.
        seconds: how long it may take; then it and all it started are ended.
        fix: what a person can do when it fails.
        environment: its environment; None: ours.
        cwd: where it runs.
        shown: how many of its words may stand in an error; the rest may be keys or text.
        given: its standard input.

    Raises:
        ToolFailed: it cannot be started or takes too long.
        ToolRefused: it ended with another exit code than 0.
    """
    where = " ".join(words[:shown])
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
            list(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment) if environment is not None else None,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFailed("cannot be started", where=where, fix=fix) from error
    try:
        printed, _ = process.communicate(given, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(f"did not end within {seconds:g} s", where=where, fix=fix) from error
    finally:
        end(process)
    if process.returncode != 0:
        refused = ToolRefused(f"ended with exit code {process.returncode}", where=where, fix=fix)
        refused.printed = printed
        raise refused
    return printed


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started in a session of its own, and all it started, if it still runs."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.wait()
