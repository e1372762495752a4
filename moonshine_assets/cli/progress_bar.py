"""A progress bar on standard error for people; plain silence where nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from moonshine_resources import progress

_STANDARD_ERROR = 2


@contextmanager
def progress_bar(label: str) -> Iterator[None]:
    """Show how far the work inside the block has come, as it reports it; the bar outlives `without_standard_error`."""
    sys.stderr.flush()
    with os.fdopen(os.dup(_STANDARD_ERROR), "w", encoding="utf-8") as terminal:
        console = Console(file=terminal)
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as bar:
            task = bar.add_task(label, total=None)

            def listen(what: str, done: int, total: int) -> None:
                bar.update(task, description=f"{label}: {what}", completed=done, total=total)

            with progress.listening(listen):
                yield


@contextmanager
def without_standard_error() -> Iterator[None]:
    """What the block and its child processes write to standard error goes nowhere.

    For Dagster's execution: it keeps what is written there in its compute logs and copies it by processes of their
    own, each of which would show a stack trace at Ctrl-C.
    """
    sys.stderr.flush()
    kept = os.dup(_STANDARD_ERROR)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
