"""From the mash to published lanes at the seed scale: `python -m benchmarks.lanes [--megabytes 1800] [--keep]`.

An export is generated and taken to a mash; then cleaning, slice, lanes and mix each run in a process of their own. A
tenth of the size is measured as well, so that growth can be told: ten times the conversations may cost eleven times.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.generate_chatgpt import generate
from benchmarks.ingest import PROJECT, WORK
from benchmarks.measure import Measurement, measure
from benchmarks.results import circumstances, put_section

STAGES = ("clean", "slice", "lanes", "mix")
#: What the bounds of 120 s and 2 GiB are about.
MEASURED = ("slice", "lanes")


class Size(NamedTuple):
    """A mash of one size and what each stage cost on it."""

    messages: int
    tokens: int
    stages: dict[str, Measurement]
    rows: dict[str, dict[str, int]]


def grown(work: Path, megabytes: float, *, keep: bool) -> Size:
    """Generate, take to a mash, and run every stage; a mash that was kept is used again."""
    home, counts = work / "home", work / "counts.json"
    if not counts.exists():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        generate(work / "conversations.json", megabytes, ascii_only=True)
        made = _step("mash", home, work / "conversations.json")
        (work / "conversations.json").unlink()
        shutil.rmtree(home / "archive", ignore_errors=True)
        counts.write_text(made.stdout.splitlines()[-1])
    shutil.rmtree(home / "reports" / "distillations", ignore_errors=True)
    stages = {stage: _step(stage, home) for stage in STAGES}
    said: dict[str, Any] = json.loads(counts.read_text())
    rows = json.loads(stages["lanes"].stdout.splitlines()[-1])
    if not keep:
        shutil.rmtree(work)
    return Size(said["messages"], said["tokens"], stages, rows)


def _step(what: str, home: Path, *more: Path) -> Measurement:
    command = [sys.executable, "-m", "benchmarks.lanes_step", what, str(home), *map(str, more)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "MOONSHINE_HOME": str(home)}
    measured = measure(command, env=environment, cwd=PROJECT)
    if measured.exit_code:
        raise SystemExit(f"lanes: {what} ended with exit code {measured.exit_code}:\n{measured.stderr}")
    return measured


def table(whole: Size, tenth: Size) -> str:
    """Every stage of both sizes, and how much more the larger one costs."""
    lines = [
        "| stage | wall, s | CPU, s | peak anonymous, MiB | peak RSS, MiB | CPU of a tenth, s | growth |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for stage, cost in whole.stages.items():
        small = tenth.stages[stage]
        lines.append(
            f"| {stage} | {cost.wall:,.1f} | {cost.cpu:,.1f} | {cost.peak_anonymous_mb:,.0f} | {cost.peak_rss_mb:,.0f} "
            f"| {small.cpu:,.1f} | {cost.cpu / small.cpu:.1f} |"
        )
    of = {
        name: sum(getattr(size.stages[stage], name) for stage in MEASURED)
        for size, name in ((whole, "wall"), (whole, "cpu"))
    }
    small_cpu = sum(tenth.stages[stage].cpu for stage in MEASURED)
    memory = max(whole.stages[stage].peak_rss_mb for stage in MEASURED)
    lines.append(
        f"| **slice and lanes** | {of['wall']:,.1f} | {of['cpu']:,.1f} | | {memory:,.0f} | {small_cpu:,.1f} "
        f"| {of['cpu'] / small_cpu:.1f} |"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.lanes", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1800, help="of the export; 1,800 are 171,000 messages")
    parser.add_argument("--keep", action="store_true", help="keep the mashes, and use them the next time")
    options = parser.parse_args()
    setting = circumstances(["duckdb", "polars", "pyarrow", "msgspec"])
    work = WORK / "lanes"
    tenth = grown(work / f"{options.megabytes / 10:g}", options.megabytes / 10, keep=options.keep)
    whole = grown(work / f"{options.megabytes:g}", options.megabytes, keep=options.keep)
    rows = ", ".join(f"{lane} {of['rows']:,} rows of {of['tokens']:,} tokens" for lane, of in whole.rows.items())
    put_section(
        "lanes",
        f"## Mash to lanes, {whole.messages:,} messages of {whole.tokens:,} tokens\n\n"
        f"One round; the tenth has {tenth.messages:,} messages of {tenth.tokens:,} tokens.\n\n{table(whole, tenth)}\n\n"
        f"Made were: {rows}.\n\n{setting}.",
    )


if __name__ == "__main__":
    main()
