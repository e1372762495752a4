"""`moon hook`: what agents call. It answers in any case, and ends with 0: a hook that fails could stop its agent."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import click

from moonshine_assets.cli.options import at_home
from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.hooks.run import ARCHIVING, BEGINNING, PROVIDERS, Situation, answer, payload_of
from moonshine_assets.sessions.settings import Settings
from moonshine_resources import clock
from moonshine_resources.home import Home

#: More than any agent says of an event.
_LONGEST = 4 << 20


@click.command()
@click.argument("agent", type=click.Choice(list(PROVIDERS)))
@click.argument("event", type=click.Choice([*ARCHIVING, *BEGINNING]))
@at_home
@click.option(
    "--probe", is_flag=True, help="Do everything in a scratch home, and say how it went; `moon verify` asks so."
)
def hook(agent: str, event: str, home_dir: Path | None, probe: bool) -> None:
    """What hooks of agents call: archive before a compaction, tell a new session what was decided.

    The event is read as JSON from standard input.
    """
    home = Home.at(home_dir)
    if probe:
        with tempfile.TemporaryDirectory() as scratch:
            _answered(home, Home.at(scratch), agent, event, is_probe=True)
    else:
        _answered(home, home, agent, event, is_probe=False)


def _answered(configured: Home, home: Home, agent: str, event: str, *, is_probe: bool) -> None:
    from moonshine_assets.sessions.audit import note

    warning, settings = "", Settings()
    try:
        settings = _settings(configured)
    except MoonshineError as error:
        warning = str(error)
    try:
        payload = payload_of(sys.stdin.read(_LONGEST))
    except MoonshineError as error:
        click.echo(f"moonshine: {error}", err=True)
        return
    now = int(clock.now().timestamp())
    found = answer(Situation(home, settings, os.environ, now), agent, event, payload)
    if found.said:
        click.echo(json.dumps(found.said, ensure_ascii=False))
    if is_probe:
        click.echo(found.line.json())
    if warning or found.line.is_warning:
        click.echo(f"moonshine: {warning or found.line.reason}", err=True)
    try:
        note(home, found.line)
    except (MoonshineError, OSError) as error:
        click.echo(f"moonshine: {error}", err=True)


def _settings(home: Home) -> Settings:
    from moonshine_assets.sessions.configuration import load

    return load(home.moon_config, os.environ).settings
