"""Merging into a small and a large mash: `python -m benchmarks.mash [--messages 10000000] [--rounds 3] [--keep]`.

Generates a mash of runs of 100,000 messages, searchable as merges leave it, then merges a new run into an empty one and
into that one, takes a snapshot before, merges it again, merges the next export of a run it has, and rolls both back.
Then it asks that mash questions. Writes what each step cost to RESULTS.md. A mash that `--keep` left is used again.
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
from benchmarks.search import asked
from benchmarks.search import table as questions_table
from moonshine_resources.atomic import sha256_file

WORK = Path(__file__).with_name("work") / "mash"
PROJECT = Path(__file__).parents[1]
#: Ranks of the two runs, later than any the mash is made of.
NEW, EXPORTED_AGAIN = 9000, 9001

BEFORE = "snapshot before it"
INTO_EMPTY = "merge into an empty mash"
INTO_FULL = "merge into the mash"
AGAIN = "merge it again"
NEXT_EXPORT = "merge the next export of a run"
BACK = "roll the next export back"


class StepFailed(Exception):
    """A step ended with an error, or wrote where it must not."""


class Done(NamedTuple):
    """A step that was taken: its process, CPU seconds without the start of it, and rows written."""

    process: Measurement
    itself: float
    rows_written: int


class Step(NamedTuple):
    """What a step cost in each round."""

    name: str
    rounds: list[Done]


def compare(work: Path, messages: int, run_messages: int, rounds: int) -> list[Step]:
    """Generate the files and measure every step `rounds` times, by turns.

    Raises:
        StepFailed: a step failed, or merging again changed a byte of the mash.
    """
    full = work / "full.db"
    if not full.exists():
        draft = work / "draft.db"
        draft.unlink(missing_ok=True)
        generate_mash(draft, max(1, messages // run_messages), run_messages)
        draft.rename(full)
    for rank, account, name in ((NEW, NEW, "new.db"), (EXPORTED_AGAIN, 0, "next.db")):
        (work / name).unlink(missing_ok=True)
        generate_run(work / name, rank, run_messages, account=account)
    found: dict[str, list[Done]] = {}

    def take(name: str, what: str, mash: Path, run: str, rank: int) -> None:
        found.setdefault(name, []).append(_step(what, mash, work / run, rank))

    for number in range(rounds):
        take(INTO_EMPTY, "merge", work / f"empty-{number}.db", "new.db", NEW)
        (work / f"empty-{number}.db").unlink()
        take(BEFORE, "snapshot", full, "new.db", NEW)
        take(INTO_FULL, "merge", full, "new.db", NEW)
        before = sha256_file(full)
        take(AGAIN, "merge", full, "new.db", NEW)
        if sha256_file(full) != before:
            raise StepFailed("merging a run again changed the file of the mash")
        take(NEXT_EXPORT, "merge", full, "next.db", EXPORTED_AGAIN)
        take(BACK, "rollback", full, "next.db", EXPORTED_AGAIN)
        _step("rollback", full, work / "new.db", NEW)
    return [Step(name, taken) for name, taken in found.items()]


def table(steps: Sequence[Step]) -> str:
    """The medians of the rounds, with the ratios to the merge into an empty mash."""
    base = steps[0]
    lines = [
        "| | rows written | wall time, s | to empty | CPU time, s | to empty | of it the step itself | peak RSS, MiB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for step in steps:
        pairs = list(zip(step.rounds, base.rounds, strict=True))
        shown = []
        for name in ("wall", "cpu"):
            shown.append(f"{median(getattr(one.process, name) for one in step.rounds):.1f}")
            ratio = median(getattr(one.process, name) / getattr(other.process, name) for one, other in pairs)
            shown.append(f"{ratio:.2f}")
        itself = median(one.itself for one in step.rounds)
        memory = max(one.process.peak_rss_mb for one in step.rounds)
        rows = step.rounds[0].rows_written
        lines.append(f"| {step.name} | {rows:,} | {' | '.join(shown)} | {itself:.1f} | {memory:,.0f} |")
    return "\n".join(lines)


def _step(what: str, mash: Path, run: Path, rank: int) -> Done:
    command = [sys.executable, "-m", "benchmarks.mash_step", what, str(mash), str(run), str(rank)]
    measured = measure(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, cwd=PROJECT)
    if measured.exit_code:
        raise StepFailed(f"{what} of {run.name} ended with exit code {measured.exit_code}:\n{measured.stderr}")
    said = json.loads(measured.stdout)
    return Done(measured, said["cpu"], said["rows_written"])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.mash", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--run-messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=WORK, help="where the files go; about 290 bytes a message")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    options = parser.parse_args(arguments)

    setting = circumstances(["duckdb", "pandera", "polars"])
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        steps = compare(options.work, options.messages, options.run_messages, options.rounds)
        size = (options.work / "full.db").stat().st_size
        found = asked(options.work / "full.db", max(3, options.rounds))
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
    questions = questions_table(found)
    put_section(
        f"search {options.messages}",
        f"## Searching a mash of {options.messages:,} messages\n\n{questions}\n\n{setting}.",
        options.results,
    )
    print(f"{shown}\n\n{questions}")


if __name__ == "__main__":
    main()
