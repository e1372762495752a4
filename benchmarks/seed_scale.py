"""Export to provider database and exact ledger at the size of real accounts, against the plain script:
`python -m benchmarks.seed_scale [--megabytes 1800] [--short-messages 1000000] [--rounds 1]`.

Two contests and a growth figure, each into its own section of RESULTS.md: a file of `--megabytes`; a file of
short messages; and what a tenth of the first file costs, so that growth can be told. The stages of the last run
stand beside the floors that were measured for each of them alone (TOKENS-FACTS, and DuckDB's own bulk insert).
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contest import Contender, ContestFailed, Counts, Outcome, contest, ratio_table
from benchmarks.generate_chatgpt import Written, generate
from benchmarks.ingest import PLAIN, PROJECT, WORK
from benchmarks.measure import Measurement, measure
from benchmarks.results import circumstances, put_section
from moonshine_resources.tokenizer.vocabulary import materialise


def _command(export: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.to_ledger", str(export), "--home", str(folder)]


def _counts(measured: Measurement, _: Path) -> Counts:
    said = json.loads(measured.stdout.splitlines()[-1])
    return Counts(said["messages"], said["raw_tokens"])


TO_LEDGER = Contender("to ledger", _command, _counts)


@dataclass(frozen=True)
class Bench:
    """Where the contests run and how often."""

    scratch: Path
    rounds: int
    env: dict[str, str]

    def contest(self, export: Path) -> Outcome:
        return contest([PLAIN, TO_LEDGER], export, self.scratch, self.rounds, self.env)


def _stages(outcome: Outcome) -> str:
    """The stages of the last round, wall and CPU seconds."""
    said = json.loads(outcome.runs[TO_LEDGER.name][-1].stdout.splitlines()[-1])["stages"]
    lines = ["| stage | wall, s | CPU, s |", "|---|---:|---:|"]
    return "\n".join([*lines, *(f"| {name} | {wall:,.1f} | {cpu:,.1f} |" for name, (wall, cpu) in said.items())])


def _described(written: Written, outcome: Outcome, rounds: int) -> str:
    return (
        f"{written.conversations:,} conversations, {outcome.counts.messages:,} messages, "
        f"{written.text_chars / 1e6:,.1f} M characters of text, {outcome.counts.raw_tokens:,} raw tokens (both sides "
        f"agree on messages and raw tokens). Medians of {rounds} round(s) run by turns.\n\n"
        f"{ratio_table(outcome, PLAIN.name, TO_LEDGER.name)}\n\n{_stages(outcome)}"
    )


def _large(bench: Bench, megabytes: float, setting: str) -> None:
    export = bench.scratch / "conversations.json"
    tenth = measure(_command(_generated(export, megabytes / 10)[0], bench.scratch / "tenth"), env=bench.env)
    shutil.rmtree(bench.scratch / "tenth")
    export, written = _generated(export, megabytes)
    outcome = bench.contest(export)
    whole = outcome.runs[TO_LEDGER.name][-1]
    put_section(
        "seed-scale",
        f"## Export to provider database and ledger, {written.json_bytes / 1e6:,.0f} MB\n\n"
        f"{_described(written, outcome, bench.rounds)}\n\n"
        f"A tenth of it costs {tenth.wall:,.1f} s of wall and {tenth.cpu:,.1f} s of CPU time: ten times the messages "
        f"cost {whole.wall / tenth.wall:.1f} times the wall and {whole.cpu / tenth.cpu:.1f} times the CPU time.\n\n"
        f"{setting}.",
    )


def _short(bench: Bench, messages: int, setting: str) -> None:
    export = bench.scratch / "conversations.json"
    written = generate(export, short_messages=messages, ascii_only=True)
    outcome = bench.contest(export)
    put_section(
        "short-messages",
        f"## Export to provider database and ledger, {messages:,} short messages, {written.json_bytes / 1e6:,.0f} MB"
        "\n\n"
        f"{_described(written, outcome, bench.rounds)}\n\n{setting}.",
    )


def _generated(export: Path, megabytes: float) -> tuple[Path, Written]:
    return export, generate(export, megabytes, ascii_only=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.seed_scale", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1800, help="0: leave this contest out")
    parser.add_argument("--short-messages", type=int, default=1_000_000, help="0: leave this contest out")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    scratch = WORK / "seed_scale"
    scratch.mkdir(parents=True, exist_ok=True)
    materialise(WORK / "vocabulary")
    bench = Bench(scratch, options.rounds, {**os.environ, "PYTHONPATH": str(PROJECT)})
    setting = circumstances(["tiktoken", "fastokens", "msgspec", "duckdb", "pyarrow"])
    try:
        if options.megabytes:
            _large(bench, options.megabytes, setting)
        if options.short_messages:
            _short(bench, options.short_messages, setting)
    except ContestFailed as failure:
        raise SystemExit(f"seed_scale: {failure}") from failure
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
