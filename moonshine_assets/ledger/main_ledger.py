"""The ledger of the mash."""

from __future__ import annotations

from typing import Any

import duckdb

from moonshine_assets.distill.waterfall import counters, waterfall
from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_assets.ledger.record import COUNTERS, Step, ledger_faults, ledger_record
from moonshine_assets.ledger.recount import recount_sums, recount_texts
from moonshine_assets.mash.state import mash_state
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
