"""The one place where an error becomes a line on standard error and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import click

from moonshine_assets.cli.printable import printable
from moonshine_assets.errors import MoonshineError

P = ParamSpec("P")

#: All gates hold.
OK = 0
#: A gate failed, a store is damaged or busy.
FAILED = 1
#: The input cannot be taken in.
BAD_INPUT = 2
#: Ctrl-C, as shells count it.
INTERRUPTED = 130


def say(error: MoonshineError) -> None:
    """One line: where, what, what to do."""
    say_line(str(error))


def say_line(text: str) -> None:
    click.echo(f"error: {printable(text)}", err=True)


def exiting(function: Callable[P, int | None]) -> Callable[P, None]:
    """End the process with the command's exit code; our errors become their line and their code."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = function(*args, **kwargs) or OK
        except MoonshineError as error:
            say(error)
            code = error.exit_code
        except KeyboardInterrupt:
            say_line("interrupted; run the same again, it finishes what was begun")
            code = INTERRUPTED
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say_line(f"{where}{error.strerror or error}")
            code = FAILED
        sys.exit(code)

    return command
