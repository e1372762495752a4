"""`moon usage`, `moon status`, `moon config`: what there is, and nothing changed by asking."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from moonshine_assets.cli import sessions
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say_line
from moonshine_assets.cli.show import console, table
from moonshine_assets.sessions.configuration import Configuration, load
from moonshine_resources.home import Home


@click.command()
@at_home
@as_json
@exiting
def config(home_dir: Path | None, as_json: bool) -> int:
    """What applies, and from where: the default, moon.toml, or the environment. Secrets are never shown."""
    home = Home.at(home_dir)
    rows = sessions.settings_rows(_configured(home))
    if as_json:
        print_json({"file": str(home.moon_config), "exists": home.moon_config.exists(), "settings": rows})
    else:
        title = f"{home.moon_config}{'' if home.moon_config.exists() else ' (not there)'}"
        console().print(table(title, rows, ("key", "value", "from")))
    return OK


@click.command()
@at_home
@as_json
@exiting
def usage(home_dir: Path | None, as_json: bool) -> int:
    """How full every live session is, and whether that number can be trusted."""
    home = Home.at(home_dir)
    found = sessions.measured(home, _configured(home).settings)
    rows = [sessions.usage_row(reading) for reading in found.readings]
    if as_json:
        print_json({"sessions": rows, "problems": [problem._asdict() for problem in found.problems]})
    else:
        console().print(table("Usage", rows, sessions.USAGE_COLUMNS))
    return _told(found.problems)


@click.command()
@at_home
@as_json
@exiting
def status(home_dir: Path | None, as_json: bool) -> int:
    """Sessions with their readings, their states, and what would be due now; nothing is changed."""
    home = Home.at(home_dir)
    shown = sessions.status(home, _configured(home).settings)
    if as_json:
        print_json(shown.as_json())
    else:
        console().print(table("Sessions", shown.rows, sessions.STATUS_COLUMNS))
        click.echo(_watching(shown.watcher))
    if shown.damage:
        say_line(f"{home.moon_state}: {shown.damage}; it is set aside and rebuilt at the next look of the watcher")
    return max(_told(shown.problems), FAILED if shown.damage else OK)


def _watching(watcher: dict[str, Any] | None) -> str:
    if watcher is None:
        return "Nobody watches by `moon watch --daemon`; the sensor of `moonshine ui` may."
    age = f", last look {watcher['age_secs']} s ago" if "age_secs" in watcher else ""
    newer = "" if watcher["is_current_build"] else "; it runs other code than is installed now: start it anew"
    return f"Process {watcher['pid']} watches{age}{newer}."


def _configured(home: Home) -> Configuration:
    return load(home.moon_config, os.environ)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _told(problems: list[sessions.Problem]) -> int:
    for problem in problems:
        say_line(f"{problem.where or problem.provider}: {problem.what}")
    return FAILED if problems else OK
