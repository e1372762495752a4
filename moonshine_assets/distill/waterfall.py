"""The waterfall: from the export's JSON to the slice, every token between two counters under one reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.lanes.reading import exchanges
from moonshine_assets.ledger.record import COUNTERS, Step

RAW, CONTENT, CLEANED, SELECTED = COUNTERS

#: provider, reason and tokens of what is kept and not selected.
EXPLAIN = Path(__file__).with_name("explain.sql").read_text("utf-8")
_SELECTED = Path(__file__).with_name("selected_tokens.sql")
_IN_THE_MASH = Path(__file__).with_name("cleaned_in_the_mash.sql")
_STALE = Path(__file__).with_name("stale.sql")
#: Why a token is in no kept text, in the order in which they are told.
CLEANING_REASONS: tuple[str, ...] = ("empty", "exact_duplicate", "near_duplicate", "decontaminated", "redaction")
#: Why a kept text is not in the slice, in the order in which the reasons are asked (explain.sql).
LEFT_OUT_REASONS: tuple[str, ...] = (
    "hidden_or_injected",
    "side_branch",
    "no_exchange",
    "beside_benchmark",
    "below_selection",
)


def counters(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The three content counters of a mash that has been cleaned and sliced, by name.

    content_tokens_non_system counts every message, repeats included; the other two count distinct texts once.

    Raises:
        GateFailed: cleaning or slice are older than the mash.
    """
    _check_current(con)
    content = "SELECT sum(content_tokens) FROM main.messages WHERE role IN ('user', 'assistant', 'tool')"
    cleaned = "SELECT sum(cleaned_tokens) FROM store.cleaning"
    return {CONTENT: _number(con, content), CLEANED: _number(con, cleaned), SELECTED: selected_tokens(con)}


def selected_tokens(con: duckdb.DuckDBPyConnection) -> int:
    """distilled_tokens_selected of the slice as it is stored."""
    return _number(con, _SELECTED.read_text("utf-8"))


def cleaned_in_the_mash(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Tokens that the ledgers of single runs count as cleaned and the mash does not, by reason.

    A run takes every distinct text as it stands. The mash also takes texts for equal that differ in case and white
    space alone (`same_but_for_case_and_space`) or a little more (`near_duplicate`), leaves out texts of benchmarks
    (`decontaminated`), and takes out secrets and personal data (`redaction`).
    """
    return {reason: int(tokens) for reason, tokens in con.execute(_IN_THE_MASH.read_text("utf-8")).fetchall()}


def waterfall(con: duckdb.DuckDBPyConnection, raw_json_tokens: int) -> list[Step]:
    """Every step from raw_json_tokens to distilled_tokens_selected; exact to the token.

    Args:
        con: a mash that has been cleaned and sliced.
        raw_json_tokens: of the current conversations' JSON. Quarantined JSON may be part of it; its tokens are not
            told apart here and fall under json_structure_and_escaping.

    Raises:
        GateFailed: the raw JSON would have fewer tokens than the texts taken from it, a token has no reason, or
            cleaning or slice are older than the mash.
    """
    totals = counters(con)
    system = _number(con, "SELECT sum(content_tokens) FROM main.messages WHERE role = 'system'")
    outcomes = dict(con.execute("SELECT outcome, sum(tokens) FROM store.cleaning GROUP BY outcome").fetchall())
    outcomes["redaction"] = cleaned_in_the_mash(con)["redaction"]
    left_out: Counter[str] = Counter()
    for _, reason, tokens in con.execute(EXPLAIN).fetchall():
        left_out[reason] += tokens
    steps = [
        Step(RAW, CONTENT, "system_text", system),
        Step(RAW, CONTENT, "json_structure_and_escaping", raw_json_tokens - system - totals[CONTENT]),
        *(Step(CONTENT, CLEANED, reason, int(outcomes.get(reason, 0))) for reason in CLEANING_REASONS),
        *(Step(CLEANED, SELECTED, reason, left_out[reason]) for reason in LEFT_OUT_REASONS),
    ]
    _check_exact(steps, {RAW: raw_json_tokens, **totals})
    return steps


def _check_exact(steps: list[Step], totals: dict[str, int]) -> None:
    for step in steps:
        if step.tokens < 0:
            raise GateFailed(
                f"{step.reason} would be {step.tokens:,} tokens",
                where=f"{step.from_counter} to {step.to_counter}",
                fix="the raw count must cover every file the current messages came from; count it again",
            )
    for before, after in ((RAW, CONTENT), (CONTENT, CLEANED), (CLEANED, SELECTED)):
        explained = sum(step.tokens for step in steps if step.from_counter == before)
        missing = totals[before] - totals[after] - explained
        if missing:
            raise GateFailed(
                f"{missing:,} tokens have no reason", where=f"{before} to {after}", fix="run clean and slice again"
            )


def _check_current(con: duckdb.DuckDBPyConnection) -> None:
    """Cleaning and slice must be of the mash as it is now."""
    tables = {
        row[0] for row in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store'").fetchall()
    }
    missing = sorted({"cleaning", "selection", "distilled_conversations", "distilled_messages"} - tables)
    if missing:
        raise GateFailed(f"the mash has no {missing[0]}", where="store", fix="run clean and slice first")
    amiss = dict(con.execute(_STALE.read_text("utf-8")).fetchall())
    stored = con.execute(
        "SELECT provider, provider_run_id, conversation_id FROM store.distilled_conversations"
    ).fetchall()
    candidates = con.execute("SELECT provider, provider_run_id, conversation_id FROM store.selection").fetchall()
    amiss["selection"] = len({exchange.key for exchange in exchanges(con)} ^ set(candidates))
    chosen = con.execute(
        "SELECT provider, provider_run_id, conversation_id FROM store.selection WHERE outcome = 'selected'"
    ).fetchall()
    amiss["distilled_conversations"] = len(set(chosen) ^ set(stored))
    for table, count in amiss.items():
        if count:
            raise GateFailed(f"{count:,} rows do not match the mash", where=table, fix="run clean and slice again")


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0] or 0)
