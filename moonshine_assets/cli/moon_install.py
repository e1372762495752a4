"""`moon install`, `uninstall`, `verify`, `post-upgrade`: our hooks in agents."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from moonshine_assets.cli.moon_usage import print_json
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say, say_line
from moonshine_assets.cli.show import console, table
from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.hooks import manifest as manifests
from moonshine_assets.sessions.hooks.agents import Agent, agents, named
from moonshine_assets.sessions.hooks.installation import Change
from moonshine_assets.sessions.hooks.installation import install as install_into
from moonshine_assets.sessions.hooks.installation import uninstall as uninstall_from
from moonshine_assets.sessions.settings import Settings
from moonshine_resources import clock
from moonshine_resources.home import Home

_NAMES = click.argument("names", metavar="[AGENT]...", nargs=-1)
_AFTER = {
    "codex": "Codex leaves new hooks out until you trust them: start codex and type /hooks.",
    "openclaw": "A gateway that runs loads the plug-in by itself; if `moon verify` does not find it, restart it.",
}


@click.command()
@_NAMES
@at_home
@as_json
@exiting
def install(names: tuple[str, ...], home_dir: Path | None, as_json: bool) -> int:
    """Put our hooks into agents: claude-code, codex, openclaw; without a name into those that are there.

    Their settings are kept as they were, and put back by `moon uninstall`.
    """
    home, settings = _at(home_dir)
    known = agents(settings, os.environ)
    code = _changed(named(known, names), lambda agent: install_into(home, agent, _now()), as_json)
    if not as_json:
        for agent in named(known, names):
            if (hint := _AFTER.get(agent.name)) is not None and manifests.path_of(home, agent.name).exists():
                click.echo(hint)
    return code


@click.command()
@_NAMES
@at_home
@as_json
@exiting
def uninstall(names: tuple[str, ...], home_dir: Path | None, as_json: bool) -> int:
    """Take our hooks out of agents; their settings are what they were, or what you made of them meanwhile."""
    home, settings = _at(home_dir)
    known = agents(settings, os.environ)
    chosen = named(known, names) if names else [agent for agent in known.values() if _is_known(home, agent)]
    return _changed(chosen, lambda agent: uninstall_from(home, agent), as_json)


@click.command("post-upgrade")
@at_home
@as_json
@exiting
def post_upgrade(home_dir: Path | None, as_json: bool) -> int:
    """After an upgrade or a move: hooks that are installed call this version from where it is now."""
    home, settings = _at(home_dir)
    chosen = [agent for agent in agents(settings, os.environ).values() if _is_known(home, agent)]
    return _changed(chosen, lambda agent: install_into(home, agent, _now()), as_json)


@click.command()
@_NAMES
@at_home
@click.option("--strict", is_flag=True, help="What could not be looked at counts as a fault.")
@as_json
@exiting
def verify(names: tuple[str, ...], home_dir: Path | None, strict: bool, as_json: bool) -> int:
    """Look whether hooks are in place, run each of them on a trial session, and ask agents whether they run them."""
    from moonshine_assets.cli.sessions import measured
    from moonshine_assets.sessions.hooks import verify as verifying

    home, settings = _at(home_dir)
    known = agents(settings, os.environ)
    chosen = named(known, names) if names else [agent for agent in known.values() if _is_known(home, agent)]

    def newest() -> str | None:
        found = [one for one in measured(home, settings).readings if one.provider == "openclaw"]
        return max(found, key=lambda one: one.updated_at_epoch_secs).session_id if found else None

    findings = [finding for agent in chosen for finding in verifying.verify(home, settings, agent, newest)]
    rows = [finding._asdict() for finding in findings]
    if as_json:
        print_json({"findings": rows})
    else:
        marks = {True: "yes", False: "NO", None: "?"}
        shown = [{**row, "holds": marks[row["holds"]]} for row in rows]
        console().print(table("Hooks", shown, ("agent", "check", "holds", "detail")))
    if not findings:
        say_line("no hooks are installed; `moon install` does")
    return OK if findings and all(one.holds or (one.holds is None and not strict) for one in findings) else FAILED


def _changed(chosen: list[Agent], change: Callable[[Agent], Change], as_json: bool) -> int:
    """Do it for each; one that fails keeps nothing of the others back."""
    rows, code = [], OK
    for agent in chosen:
        try:
            rows.append(change(agent)._asdict())
        except MoonshineError as error:
            say(error)
            code = max(code, error.exit_code)
    if as_json:
        print_json({"agents": rows})
    else:
        console().print(table("Hooks", rows, ("agent", "what", "file")))
    return code


def _at(home_dir: Path | None) -> tuple[Home, Settings]:
    home = Home.at(home_dir)
    return home, load(home.moon_config, os.environ).settings


def _is_known(home: Home, agent: Agent) -> bool:
    return manifests.path_of(home, agent.name).exists()


def _now() -> int:
    return int(clock.now().timestamp())
