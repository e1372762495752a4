"""`token_reconciliation.json`: run ledgers, mash and main ledger held against each other, every difference explained.

Run ledgers are read from their files, not from the mash, so that the two sides are independent.
"""

from __future__ import annotations

from typing import Any

import duckdb

from moonshine_assets.distill.waterfall import cleaned_in_the_mash
from moonshine_assets.errors import Corruption
from moonshine_assets.exports.forgotten import losses
from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_assets.ledger.explain import (
    CLEANED,
    CONTENT,
    RAW,
    SELECTED,
    TOKENIZER,
    ledger_and_earlier_export,
    ledger_and_mash,
    ledger_and_recount,
    ledger_outside,
)
from moonshine_assets.ledger.in_mash import (
    InMash,
    conversation_changes,
    runs_in_mash,
    successive_exports,
    text_changes,
    why_outside,
)
from moonshine_assets.ledger.mismatch import Figure, Term, mismatch, mismatch_faults
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.ledger.states import against_earlier_state
from moonshine_assets.mash.journal import rolled_back
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home, RunPaths

_TAKEN_OFF_SQL = """
WITH by_text AS (
    SELECT content_sha256, any_value(content_tokens)::BIGINT AS tokens,
           count(DISTINCT provider_run_id) AS runs,
           count(DISTINCT provider_run_id) FILTER (superseded_by IS NULL) AS current_runs
    FROM store.messages WHERE role <> 'system' GROUP BY content_sha256
)
SELECT coalesce(sum(tokens * (runs - current_runs)), 0)::BIGINT AS superseded_texts,
       coalesce(sum(tokens * (current_runs - 1)) FILTER (current_runs > 0), 0)::BIGINT AS repeated_across_runs,
       (SELECT coalesce(sum(content_tokens), 0)::BIGINT FROM store.messages
        WHERE superseded_by IS NOT NULL AND role <> 'system') AS superseded_messages,
       (SELECT coalesce(sum(least(t.tokens, r.tokens)), 0)::BIGINT
        FROM store.texts AS t LEFT JOIN store.redacted_texts AS r USING (content_sha256)
        WHERE content_sha256 IN (
            SELECT cluster_sha256 FROM store.cleaning SEMI JOIN store.distilled_messages USING (record_uid))
       ) AS selected
FROM by_text
"""
#: The kind of each term that is taken off the sum of the run ledgers; the others are what cleaning takes.
_KINDS = {
    "superseded": "superseded",
    "repeated_across_runs": "duplicate",
    "counted_anew": "tokenizer_changed",
    "selected_in_the_mash": "selected",
}


def reconcile(connection: duckdb.DuckDBPyConnection, home: Home, ledger: dict[str, Any]) -> dict[str, Any]:
    """What `token_reconciliation.json` says.

    Args:
        connection: the mash, cleaned and sliced.
        home: with the ledger file of every run, and the reconciliation of the state before, if there was one.
        ledger: the main ledger.

    Returns:
        `runs` (each run's ledger and its build), `counters` (the sum of the run ledgers, each term taken off, and what
        is left over), `mismatches` (see mismatch.py), `compared` (how many numbers were held against each other),
        `earlier` (the state before: its figures by run).
    """
    in_mash = runs_in_mash(connection)
    paths = {run_id: home.run(run_id) for run_id in in_mash}
    look = {run_id: _place(home, run) for run_id, run in paths.items()}
    ledgers: dict[str, dict[str, Any]] = {}
    found: list[dict[str, Any]] = []
    for run_id, run in in_mash.items():
        whole = read_json(paths[run_id].ledger)
        found += ledger_and_mash(look[run_id], whole, run, earlier_ledgers(paths[run_id]))
        found += ledger_and_recount(look[run_id], whole, run)
        # A run of a log folder lists ten thousand files: those of all runs are not held at once.
        ledgers[run_id] = {name: value for name, value in whole.items() if name != "raw_json_tokens_by_file"}
    counted_anew = sum(term["tokens"] for entry in found if entry["counter"] == RAW for term in entry["terms"])
    pairs = successive_exports(connection, in_mash)
    conversations, texts = conversation_changes(connection, pairs), text_changes(connection, pairs)
    for newer, older in pairs:
        found += ledger_and_earlier_export(
            (look[newer], read_json(paths[newer].ledger)),
            (look[older], read_json(paths[older].ledger)),
            conversations[newer, older],
            texts[newer, older],
        )
    outside = _outside(connection, home, in_mash)
    for absent, kind in outside:
        found += ledger_outside(_place(home, absent), read_json(absent.ledger), kind)
    record: dict[str, Any] = {
        "runs": [_run(ledgers[run_id], run) for run_id, run in in_mash.items()],
        "counters": _counters(connection, ledger, list(ledgers.values()), counted_anew),
        "left_out": {step["reason"]: step["tokens"] for step in ledger["waterfall"] if step["to_counter"] == SELECTED},
        "forgotten": losses(home),
        "mash_state": ledger["source_sha256"],
        "policy_version": ledger["policy_version"],
        "generated_at": ledger["generated_at"],
    }
    before = _earlier(home, record)
    if before is not None:
        found += against_earlier_state(record, before, taken_out=rolled_back(connection))
    found += [entry for counter in record["counters"] for entry in _against_main(counter)]
    compared = len(in_mash) * 7 + len(pairs) * 3 + len(outside) * 3 + len(COUNTERS) * (1 if before is None else 2)
    record |= {"compared": compared, "mismatches": found, "earlier": before}
    return record


