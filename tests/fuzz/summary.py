"""The table at the end: outcomes by provider and by mutator, what took longest, and what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fuzz.judge import GOOD
from fuzz.run import Result


def summary(results: Sequence[Result]) -> str:
    """Several lines of text."""
    outcomes = [*GOOD, *sorted({result.outcome for result in results} - set(GOOD))]
    lines = [*_table("provider", results, outcomes), "", *_table("mutator", results, outcomes), ""]
    slowest = sorted(results, key=lambda result: -result.seconds)[:5]
    lines.append(
        "slowest: " + ", ".join(f"case {r.number} {r.provider} {r.mutator} {r.seconds:.1f} s" for r in slowest)
    )
    return "\n".join(lines)


def failure(seed: int, result: Result) -> str:
    """What is told of a case that went wrong, with the command that does it again."""
    return (
        f"case {result.number} of seed {seed}: {result.outcome},"
        f" {result.provider} {result.mutator} on {result.fixture}\n"
        f"    {result.detail}\n"
        f"    input: {result.kept}\n"
        f"    again: make fuzz SEED={seed} CASE={result.number}"
    )


def _table(name: str, results: Sequence[Result], outcomes: Sequence[str]) -> list[str]:
    counts = Counter((getattr(result, name), result.outcome) for result in results)
    rows = list(dict.fromkeys(getattr(result, name) for result in results))
    head = f"{name:<20}" + "".join(f"{outcome:>12}" for outcome in outcomes) + f"{'all':>8}"
    body = [
        f"{row:<20}"
        + "".join(f"{counts[row, outcome] or '':>12}" for outcome in outcomes)
        + f"{sum(counts[row, outcome] for outcome in outcomes):>8}"
        for row in sorted(rows)
    ]
    totals = [sum(counts[row, outcome] for row in rows) for outcome in outcomes]
    return [head, *body, f"{'all':<20}" + "".join(f"{total:>12}" for total in totals) + f"{sum(totals):>8}"]
