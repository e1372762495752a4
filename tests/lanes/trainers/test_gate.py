"""The gate of the lanes refuses rows that only rendering shows to be spoiled."""

from __future__ import annotations

import pytest

from lanes.published_lanes import agentic_code, conversational, dpo, grpo
from moonshine_assets.lanes.assets import trainer_lint
from moonshine_assets.lanes.columns import columns
from moonshine_assets.lanes.lint import lint
from moonshine_assets.lanes.trainers.check import RENDERED_ROWS, rendering_findings

MADE = {"conversational": conversational, "dpo": dpo, "grpo": grpo, "agentic_code": agentic_code}


def row_of(lane: str, uid: str) -> dict[str, object]:
    """A whole row in the lane's columns, whichever there are besides those every lane needs."""
    made = MADE[lane](uid)
    return {name: made.get(name, 1.0 if name == "pass_rate" else []) for name in columns(lane)}


@pytest.mark.parametrize("lane", MADE)
def test_whole_rows_pass(lane: str) -> None:
    assert rendering_findings([row_of(lane, str(number)) for number in range(3)], lane) == []
    assert rendering_findings([], lane) == []


def test_a_call_in_a_message_that_is_not_the_models_is_lost_and_refused() -> None:
    row = row_of("agentic_code", "spoiled")
    messages = row["messages"]
    assert isinstance(messages, list)
    messages[3]["role"] = "user"
    messages[3]["content"] = "Do it."
    assert not {finding.rule for finding in lint([row], "agentic_code")} & {"lost_tool_call", "unknown_role"}
    found = rendering_findings([row], "agentic_code")
    assert {(finding.record_uid, finding.rule) for finding in found} == {(row["record_uid"], "lost_tool_call")}
    assert {"lost_tool_call"} == {finding.rule for finding in found}


def test_the_gate_says_so_with_ids_and_without_text() -> None:
    row = row_of("conversational", "spoiled")
    messages = row["messages"]
    assert isinstance(messages, list)
    assert trainer_lint("conversational", [row]).passed
    messages[2]["tool_calls"] = [{"function": {"name": "lost", "arguments": {}}}]
    verdict = trainer_lint("conversational", [row])
    assert not verdict.passed
    assert [offender["rule"] for offender in verdict.offenders] == ["lost_tool_call"]
    assert verdict.offenders[0]["record_uid"] == row["record_uid"]
    assert "gorges" not in str(verdict)


def test_a_large_lane_is_rendered_from_first_to_last() -> None:
    rows = [row_of("conversational", str(number)) for number in range(RENDERED_ROWS + 100)]
    last = rows[-1 - (len(rows) - 1) % 2]
    messages = last["messages"]
    assert isinstance(messages, list)
    messages[0]["tool_calls"] = [{"function": {"name": "lost", "arguments": {}}}]
    assert [finding.record_uid for finding in rendering_findings(rows, "conversational")] == [last["record_uid"]]