def reconciliation(record: dict[str, Any]) -> Verdict:
    """Σ run ledgers − superseded − repeated = main ledger, and every mismatch explained, to the token."""
    if "compared" not in record:
        fix = {"problem": "no mismatches in it: make the main ledger again"}
        return broken("reconciliation", "the record was written by an earlier version", [fix])
    offenders = [
        {k: v for k, v in entry.items() if k != "taken_off"} for entry in record["counters"] if entry["difference"]
    ]
    offenders += mismatch_faults(record["mismatches"])
    if offenders:
        return broken("reconciliation", f"{len(offenders)} numbers of the ledgers do not reconcile", offenders)
    return held(
        "reconciliation",
        f"{len(record['runs'])} run ledgers reconcile with the main ledger, difference 0;"
        f" {record['compared']} numbers compared, each of {len(record['mismatches'])} mismatches explained",
        mismatches=len(record["mismatches"]),
    )


def earlier_ledgers(run: RunPaths) -> list[dict[str, Any]]:
    """Ledgers of the run that its present one replaced, oldest first."""
    kept = [read_json(path) for path in run.earlier_ledgers.glob("*.json")]
    return sorted(kept, key=lambda ledger: str(ledger["generated_at"]))


def _run(ledger: dict[str, Any], run: InMash) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        **{name: ledger[name] for name in COUNTERS},
        "merged_raw_json_tokens": run.raw,
        "database_sha256": run.database_sha256,
        **{name: ledger[name] for name in TOKENIZER},
    }


def _counters(
    connection: duckdb.DuckDBPyConnection, ledger: dict[str, Any], ledgers: list[dict[str, Any]], counted_anew: int
) -> list[dict[str, Any]]:
    terms = rows(connection, _TAKEN_OFF_SQL)[0]
    # A run selects nothing by itself, so the slice's tokens are a term of their own, on the other side.
    taken_off: dict[str, dict[str, int]] = {
        RAW: {"counted_anew": counted_anew} if counted_anew else {},
        CONTENT: {"superseded": terms["superseded_messages"]},
        CLEANED: {
            "superseded": terms["superseded_texts"],
            "repeated_across_runs": terms["repeated_across_runs"],
            **cleaned_in_the_mash(connection),
        },
        SELECTED: {"selected_in_the_mash": -terms["selected"]},
    }
    entries = []
    for name in COUNTERS:
        total = sum(run[name] for run in ledgers)
        expected = total - sum(taken_off[name].values())
        entries.append(
            {
                "counter": name,
                "sum_of_run_ledgers": total,
                "taken_off": taken_off[name],
                "expected": expected,
                "main_ledger": ledger[name],
                "difference": ledger[name] - expected,
            }
        )
    return entries


def _against_main(entry: dict[str, Any]) -> list[dict[str, Any]]:
    counter = entry["counter"]
    terms = [
        Term(
            _KINDS.get(name, "cleaned"),
            tokens,
            1,
            f"term taken off: {name}",
            f"main/token_reconciliation.json#counters.{counter}",
        )
        for name, tokens in entry["taken_off"].items()
    ]
    left = Figure("providers/*/*/token_ledger.*.json", entry["sum_of_run_ledgers"])
    right = Figure(f"token_ledger.json#{counter}", entry["main_ledger"])
    return mismatch("run_ledgers_and_main_ledger", counter, left, right, terms)


def _outside(
    connection: duckdb.DuckDBPyConnection, home: Home, in_mash: dict[str, InMash]
) -> list[tuple[RunPaths, str]]:
    """Runs with a ledger that the mash does not hold, with the kind of their absence."""
    folders = sorted(home.provider_reports.glob("*/*")) if home.provider_reports.exists() else []
    runs = [home.run(folder.name) for folder in folders if folder.name not in in_mash]
    counted = [run for run in runs if run.ledger.exists()]
    kinds = why_outside(connection, [run.run_id for run in counted])
    return [(run, kinds[run.run_id]) for run in counted]


def _earlier(home: Home, record: dict[str, Any]) -> dict[str, Any] | None:
    """The state before this one: the last record's, or the one that record stood against if it is of this state."""
    try:
        last = read_json(home.reconciliation)
    except (FileNotFoundError, Corruption):
        return None  # derived: without it nothing is known of the state before
    if "compared" not in last:
        return None  # written by a version that kept no figures of a state
    same = all(last[name] == record[name] for name in ("runs", "mash_state", "policy_version"))
    earlier: dict[str, Any] | None = last["earlier"]
    if same:
        return earlier
    return {name: last[name] for name in last if name not in ("compared", "mismatches", "earlier")}


def _place(home: Home, run: RunPaths) -> str:
    return run.ledger.relative_to(home.reports).as_posix()
