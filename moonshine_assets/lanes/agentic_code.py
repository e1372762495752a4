"""Agentic lane: active paths on which every tool call has its recorded result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.outcomes import GOOD, outcome, step_failed, stumbled
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.repeats import drop_repeats
from moonshine_assets.lanes.rows import CORE, EXTRA, Refused, Row, Stamp, provenance
from moonshine_assets.lanes.tool_calls import schemas
from moonshine_assets.lanes.trajectory import Trajectory, trajectory
from moonshine_assets.lanes.trees import Conversation
from moonshine_assets.lanes.truncation import to_tokens

_DURATION = re.compile(r"\d+(?:[.:]\d+)*\s*(?:ms|s|secs?|seconds?|m|min)\b")


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.tools_called else "no_tool_calls"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate: the active path."""
    shorten = to_tokens(policy.lanes.agentic_code.maximum_output_tokens, stamp.count)
    walked = trajectory(conversation.path(), policy.answers, shorten)
    if isinstance(walked, Refused):
        yield walked
        return
    refusal = _unfit(walked, policy)
    yield Refused(refusal) if refusal else _row(conversation, walked, policy, stamp)


def facts(row: Row) -> dict[str, float | int | str]:
    """Calls, how many of them failed, and results that were cut."""
    steps = row["step_ok"]
    return {
        "calls": len(steps),
        "failed": len(steps) - sum(steps),
        "truncated": sum(tokens > 0 for tokens in row["truncated_tokens"]),
    }


def finish(books: Books, policy: Policy) -> dict[str, float]:  # noqa: ARG001 - the same question for every lane
    """No run twice; calls, failed calls and truncated results in all."""
    drop_repeats(books)
    return {name: sum(int(e.facts[name]) for e in books.entries) for name in ("calls", "failed", "truncated")}


def _unfit(walked: Trajectory, policy: Policy) -> str | None:
    rules = policy.lanes.agentic_code
    if len(walked.steps) < rules.minimum_calls:
        return "too_few_calls"
    if len(walked.steps) > rules.maximum_calls:
        return "too_many_calls"
    if _most_repeated(walked) >= rules.loop_repeats:
        return "loop"
    failed = sum(stumbled(step) for step in walked.steps)
    # A short run that failed is told by its outcome; a share of a call or two says nothing.
    if len(walked.steps) >= rules.core_minimum_calls and failed > rules.maximum_error_share * len(walked.steps):
        return "too_many_errors"
    return None


def _most_repeated(walked: Trajectory) -> int:
    """How often at most one call was made with the same arguments and the same came of it, times it took aside.

    The same test command with another result each time is work, not a loop.
    """
    return max(Counter((step.call.fingerprint, _DURATION.sub("", step.output)) for step in walked.steps).values())


def _row(conversation: Conversation, walked: Trajectory, policy: Policy, stamp: Stamp) -> Row:
    rules = policy.lanes.agentic_code
    tier, evidence = outcome(walked, policy.lanes.dpo)
    return {
        "messages": walked.messages,
        "tools": schemas(step.call for step in walked.steps),
        "outcome": tier,
        "outcome_evidence": evidence,
        # 0 where the export says the step failed, 1 where it does not.
        "step_ok": [0 if step_failed(step) else 1 for step in walked.steps],
        "truncated_tokens": [step.truncated_tokens for step in walked.steps],
        **provenance(
            conversation,
            stamp,
            record_uid=conversation.record_uid,
            turns=walked.turns,
            signal=tier,
            label_confidence=rules.label_confidence,
            tokens=walked.tokens,
            models=(turn.model for turn in walked.turns if turn.role == "assistant"),
            tier=CORE if tier in GOOD and len(walked.steps) >= rules.core_minimum_calls else EXTRA,
        ),
    }
