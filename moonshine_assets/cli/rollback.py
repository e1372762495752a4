"""`moonshine rollback`: one run out of the mash again, then the lanes and reports anew."""

from __future__ import annotations

from pathlib import Path

import click

from moonshine_assets.cli import show
from moonshine_assets.cli.forget import finish_pending
from moonshine_assets.cli.instance import open_instance, use_home
from moonshine_assets.cli.options import at_home
from moonshine_assets.cli.outcome import OK, exiting, say_line
from moonshine_assets.cli.progress_bar import progress_bar
from moonshine_assets.mash.merge import Merge
from moonshine_assets.mash.rollback import take_out
from moonshine_resources import clock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


@click.command()
@click.argument("run_id")
@at_home
@click.option("--reason", default="asked for", show_default=True, help="Why, for the merge manifest.")
@exiting
def rollback(run_id: str, home_dir: Path | None, reason: str) -> int:
    """Take a run out of the mash; what it superseded is current again. Its archive stays: `moonshine run` on the
    export merges it again.
    """
    home = Home.at(home_dir)
    finish_pending(home)
    done = take_out(home, run_id, moment=clock.now(), reason=reason)
    _print(done)
    if not holds_runs(home):
        click.echo("the mash holds no run any more; lanes and reports stay as they were until one is merged", err=True)
        return OK
    return distil_again(home)


def _print(done: Merge) -> None:
    lines = [
        {"table": table.table, "removed": table.removed, "marks changed": table.superseded + table.missing}
        for table in done.tables
        if table.written
    ]
    show.console().print(show.table(f"{done.run_id}: rolled back", lines))


def holds_runs(home: Home) -> bool:
    """Whether the mash holds any run."""
    with connect(home.mash, read_only=True) as connection:
        ((runs,),) = connection.execute("SELECT count(*) FROM store.runs").fetchall()
    return int(runs) > 0


def distil_again(home: Home) -> int:
    """Ledger, slice, lanes and reports anew; the exit code."""
    use_home(home)
    # The definitions load Dagster and every asset: only what executes them pays for that.
    from moonshine_assets.cli.take_in import distil
    from sensors.abandoned import end_abandoned, living

    with open_instance() as instance, living(instance) as tags:
        end_abandoned(instance)
        with progress_bar("distilling"):
            troubles = distil(instance, tags)
    for trouble in troubles:
        say_line(trouble.line)
    return max((trouble.exit_code for trouble in troubles), default=OK)
