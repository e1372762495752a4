"""Ingest against the plain script: `python -m benchmarks.ingest --megabytes 200 [--rounds 3] [--keep]`.

Generates an export, lets the plain script and `moonshine run` take it in by turns, checks that both found the
same messages and the same raw tokens, and writes the ratios to RESULTS.md. The export is ASCII with \\u escapes
unless `--utf8` is given: one emoji in UTF-8 makes Python keep the whole text at four bytes a character, so the
escaped file is the one that is kinder to the plain script.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import duckdb

from benchmarks.contest import Contender, ContestFailed, Counts, contest, ratio_table
from benchmarks.generate_chatgpt import generate
from benchmarks.measure import Measurement, measure
from benchmarks.results import circumstances, put_section
from moonshine_resources.tokenizer.vocabulary import materialise

WORK = Path(__file__).with_name("work")
PROJECT = Path(__file__).parents[1]
MOONSHINE = Path(sys.executable).with_name("moonshine")
MASH = Path("reports", "main", "moonshine_mash_active.db")


def _plain_command(export: Path, folder: Path) -> list[str]:
    database = str(folder / "export.sqlite")
    return [sys.executable, "-m", "benchmarks.plain_script", str(export), "--database", database]


def _plain_counts(measured: Measurement, _: Path) -> Counts:
    said = json.loads(measured.stdout)
    return Counts(said["messages"], said["raw_tokens"])


def _moonshine_command(export: Path, folder: Path) -> list[str]:
    return [str(MOONSHINE), "run", str(export), "--home", str(folder)]


def _moonshine_counts(_: Measurement, folder: Path) -> Counts:
    """Raw tokens as the ledger states them, messages counted in the mash itself."""
    ledger = measure([str(MOONSHINE), "ledger", "--json", "--home", str(folder)])
    if ledger.exit_code:
        raise ContestFailed(f"moonshine ledger ended with exit code {ledger.exit_code}:\n{ledger.stderr}")
    with duckdb.connect(str(folder / MASH), read_only=True) as connection:
        found = connection.execute("select count(*) from messages").fetchone()
    return Counts(found[0] if found else 0, json.loads(ledger.stdout)["raw_json_tokens"])


PLAIN = Contender("plain script", _plain_command, _plain_counts)
INGEST = Contender("moonshine run", _moonshine_command, _moonshine_counts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--utf8", action="store_true", help="part of the export in UTF-8 instead of \\u escapes throughout"
    )
    parser.add_argument("--keep", action="store_true", help="keep the export and what the runs wrote")
    options = parser.parse_args()

    scratch = WORK / "ingest"
    scratch.mkdir(parents=True, exist_ok=True)
    materialise(WORK / "vocabulary")  # before the clock starts; the plain script reads it from there
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    export = scratch / "conversations.json"
    written = generate(export, options.megabytes, options.seed, ascii_only=not options.utf8)
    setting = circumstances(["tiktoken", "fastokens", "msgspec", "duckdb", "polars"])
    try:
        outcome = contest([PLAIN, INGEST], export, scratch, options.rounds, env, options.keep)
    except ContestFailed as failure:
        raise SystemExit(f"ingest: {failure}") from failure
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    table = ratio_table(outcome, PLAIN.name, INGEST.name)
    name, form = ("ingest-utf8", "partly UTF-8") if options.utf8 else ("ingest", "ASCII with escapes")
    put_section(
        name,
        f"## Ingest of a ChatGPT export, {written.json_bytes / 1e6:,.0f} MB, {form}\n\n"
        f"{written.conversations:,} conversations, {outcome.counts.messages:,} messages, "
        f"{written.text_chars / 1e6:,.1f} M characters of text, {outcome.counts.raw_tokens:,} raw tokens "
        f"(both sides agree on messages and raw tokens). Medians of {options.rounds} rounds run by turns.\n\n"
        f"{table}\n\n{setting}.",
    )
    print(table)


if __name__ == "__main__":
    main()
