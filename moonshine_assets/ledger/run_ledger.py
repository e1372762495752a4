"""The ledger of one provider run, from its secured export and its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_assets.ledger.record import COUNTERS, Step, ledger_faults, ledger_record
from moonshine_assets.ledger.recount import recount_raw, recount_reasons, recount_sums, recount_texts
from moonshine_resources.atomic import read_json, remove_tree, sha256_file, write_json
from moonshine_resources.home import RunPaths
from moonshine_resources.tokenizer import TokenCounter

PARSING_SCOPE = (
    "raw: the export's conversation files, whole; content: text of user, assistant and tool messages on every branch"
)

_FIGURES_SQL = """
SELECT coalesce(sum(content_tokens) FILTER (role <> 'system'), 0)::BIGINT AS content,
       coalesce(sum(content_tokens) FILTER (role = 'system'), 0)::BIGINT AS system_text,
       (SELECT coalesce(sum(tokens), 0)::BIGINT FROM store.texts WHERE content_sha256 IN
           (SELECT content_sha256 FROM store.messages WHERE role <> 'system')) AS cleaned
FROM store.messages
"""


def run_ledger(
    connection: duckdb.DuckDBPyConnection,
    *,
    lock: dict[str, Any],
    raw_by_member: dict[str, int],
    counter: TokenCounter,
    policy_version: str,
    generated_at: str,
) -> dict[str, Any]:
    """The ledger of a run, from its open database.

    A run selects nothing by itself: distillation works on the mash, so its last counter is 0 and the whole
    difference has the reason `not_distilled_in_a_single_run`.
    """
    figures = rows(connection, _FIGURES_SQL)[0]
    raw = sum(raw_by_member.values())
    content, cleaned, system = figures["content"], figures["cleaned"], figures["system_text"]
    counters = dict(zip(COUNTERS, (raw, content, cleaned, 0), strict=True))
    steps = [
        Step(COUNTERS[0], COUNTERS[1], "system_text", system),
        Step(COUNTERS[0], COUNTERS[1], "json_structure_and_escaping", raw - content - system),
        Step(COUNTERS[1], COUNTERS[2], "exact_duplicate", content - cleaned),
        Step(COUNTERS[2], COUNTERS[3], "not_distilled_in_a_single_run", cleaned),
    ]
    return ledger_record(
        run_id=lock["run_id"],
        source_sha256=lock["source_sha256"],
        counters=counters,
        steps=steps,
        identity=counter.identity(),
        parsing_scope=PARSING_SCOPE,
        policy_version=policy_version,
        generated_at=generated_at,
        extra={"raw_json_tokens_by_file": raw_by_member},
    )


def publish_ledger(run: RunPaths, ledger: dict[str, Any]) -> None:
    """Write the run's ledger; one it replaces that says something else is kept, so that the change can be explained."""
    if run.ledger.exists():
        before = read_json(run.ledger)
        if {**before, "generated_at": ledger["generated_at"]} == ledger:
            return
        write_json(run.earlier_ledgers / f"{sha256_file(run.ledger)}.json", before)
    write_json(run.ledger, ledger)


def ledger_complete(
    connection: duckdb.DuckDBPyConnection,
    ledger: dict[str, Any],
    *,
    raw: Path,
    lock: dict[str, Any],
    work: Path,
    counter: TokenCounter,
) -> Verdict:
    """Four counters, non-increasing, reasons exact, and a second count by plain tiktoken agrees."""
    offenders = ledger_faults(ledger)
    by_member = ledger.get("raw_json_tokens_by_file", {})
    if not offenders:
        offenders += recount_sums(connection, ledger["content_tokens_non_system"])
        offenders += recount_reasons(connection, ledger)
        if sum(by_member.values()) != ledger["raw_json_tokens"]:
            offenders.append(
                {"counter": "raw_json_tokens", "ledger": ledger["raw_json_tokens"], "by_file": sum(by_member.values())}
            )
    wrong, checked = recount_texts(connection, counter)
    offenders += wrong
    try:
        offenders += recount_raw(raw, lock, by_member, work, counter)
    finally:
        remove_tree(work)
    figures = {name: ledger[name] for name in COUNTERS if isinstance(ledger.get(name), int)}
    if offenders:
        return broken("ledger_complete", f"{len(offenders)} figures do not agree", offenders, **figures)
    return held("ledger_complete", f"counters agree with a second count of {checked} texts", **figures)
