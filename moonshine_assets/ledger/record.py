"""What a ledger file holds, and the rules every ledger obeys (DESIGN §5)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

#: The counters, left to right; none may be larger than the one before it.
COUNTERS: tuple[str, ...] = (
    "raw_json_tokens",
    "content_tokens_non_system",
    "content_tokens_cleaned",
    "distilled_tokens_selected",
)

REQUIRED: tuple[str, ...] = (
    *COUNTERS,
    "source_sha256",
    "tokenizer",
    "library",
    "version",
    "vocabulary_sha256",
    "parsing_scope",
    "policy_version",
    "run_id",
    "generated_at",
    "waterfall",
)


class Step(NamedTuple):
    """Tokens that are in one counter and not in the next, with the reason."""

    from_counter: str
    to_counter: str
    reason: str
    tokens: int


def ledger_record(
    *,
    run_id: str,
    source_sha256: str,
    counters: Mapping[str, int],
    steps: list[Step],
    identity: Mapping[str, str],
    parsing_scope: str,
    policy_version: str,
    generated_at: str,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The ledger as it is written, keys in reading order."""
    return {
        "run_id": run_id,
        **{name: counters[name] for name in COUNTERS},
        "waterfall": [step._asdict() for step in steps],
        "source_sha256": source_sha256,
        **identity,
        "parsing_scope": parsing_scope,
        "policy_version": policy_version,
        "generated_at": generated_at,
        **(extra or {}),
    }


def ledger_faults(ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where a ledger breaks its own rules: fields missing, counters increasing, reasons that do not add up."""
    faults: list[dict[str, Any]] = [
        {"rule": "field present", "field": name} for name in REQUIRED if ledger.get(name) in (None, "")
    ]
    faults += [
        {"rule": "a whole number, not negative", "field": name}
        for name in COUNTERS
        if ledger.get(name) is not None and not _is_count(ledger[name])
    ]
    if faults:
        return faults
    pairs = list(itertools.pairwise(COUNTERS))
    faults += [
        {"rule": "between neighbouring counters", "field": step["reason"]}
        for step in ledger["waterfall"]
        if (step["from_counter"], step["to_counter"]) not in pairs
    ]
    for left, right in pairs:
        difference = ledger[left] - ledger[right]
        if difference < 0:
            faults.append({"rule": "non-increasing", "field": f"{left} -> {right}", "difference": difference})
        steps = [s for s in ledger["waterfall"] if (s["from_counter"], s["to_counter"]) == (left, right)]
        explained = sum(step["tokens"] for step in steps)
        if explained != difference:
            faults.append(
                {
                    "rule": "reasons add up",
                    "field": f"{left} -> {right}",
                    "difference": difference,
                    "explained": explained,
                }
            )
        faults += [
            {"rule": "reason not negative", "field": step["reason"], "difference": step["tokens"]}
            for step in steps
            if step["tokens"] < 0
        ]
    return faults


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
