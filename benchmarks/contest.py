"""Lets several ways of doing the same job run in turn on the same file, and refuses to compare unequal work."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measure import Measurement, measure

STDERR_SHOWN = 2_000  # characters of a failed command's last words
MEASURES = {
    "wall time, s": "wall",
    "CPU time, s": "cpu",
    "peak RSS, MiB": "peak_rss_mb",
    "peak anonymous memory, MiB": "peak_anonymous_mb",
}


class ContestFailed(RuntimeError):
    """A contender did not finish, or two contenders did not count the same."""


@dataclass(frozen=True)
class Counts:
    """What a contender says is in the file; contenders must agree on both."""

    messages: int
    raw_tokens: int


@dataclass(frozen=True)
class Contender:
    """One way to do the job.

    command: (export, empty scratch folder) to the command line that is measured.
    counts: (its measurement, the same folder) to what it counted; not measured.
    """

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    counts: Callable[[Measurement, Path], Counts]


@dataclass(frozen=True)
class Outcome:
    """All rounds of a contest; `runs` has one measurement a round for each contender, in order of rounds."""

    counts: Counts
    runs: dict[str, list[Measurement]]


def contest(
    contenders: Sequence[Contender],
    export: Path,
    scratch: Path,
    rounds: int,
    env: Mapping[str, str] | None = None,
    keep: bool = False,
) -> Outcome:
    """Run every contender once a round, in turned order each second round, each in a folder of its own.

    Folders are removed after their round unless `keep`. Raises ContestFailed when a command fails or when
    any run counts other messages or raw tokens than the first.
    """
    runs: dict[str, list[Measurement]] = {contender.name: [] for contender in contenders}
    agreed: Counts | None = None
    for turn in range(rounds):
        for contender in contenders if turn % 2 == 0 else reversed(contenders):
            folder = scratch / f"{contender.name.replace(' ', '-')}-{turn + 1}"
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            measured = measure(contender.command(export, folder), env=env)
            if measured.exit_code:
                raise ContestFailed(
                    f"{contender.name} ended with exit code {measured.exit_code}:\n" + measured.stderr[-STDERR_SHOWN:]
                )
            counts = contender.counts(measured, folder)
            agreed = agreed or counts
            if counts != agreed:
                raise ContestFailed(f"{contender.name} counted {counts}, the first run counted {agreed}")
            runs[contender.name].append(measured)
            if not keep:
                shutil.rmtree(folder)
    if agreed is None:
        raise ContestFailed("no round was run")
    return Outcome(agreed, runs)


def ratio_table(outcome: Outcome, baseline: str, contender: str) -> str:
    """A markdown table of medians, and of baseline / contender with the span over the rounds (> 1: better)."""
    lines = [f"| | {baseline} | {contender} | ratio (span) |", "|---|---:|---:|---:|"]
    for label, field in MEASURES.items():
        ours = [getattr(run, field) for run in outcome.runs[contender]]
        theirs = [getattr(run, field) for run in outcome.runs[baseline]]
        ratios = sorted(their / our for their, our in zip(theirs, ours, strict=True))
        span = f"{median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
        lines.append(f"| {label} | {median(theirs):,.1f} | {median(ours):,.1f} | {span} |")
    return "\n".join(lines)
