"""`moonshine restore` and `moonshine archive`: the mash as it was before a merge, and the snapshots there are."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from moonshine_assets.archive.drill import restore_drill
from moonshine_assets.archive.restore import restore_in_place, restore_snapshot
from moonshine_assets.archive.retention import configured, prune, retained, snapshots
from moonshine_assets.cli import show
from moonshine_assets.cli.forget import finish_pending
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting, say_line
from moonshine_resources import clock
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

#: How long these commands wait for a run that is merging, seconds.
_WAIT = 600.0


@click.command()
@click.argument("run_id")
@at_home
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write this file instead.")
@exiting
def restore(run_id: str, home_dir: Path | None, target: Path | None) -> int:
    """Make the mash what it was before the merge of RUN_ID; the present one is kept beside it."""
    home = Home.at(home_dir)
    finish_pending(home)
    with _alone(home):
        if target is not None:
            facts = restore_snapshot(home, run_id, target.expanduser().absolute())
        else:
            facts = restore_in_place(home, run_id, clock.now())
    click.echo(f"{facts['file']}: {len(facts['runs'])} runs, {facts['rows']['messages']:,} messages, verified")
    if facts.get("kept"):
        click.echo(f"the mash that was there is now {facts['kept']}")
    if target is None:
        click.echo("`moonshine run` brings ledger, slice, lanes and reports up to date with it")
    return OK


@click.group()
def archive() -> None:
    """Snapshots of the mash: list them, remove old ones, try whether they can be restored."""


@archive.command("list")
@at_home
@as_json
@exiting
def list_command(home_dir: Path | None, as_json: bool) -> int:
    """Snapshots, the newest first; each shows the mash before the merge of its run."""
    home = Home.at(home_dir)
    found = [_line(home, snapshot.run_id, snapshot.facts) for snapshot in snapshots(home)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found:
        show.console().print(show.table("Snapshots", found))
    else:
        click.echo("no snapshots yet: `moonshine run PATH`")
    return OK


@archive.command("prune")
@at_home
@click.option("--dry-run", is_flag=True, help="Say what would be removed.")
@exiting
def prune_command(home_dir: Path | None, dry_run: bool) -> int:
    """Remove snapshots that the retention policy does not keep."""
    home, policy = Home.at(home_dir), configured()
    if dry_run:
        there = [snapshot for snapshot in snapshots(home) if home.premerge_snapshot(snapshot.run_id).exists()]
        kept = retained([snapshot for snapshot in there if snapshot.facts], policy)
        click.echo(f"{len(there)} snapshots, of which the policy keeps {len(kept)}")
        return OK
    with _alone(home):
        removed = prune(home, policy, clock.now())
    click.echo(f"{len(removed)} snapshots removed")
    return OK


@archive.command("drill")
@click.argument("run_id", required=False)
@at_home
@exiting
def drill_command(run_id: str | None, home_dir: Path | None) -> int:
    """Restore the newest snapshot, or that of RUN_ID, into scratch and compare every row with the mash."""
    home = Home.at(home_dir)
    with _alone(home):
        verdict = restore_drill(home, run_id)
    if verdict.passed:
        click.echo(verdict.reason)
        return OK
    say_line(
        f"gate {verdict.gate}: {verdict.reason}; {verdict.offenders[0]['file']}: {verdict.offenders[0]['problem']}"
    )
    return FAILED


def _line(home: Home, run_id: str, facts: dict[str, Any]) -> dict[str, Any]:
    file = home.premerge_snapshot(run_id)
    state = "pruned" if "pruned_at" in facts else "missing" if not file.exists() else "there" if facts else "damaged"
    return {
        "run": run_id,
        "taken_at": facts.get("generated_at"),
        "state": state,
        "runs_in_it": facts.get("runs"),
        "bytes": file.stat().st_size if file.exists() else None,
    }


def _alone(home: Home) -> AbstractContextManager[None]:
    return exclusive(home.mash_lock, seconds=_WAIT, what="the mash")
