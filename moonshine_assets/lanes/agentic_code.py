"""Agentic lane: active paths on which every tool call has its recorded result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.rows import Refused, Row, Stamp, provenance
from moonshine_assets.lanes.tool_calls import schemas
from moonshine_assets.lanes.trajectory import Step, Trajectory, trajectory
from moonshine_assets.lanes.trees import Conversation

EXIT_OK = "B_exit_ok"
FAILED = "F_fail"
UNKNOWN = "unknown"


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.tools_called else "no_tool_calls"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate: the active path."""
    walked = trajectory(conversation.path(), policy.answers)
    if isinstance(walked, Refused):
        yield walked
        return
    refusal = _unfit(walked, policy)
    yield Refused(refusal) if refusal else _row(conversation, walked, policy, stamp)


def _unfit(walked: Trajectory, policy: Policy) -> str | None:
    rules = policy.lanes.agentic_code
    if len(walked.steps) < rules.minimum_calls:
        return "too_few_calls"
    if len(walked.steps) > rules.maximum_calls:
        return "too_many_calls"
    repeats = Counter(step.call.fingerprint for step in walked.steps)
    return "loop" if max(repeats.values()) >= rules.loop_repeats else None


def outcome(steps: list[Step]) -> tuple[str, str | None]:
    """The tier by the last result of which the export says whether it failed, and the id of that message."""
    for step in reversed(steps):
        if step.is_error is not None:
            return (FAILED if step.is_error else EXIT_OK), step.result_turn.message_id
    return UNKNOWN, None


def _row(conversation: Conversation, walked: Trajectory, policy: Policy, stamp: Stamp) -> Row:
    tier, evidence = outcome(walked.steps)
    return {
        "messages": walked.messages,
        "tools": schemas(step.call for step in walked.steps),
        "outcome": tier,
        "outcome_evidence": evidence,
        # 0 where the export says the step failed, 1 where it does not.
        "step_ok": [0 if step.is_error else 1 for step in walked.steps],
        **provenance(
            conversation,
            stamp,
            record_uid=conversation.record_uid,
            turns=walked.turns,
            signal=tier,
            label_confidence=policy.lanes.agentic_code.label_confidence,
            tokens=walked.tokens,
            models=(turn.model for turn in walked.turns if turn.role == "assistant"),
        ),
    }
