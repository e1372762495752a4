"""Merging into a small and a large mash: `python -m benchmarks.mash [--messages 10000000] [--rounds 3] [--keep]`.

Generates a mash of runs of 100,000 messages, then merges a new run into an empty mash and into that one, merges it
again, merges the next export of a run it has, and rolls both back. Writes what each step cost to RESULTS.md.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.generate_mash import generate_mash, generate_run
from benchmarks.measure import Measurement, measure
from benchmarks.results import RESULTS, circumstances, put_section
from moonshine_resources.atomic import sha256_file

WORK = Path(__file__).with_name("work") / "mash"
PROJECT = Path(__file__).parents[1]
#: Ranks of the two runs, later than any the mash is made of.
NEW, EXPORTED_AGAIN = 9000, 9001

INTO_EMPTY = "merge into an empty mash"
INTO_FULL = "merge into the mash"
AGAIN = "merge it again"
NEXT_EXPORT = "merge the next export of a run"
BACK = "roll the next export back"


class StepFailed(Exception):
    """A step ended with an error, or wrote where it must not."""


class Step(NamedTuple):
    """What a step cost in each round, and how many rows it wrote."""

    name: str
    rounds: list[Measurement]
    rows_written: int


def compare(work: Path, messages: int, run_messages: int, rounds: int) -> list[Step]:
    """Generate the files and measure every step `rounds` times, by turns.

    Raises:
        StepFailed: a step failed, or merging again changed a byte of the mash.
    """
    full = work / "full.db"
    generate_mash(full, max(1, messages // run_messages), run_messages)
    for rank, account, name in ((NEW, NEW, "new.db"), (EXPORTED_AGAIN, 0, "next.db")):
        generate_run(work / name, rank, run_messages, account=account)
    found: dict[str, list[tuple[Measurement, int]]] = {}

    def take(name: str, what: str, mash: Path, run: str, rank: int) -> None:
        found.setdefault(name, []).append(_step(what, mash, work / run, rank))

    for number in range(rounds):
        take(INTO_EMPTY, "merge", work / f"empty-{number}.db", "new.db", NEW)
        (work / f"empty-{number}.db").unlink()
        take(INTO_FULL, "merge", full, "new.db", NEW)
        before = sha256_file(full)
        take(AGAIN, "merge", full, "new.db", NEW)
        if sha256_file(full) != before:
            raise StepFailed("merging a run again changed the file of the mash")
        take(NEXT_EXPORT, "merge", full, "next.db", EXPORTED_AGAIN)
        take(BACK, "rollback", full, "next.db", EXPORTED_AGAIN)
        _step("rollback", full, work / "new.db", NEW)
    return [Step(name, [one for one, _ in taken], taken[0][1]) for name, taken in found.items()]


def table(steps: Sequence[Step]) -> str:
    """The medians of the rounds, with the ratios to the merge into an empty mash."""
    base = steps[0]
    lines = [
        "| | rows written | wall time, s | to empty | CPU time, s | to empty | peak RSS, MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for step in steps:
        wall, cpu = (median(getattr(one, name) for one in step.rounds) for name in ("wall", "cpu"))
        ratios = [
            median(
                getattr(one, name) / getattr(other, name) for one, other in zip(step.rounds, base.rounds, strict=True)
            )
            for name in ("wall", "cpu")
        ]
        memory = max(one.peak_rss_mb for one in step.rounds)
        lines.append(
            f"| {step.name} | {step.rows_written:,} | {wall:.1f} | {ratios[0]:.2f} | {cpu:.1f} | {ratios[1]:.2f} |"
            f" {memory:,.0f} |"
        )
    return "\n".join(lines)


def _step(what: str, mash: Path, run: Path, rank: int) -> tuple[Measurement, int]:
    command = [sys.executable, "-m", "benchmarks.mash_step", what, str(mash), str(run), str(rank)]
    measured = measure(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, cwd=PROJECT)
    if measured.exit_code:
        raise StepFailed(f"{what} of {run.name} ended with exit code {measured.exit_code}:\n{measured.stderr}")
    return measured, json.loads(measured.stdout)["rows_written"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.mash", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--run-messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=WORK, help="where the files go; about 220 bytes a message")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    options = parser.parse_args(arguments)

    setting = circumstances(["duckdb", "pandera", "polars"])
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        steps = compare(options.work, options.messages, options.run_messages, options.rounds)
        size = (options.work / "full.db").stat().st_size
    except StepFailed as failure:
        raise SystemExit(f"mash: {failure}") from failure
    finally:
        if not options.keep:
            shutil.rmtree(options.work)
    shown = table(steps)
    put_section(
        "mash",
        f"## Merging into a mash of {options.messages:,} messages\n\n"
        f"Runs of {options.run_messages:,} messages, short texts; the mash is a file of {size / 1e6:,.0f} MB."
        f" Medians of {options.rounds} rounds, peak memory of all of them; each step is a process of its own, start"
        f" included. Merging again left every byte as it was.\n\n{shown}\n\n{setting}.",
        options.results,
    )
    print(shown)


if __name__ == "__main__":
    main()
