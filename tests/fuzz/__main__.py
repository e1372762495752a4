"""`make fuzz`: mutated exports through the real intake, two at a time."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_KEPT = Path(__file__).parents[2] / "build" / "fuzz"


@click.command()
@click.option("--seed", default=1, show_default=True, help="Which cases.")
@click.option("--cases", default=10_000, show_default=True, help="How many of them.")
@click.option("--first", default=0, show_default=True, help="Number of the first one.")
@click.option("--case", "one", type=int, help="This one alone.")
@click.option("--provider", help="Only its cases.")
@click.option("--mutator", help="Only its cases.")
@click.option("--workers", default=2, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), default=_KEPT, help="Folder for the inputs of failed cases.")
def main(
    seed: int,
    cases: int,
    first: int,
    one: int | None,
    provider: str | None,
    mutator: str | None,
    workers: int,
    keep: Path,
) -> None:
    """Take mutated exports through the real intake; each must end balanced or refused."""
    # Frames of some rows are no work for several threads; libraries read this when they are loaded.
    os.environ["POLARS_MAX_THREADS"] = "1"
    from fuzz.cases import plan
    from fuzz.run import Result, run
    from fuzz.summary import failure, summary

    numbers = [
        number
        for number in (range(first, first + cases) if one is None else [one])
        if plan(seed, number).provider == (provider or plan(seed, number).provider)
        and plan(seed, number).mutator == (mutator or plan(seed, number).mutator)
    ]
    results: list[Result] = []
    began = time.monotonic()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("fuzz"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]} failed"),
        console=console,
        disable=not console.is_terminal,
    )
    with tempfile.TemporaryDirectory(prefix="moonshine-fuzz-") as scratch, bar:
        task = bar.add_task("cases", total=len(numbers), bad=0)
        for result in run(seed, numbers, scratch=Path(scratch), keep=keep, workers=min(workers, len(numbers))):
            results.append(result)
            if not result.good:
                bar.console.print(failure(seed, result), markup=False, highlight=False, soft_wrap=True)
            bar.update(task, advance=1, bad=sum(not found.good for found in results))
    bad = sum(not result.good for result in results)
    if one is None:
        click.echo(summary(results))
    click.echo(
        f"{len(results)} cases of seed {seed} in {time.monotonic() - began:.0f} s: "
        + (f"{bad} went wrong" if bad else "each ended balanced or refused")
        + (f" ({results[0].outcome}: {results[0].detail})" if one is not None else "")
    )
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
