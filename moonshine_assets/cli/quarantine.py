"""`moonshine quarantine`: what was not taken in, its bytes, and another try with the present adapters."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from moonshine_assets.cli import show, summaries
from moonshine_assets.cli.instance import open_instance, use_home
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import OK, exiting, say_line
from moonshine_assets.cli.printable import printable
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.register import Registration
from moonshine_assets.mash.merge import merged_build
from moonshine_assets.providers.quarantine import piece, quarantined, tried
from moonshine_assets.providers.replay import (
    is_refused,
    last_reading,
    refused_exports,
    refused_source,
    register_refused,
    register_replay,
)
from moonshine_assets.providers.trial import Trial
from moonshine_resources import clock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


@click.group()
def quarantine() -> None:
    """What was not taken in: list it, show its bytes, try it again."""


@quarantine.command("list")
@click.argument("run_ids", nargs=-1)
@at_home
@as_json
@exiting
def list_command(run_ids: tuple[str, ...], home_dir: Path | None, as_json: bool) -> int:
    """Quarantined pieces by run, and exports that were refused as a whole."""
    home = Home.at(home_dir)
    found = quarantined(home, list(run_ids) or summaries.run_ids(home))
    if not run_ids:
        found += refused_exports(home)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        lines = [{"run": row["run"], "id": row["quarantine_id"], **_line(row)} for row in found]
        show.console().print(show.table("Quarantine", lines))
    else:
        click.echo("nothing is in quarantine")
    return OK


def _line(row: dict[str, Any]) -> dict[str, Any]:
    place = row["member"]
    if row["unit"] != "export":
        place += f" #{row['index']}, bytes {row['start']} to {row['end']}"
    return {"unit": row["unit"], "reason": row["reason"], "place": place, "size": row["size"]}


@quarantine.command("show")
@click.argument("run_id", metavar="RUN")
@click.argument("quarantine_id", metavar="[ID]", type=int, required=False)
@at_home
@as_json
@click.option("--raw", is_flag=True, help="Write the kept bytes to standard output.")
@exiting
def show_command(run_id: str, quarantine_id: int | None, home_dir: Path | None, as_json: bool, raw: bool) -> int:
    """One piece: reason and place. RUN is a run id with an ID, or the SHA-256 of a refused export."""
    home = Home.at(home_dir)
    if is_refused(home, run_id):
        if raw:
            _write_file(refused_source(home, run_id))
            return OK
        refused = [row for row in refused_exports(home) if row["run"] == run_id]
        if not refused:
            raise BadInput("no export with this SHA-256 was refused", where=run_id, fix="it has been taken in since")
        found = refused[0]
    else:
        if quarantine_id is None:
            raise BadInput("which piece?", where=run_id, fix="give its id, `moonshine quarantine list` shows them")
        found, kept = piece(home, run_id, quarantine_id)
        if raw:
            sys.stdout.buffer.write(kept)
            return OK
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            if value is not None:
                click.echo(f"{name.replace('_', ' ')}: {printable(str(value))}")
    return OK


def _write_file(path: Path) -> None:
    if path.is_dir():
        raise BadInput("the export is a folder, not one run of bytes", where=str(path), fix="look into it there")
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            sys.stdout.buffer.write(chunk)


@quarantine.command("replay")
@click.argument("run_id", metavar="RUN")
@click.argument("quarantine_ids", metavar="[ID]...", nargs=-1, type=int)
@at_home
@as_json
@click.option("--dry-run", is_flag=True, help="Only say what would parse now.")
@exiting
def replay_command(
    run_id: str, quarantine_ids: tuple[int, ...], home_dir: Path | None, as_json: bool, dry_run: bool
) -> int:
    """Try kept bytes with the present adapters; if they parse now, read the whole export as a new run."""
    home = Home.at(home_dir)
    if is_refused(home, run_id):
        if dry_run:
            refused_source(home, run_id)
            click.echo(f"{run_id}: its bytes are there; without --dry-run it is registered again")
            return OK
        return _take_in(home, register_refused(home, run_id, moment=clock.now()))
    last = last_reading(home, run_id)
    if last != run_id:
        if quarantine_ids:
            raise BadInput(f"was replayed already, as {last}", where=run_id, fix="give the ids of that run")
        click.echo(f"{run_id} was replayed already, as {last}", err=True)
        if not _is_merged(home, last):
            # The command that began it did not come to its end.
            return _take_in(home, Registration(last, home.run(last).provider, "", known=True))
    trials = tried(home, last, list(quarantine_ids))
    _print_trials(last, trials, as_json)
    better = sum(trial.parses for trial in trials)
    if not better:
        click.echo(f"{last}: nothing parses better than before; nothing was changed", err=as_json)
        return OK
    if dry_run:
        click.echo(f"{last}: {better} of {len(trials)} would parse; nothing was changed", err=as_json)
        return OK
    return _take_in(home, register_replay(home, last, moment=clock.now()))


def _is_merged(home: Home, run_id: str) -> bool:
    if not home.mash.exists():
        return False
    with connect(home.mash, read_only=True) as connection:
        return merged_build(connection, run_id) is not None


def _print_trials(run_id: str, trials: list[Trial], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([{"run": run_id, **trial._asdict()} for trial in trials], indent=2))
    elif trials:
        lines = [{"id": t.quarantine_id, "unit": t.unit, "parses now": t.parses, "outcome": t.outcome} for t in trials]
        show.console().print(show.table(run_id, lines))


def _take_in(home: Home, registration: Registration) -> int:
    """The run through its provider's job, then the lanes anew, as `moonshine run` does."""
    use_home(home)
    # The definitions load Dagster and every asset: only what executes them pays for that.
    from moonshine_assets.cli.take_in import distil, take_in
    from sensors.abandoned import end_abandoned, living

    with open_instance() as instance, living(instance) as tags:
        end_abandoned(instance)
        with progress_bar(registration.run_id):
            troubles = take_in(instance, registration, tags)
        click.echo(f"{registration.run_id}: {'not merged' if troubles else 'merged'}", err=True)
        if home.mash.exists() and not troubles:
            with progress_bar("distilling"):
                troubles = distil(instance, tags)
    for trouble in troubles:
        say_line(trouble.line)
    return max((trouble.exit_code for trouble in troubles), default=OK)
