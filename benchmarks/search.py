"""Searching a mash, and what its index costs a merge: `python -m benchmarks.search [--messages 1000000] [--keep]`.

Generates a mash of runs of 100,000 messages, indexes it, asks it questions of every kind over a warm connection and
once with a command of its own, and merges one more run with and without the index. Writes RESULTS.md.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest.mock import patch

import duckdb

from benchmarks.generate_mash import PROVIDER, generate_mash, generate_run
from benchmarks.mash_step import MOMENT
from benchmarks.measure import measure
from benchmarks.results import RESULTS, circumstances, put_section
from moonshine_assets.gates import Verdict
from moonshine_assets.mash import merge as merging
from moonshine_assets.mash.checked import merge_checked
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.rollback import rollback_run
from moonshine_assets.mash.search.build import index_run, rebuild
from moonshine_assets.mash.search.find import find
from moonshine_assets.mash.search.question import Filters
from moonshine_resources.duckdb import connect, transaction
from moonshine_resources.home import Home

WORK = Path(__file__).with_name("work") / "search"
NEW = 9000
RUN_MESSAGES = 100_000
#: What is asked, and how common its words are in the generated texts.
QUESTIONS: dict[str, tuple[str, Filters]] = {
    "a rare word": ("4711", Filters()),
    "a rare and a common word": ("4711 towers", Filters()),
    "a word of one message in twenty, in few texts": ("thanks", Filters()),
    "a word of one text in fifty": ("place7", Filters()),
    "a word of one text in twelve": ("golden", Filters()),
    "two words, of one text in twelve and in fifty": ("golden place7", Filters()),
    "two words of one text in twelve, in none together": ("golden pink", Filters()),
    "a word of nearly every text": ("weight", Filters()),
    "four words of nearly every text": ("weight stones height towers", Filters()),
    "a phrase": ('"weight of 4711 stones"', Filters()),
    "a phrase of common words": ('"stones and the height"', Filters()),
    "words that no text has together": ("thanks weight", Filters()),
    "a common word, one role": ("weight", Filters(role="assistant")),
    "a word of one text in twelve, one day": (
        "golden",
        Filters(since=datetime(2000, 1, 5), until=datetime(2000, 1, 6)),
    ),
}


class Asked(NamedTuple):
    """A question: messages that answered it (10 at most), seconds the first time and after that, CPU seconds then."""

    name: str
    answers: int
    first: float
    warm: float
    cpu: float


class Merged(NamedTuple):
    """CPU seconds of a merge with its gates, and of the index in it."""

    whole: float
    indexing: float


def asked(mash: Path, rounds: int) -> list[Asked]:
    """Every question, over one connection."""
    found = []
    with connect(mash, read_only=True) as connection:
        for name, (words, filters) in QUESTIONS.items():
            seconds: list[tuple[float, float]] = []
            for _ in range(rounds + 1):
                started, spent = time.perf_counter(), time.process_time()
                answers = len(find(connection, words, filters=filters))
                seconds.append((time.perf_counter() - started, time.process_time() - spent))
            walls, cpus = zip(*seconds, strict=True)
            found.append(Asked(name, answers, walls[0], median(walls[1:]), median(cpus[1:])))
    return found


def merged(mash: Path, run: RunFacts) -> Merged:
    """Merge a run, gates and all, and roll it back."""
    spent = []

    def measured(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
        started = time.process_time()
        index_run(connection, run_id)
        spent.append(time.process_time() - started)

    with connect(mash, read_only=False) as connection:
        with patch.object(merging, "index_run", measured):
            started = time.process_time()
            done, _ = merge_checked(connection, run, moment=MOMENT, reason="benchmark")
            whole = time.process_time() - started
        if done is None:
            raise SystemExit("search: a gate refused the generated run")
        rollback_run(connection, PROVIDER, run.run_id, moment=MOMENT, reason="benchmark", gates=_no_gates)
    return Merged(whole, sum(spent))


def _no_gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
    return []


def table(found: Sequence[Asked]) -> str:
    """The questions, a row each."""
    lines = ["| question | messages shown | first time, ms | warm, ms | warm, CPU ms |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {one.name} | {one.answers} | {one.first * 1000:.0f} | {one.warm * 1000:.0f} | {one.cpu * 1000:.0f} |"
        for one in found
    ]
    return "\n".join(lines)


def _section(messages: int, found: Sequence[Asked], merges: Sequence[Merged], facts: str) -> str:
    lines = [table(found)]
    whole, index = (median(getattr(one, name) for one in merges) for name in ("whole", "indexing"))
    lines += [
        "",
        f"Merging {RUN_MESSAGES:,} new messages, gates included: {whole:.1f} CPU s, of which the index {index:.1f}:"
        f" {index / (whole - index):.0%} on top of the rest (medians of {len(merges)}). {facts}",
    ]
    return f"## Searching a mash of {messages:,} messages\n\n" + "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.search", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=WORK, help="where the files go; about 350 bytes a message")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="keep the files")
    options = parser.parse_args(arguments)

    setting = circumstances(["duckdb", "polars"])
    home = Home.at(options.work)
    try:
        generate_mash(home.mash, max(1, options.messages // RUN_MESSAGES), RUN_MESSAGES, indexed=False)
        bare = home.mash.stat().st_size
        with connect(home.mash, read_only=False) as connection, transaction(connection):
            started = time.process_time()
            rebuild(connection)
            built = time.process_time() - started
        size = home.mash.stat().st_size
        run = generate_run(options.work / "new.db", NEW, RUN_MESSAGES, account=NEW)
        merges = [merged(home.mash, run) for _ in range(options.rounds)]
        found = asked(home.mash, options.rounds)
        command = measure(
            [sys.executable, "-m", "moonshine_assets.cli.moonshine", "search", "4711", "--home", str(options.work)]
        )
        facts = (
            f"Indexing all of it took {built:.0f} CPU s and made the file of {bare / 1e6:,.0f} MB one of"
            f" {size / 1e6:,.0f}. `moonshine search` as a command, start included: {command.wall:.1f} s, of which"
            f" {command.cpu:.1f} CPU s."
        )
    finally:
        if not options.keep:
            shutil.rmtree(options.work, ignore_errors=True)
    section = _section(options.messages, found, merges, facts)
    put_section(f"search {options.messages}", f"{section}\n\n{setting}.", options.results)
    print(section)


if __name__ == "__main__":
    main()
