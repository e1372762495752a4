"""The ledger of the mash, and its reconciliation with the ledgers of the runs, to the token."""

from __future__ import annotations

from typing import Any

import duckdb

from moonshine_assets.distill.waterfall import cleaned_in_the_mash, counters, waterfall
from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_assets.ledger.record import COUNTERS, Step, ledger_faults, ledger_record
from moonshine_assets.ledger.recount import recount_sums, recount_texts
from moonshine_assets.mash.state import mash_state
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

PARSING_SCOPE = (
    "raw: conversation files of every merged run, whole; content: user, assistant and tool messages on every branch,"
    " newest version of each conversation; cleaned and selected: distinct texts"
)
_STRUCTURE = "json_structure_and_escaping"

_SUPERSEDED_SQL = "SELECT coalesce(sum(content_tokens), 0)::BIGINT FROM store.messages WHERE superseded_by IS NOT NULL"

_BY_PROVIDER_SQL = """
SELECT r.provider, sum(r.raw_json_tokens)::BIGINT AS raw_json_tokens,
       coalesce((SELECT sum(m.content_tokens) FROM main.messages m
                 WHERE m.provider = r.provider AND m.role <> 'system'), 0)
           ::BIGINT AS content_tokens_non_system
FROM store.runs r GROUP BY r.provider ORDER BY r.provider
"""

_RECONCILED_SQL = """
WITH by_text AS (
    SELECT content_sha256, any_value(content_tokens)::BIGINT AS tokens,
           count(DISTINCT provider_run_id) AS runs,
           count(DISTINCT provider_run_id) FILTER (superseded_by IS NULL) AS current_runs
    FROM store.messages WHERE role <> 'system' GROUP BY content_sha256
)
SELECT coalesce(sum(tokens * (runs - current_runs)), 0)::BIGINT AS superseded_texts,
       coalesce(sum(tokens * (current_runs - 1)) FILTER (current_runs > 0), 0)::BIGINT AS repeated_across_runs,
       (SELECT coalesce(sum(content_tokens), 0)::BIGINT FROM store.messages
        WHERE superseded_by IS NOT NULL AND role <> 'system') AS superseded_messages
FROM by_text
"""


def main_ledger(
    connection: duckdb.DuckDBPyConnection, *, counter: TokenCounter, policy_version: str, run_id: str, generated_at: str
) -> dict[str, Any]:
    """The ledger of a mash that has been cleaned and sliced.

    Args:
        connection: the mash.
        counter: for the tokenizer's identity.
        policy_version: policy the slice was cut by.
        run_id: the distillation run.
        generated_at: ISO time.

    Raises:
        GateFailed: tokens without a reason, or cleaning or slice older than the mash.
    """
    by_provider = rows(connection, _BY_PROVIDER_SQL)
    raw = sum(row["raw_json_tokens"] for row in by_provider)
    (superseded,) = connection.execute(_SUPERSEDED_SQL).fetchall()[0]
    steps = []
    for step in waterfall(connection, raw):
        if step.reason == _STRUCTURE:
            # What the waterfall calls structure still holds the texts of older versions; they get their own reason.
            steps.append(Step(step.from_counter, step.to_counter, "superseded_by_newer_export", superseded))
            steps.append(Step(*step)._replace(tokens=step.tokens - superseded))
        else:
            steps.append(Step(*step))
    return ledger_record(
        run_id=run_id,
        source_sha256=mash_state(connection),
        counters={COUNTERS[0]: raw, **counters(connection)},
        steps=steps,
        identity=counter.identity(),
        parsing_scope=PARSING_SCOPE,
        policy_version=policy_version,
        generated_at=generated_at,
        extra={"by_provider": by_provider},
    )


def main_ledger_complete(
    connection: duckdb.DuckDBPyConnection, ledger: dict[str, Any], counter: TokenCounter
) -> Verdict:
    """Counters non-increasing, reasons exact, and a second count by plain tiktoken agrees."""
    offenders = ledger_faults(ledger)
    offenders += recount_sums(connection, ledger["content_tokens_non_system"])
    wrong, checked = recount_texts(connection, counter)
    offenders += wrong
    figures = {name: ledger[name] for name in COUNTERS}
    if offenders:
        return broken("ledger_complete", f"{len(offenders)} figures do not agree", offenders, **figures)
    return held("ledger_complete", f"counters agree with a second count of {checked} texts", **figures)


def reconcile(connection: duckdb.DuckDBPyConnection, home: Home, ledger: dict[str, Any]) -> dict[str, Any]:
    """`token_reconciliation.json`: the sum of the run ledgers, each term taken off, and what is left over (must be 0).

    The run ledgers are read from their files, not from the mash, so that the two sides are independent.
    """
    run_ids = [row["provider_run_id"] for row in rows(connection, "SELECT provider_run_id FROM store.runs ORDER BY 1")]
    ledgers = [read_json(home.run(run_id).ledger) for run_id in run_ids]
    terms = rows(connection, _RECONCILED_SQL)[0]
    # A run selects nothing by itself, so the slice's tokens are a term of their own, on the other side.
    taken_off: dict[str, dict[str, int]] = {
        COUNTERS[0]: {},
        COUNTERS[1]: {"superseded": terms["superseded_messages"]},
        COUNTERS[2]: {
            "superseded": terms["superseded_texts"],
            "repeated_across_runs": terms["repeated_across_runs"],
            **cleaned_in_the_mash(connection),
        },
        COUNTERS[3]: {"selected_in_the_mash": -_selected(connection)},
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
    return {
        "runs": [{"run_id": run["run_id"], **{name: run[name] for name in COUNTERS}} for run in ledgers],
        "counters": entries,
        "mash_state": ledger["source_sha256"],
        "policy_version": ledger["policy_version"],
        "generated_at": ledger["generated_at"],
    }


def _selected(connection: duckdb.DuckDBPyConnection) -> int:
    """distilled_tokens_selected another way: over the stored texts, not over the figures of cleaning."""
    (tokens,) = connection.execute(
        "SELECT coalesce(sum(least(t.tokens, r.tokens)), 0)::BIGINT FROM store.texts AS t"
        " LEFT JOIN store.redacted_texts AS r USING (content_sha256) WHERE content_sha256 IN"
        " (SELECT cluster_sha256 FROM store.cleaning SEMI JOIN store.distilled_messages USING (record_uid))"
    ).fetchall()[0]
    return int(tokens)


def reconciliation(record: dict[str, Any]) -> Verdict:
    """Σ run ledgers − superseded − repeated = main ledger, to the token, for every counter."""
    offenders = [entry for entry in record["counters"] if entry["difference"]]
    if offenders:
        shown = [{k: v for k, v in entry.items() if k != "taken_off"} for entry in offenders]
        return broken("reconciliation", "run ledgers and main ledger do not reconcile", shown)
    return held("reconciliation", f"{len(record['runs'])} run ledgers reconcile with the main ledger, difference 0")
