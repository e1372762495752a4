"""`moon watch`: one cycle, or one after the other until it is told to stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import FrameType

import click

from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say_line
from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.audit import Line
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.cycle import cycle, due
from moonshine_assets.sessions.daemon import Stop, look_of
from moonshine_assets.sessions.daemon import watch as watch_on
from moonshine_resources import clock
from moonshine_resources.home import Home


@click.command()
@at_home
@click.option("--once", is_flag=True, help="One cycle, then end; the default.")
@click.option("--daemon", "is_daemon", is_flag=True, help="Cycle after cycle until SIGTERM or Ctrl-C.")
@click.option("--dry-run", is_flag=True, help="Say what a cycle would do, and do nothing.")
@as_json
@exiting
def watch(home_dir: Path | None, once: bool, is_daemon: bool, dry_run: bool, as_json: bool) -> int:
    """Do what is due for live sessions: archive, prune, distil; every happening is a line.

    With --json a line is a JSON object, as in moon/logs/audit.log.
    """
    if is_daemon and (once or dry_run):
        raise BadInput("--daemon goes with neither --once nor --dry-run", fix="leave one of them out")
    home = Home.at(home_dir)

    def say(line: Line) -> None:
        click.echo(line.json() if as_json else told(line), err=line.is_warning and not as_json)

    if is_daemon:
        stop = _stopped_by_signals()
        watch_on(home, os.environ, _now, say, stop)
        return OK
    look = look_of(home, load(home.moon_config, os.environ).settings, os.environ, _now())
    if dry_run:
        actions, problems = due(home, look)
        for action in actions:
            say(Line(code="MOON_DRY_RUN", at=look.now, session=action.key, reason=", ".join(action.stages)))
        for problem in problems:
            say_line(f"{problem.where or problem.provider}: {problem.what}")
        return FAILED if problems else OK
    done = cycle(home, look, _now, say)
    return FAILED if done.has_warnings else OK


def told(line: Line) -> str:
    """A line for people."""
    words = [clock.iso(clock.at(line.at)), line.code, line.session, line.reason]
    words += [f"{name}={value}" for name, value in line.figures.items()]
    return " ".join(word for word in words if word)


def _now() -> int:
    return int(clock.now().timestamp())


def _stopped_by_signals() -> Stop:
    """Set by the first SIGTERM or SIGINT: the stage at hand is ended. A second one ends the process."""
    stop = Stop()

    def heed(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals are told
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heed)
    return stop
