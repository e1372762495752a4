"""Trainer lint is green on what the lanes make and red on every fault planted in it."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import pytest

from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday_corpus
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.columns import PROVENANCE
from moonshine_assets.lanes.lint import FORBIDDEN, lint


@functools.cache
def _sound(lane: str) -> dict[str, Any]:
    return build_lane(everyday_corpus().mash(), lane, POLICY, DISTILLATION).rows[0]


def sound(lane: str) -> dict[str, Any]:
    return copy.deepcopy(_sound(lane))


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Set the value at the path (its last item) in a row."""
    *keys, last, value = path

    def plant(row: dict[str, Any]) -> None:
        at: Any = row
        for key in keys:
            at = at[key]
        at[last] = value

    return plant


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    *keys, last = path

    def plant(row: dict[str, Any]) -> None:
        at: Any = row
        for key in keys:
            at = at[key]
        del at[last]

    return plant


@pytest.mark.parametrize("lane", LANES)
def test_what_a_lane_makes_is_clean(lane: str) -> None:
    assert lint([sound(lane)], lane) == []


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("name", PROVENANCE)
def test_provenance_may_neither_be_absent_nor_null(lane: str, name: str) -> None:
    absent, null = sound(lane), sound(lane)
    del absent[name]
    null[name] = None
    assert [(finding.rule, finding.where) for finding in lint([absent], lane)] == [("missing_provenance", name)]
    assert [(finding.rule, finding.where) for finding in lint([null], lane)] == [("empty_provenance", name)]


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
def test_columns_that_turn_a_conversation_into_something_else_are_forbidden(name: str) -> None:
    row = sound("conversational")
    row[name] = "x"
    assert [finding.rule for finding in lint([row], "conversational")] == ["forbidden_column"]


CALL = ("messages", 1, "tool_calls", 0, "function")


@pytest.mark.parametrize(
    ("lane", "plant", "rule"),
    [
        ("dpo", put("chat_template_kwargs", None), "unknown_column"),
        ("conversational", put("type", "x"), "unknown_column"),
        ("conversational", drop("messages"), "missing_column"),
        ("conversational", put("messages", None), "null_column"),
        ("conversational", put("messages", "Hello"), "not_a_list_of_objects"),
        ("conversational", put("messages", ["Hello"]), "not_a_list_of_objects"),
        ("conversational", put("messages", []), "last_message_not_assistant"),
        ("conversational", put("messages", 0, "content", None), "null_inside"),
        ("conversational", put("messages", 0, "name", None), "null_inside"),
        ("conversational", put("messages", 0, "role", "human"), "unknown_role"),
        ("conversational", put("messages", 0, "content", ["Hello"]), "content_not_text"),
        ("conversational", put("messages", -1, "content", " "), "empty_message"),
        ("conversational", put("messages", -1, "role", "user"), "last_message_not_assistant"),
        ("dpo", put("prompt", 0, "role", "assistant"), "last_prompt_role"),
        ("dpo", put("prompt", []), "last_prompt_role"),
        ("dpo", put("chosen", []), "empty_target"),
        ("dpo", put("rejected", 0, "content", ""), "empty_message"),
        (
            "dpo",
            put("rejected", [{"role": "assistant", "content": _sound("dpo")["chosen"][0]["content"]}]),
            "equal_sides",
        ),
        ("grpo", put("prompt", 0, "role", "system"), "last_prompt_role"),
        ("grpo", put("ground_truth", ""), "empty_target"),
        ("grpo", put("verifier", "guess"), "unknown_verifier"),
        ("grpo", put("verifier_args", "["), "verifier_args_not_an_object"),
        ("grpo", put("verifier_args", "[]"), "verifier_args_not_an_object"),
        ("grpo", put("reference_group", []), "no_reference_passes"),
        ("grpo", put("reference_group", 0, "reward", 1.0), "reward_not_reproduced"),
        ("grpo", put("reference_group", 1, "completion", "390"), "reward_not_reproduced"),
        ("agentic_code", put(*CALL, "arguments", '{"command": "ls"}'), "arguments_not_an_object"),
        ("agentic_code", put(*CALL, "arguments", {"command": None}), "null_inside"),
        ("agentic_code", put(*CALL, "name", ""), "call_without_name"),
        ("agentic_code", put("tools", 0, "function", "description", None), "null_inside"),
        ("agentic_code", put("tools", []), "empty_tools"),
        ("agentic_code", drop("tools", 0, "function", "description"), "tool_without_description"),
        ("agentic_code", drop("tools", 0, "function", "name"), "tool_without_name"),
        ("agentic_code", put("messages", 2, "tool_call_id", "call_9"), "result_without_call"),
        ("agentic_code", drop("messages", 2), "call_without_result"),
        ("agentic_code", drop("messages", 1), "result_without_call"),
        ("agentic_code", put("step_ok", []), "step_ok_does_not_match_calls"),
        ("agentic_code", put("step_ok", [2]), "step_ok_does_not_match_calls"),
        ("agentic_code", put("outcome", None), "null_column"),
        ("agentic_code", put("truncated_tokens", []), "truncated_tokens_do_not_match_calls"),
        ("kto", put("label", 1), "label_not_boolean"),
        ("kto", put("completion", []), "empty_target"),
        ("kto", put("prompt", []), "last_prompt_role"),
        ("dpo", put("tier", "gold"), "unknown_value"),
        ("dpo", put("split", "test"), "unknown_value"),
    ],
)
def test_a_planted_fault_is_found(lane: str, plant: Callable[[dict[str, Any]], None], rule: str) -> None:
    row = sound(lane)
    plant(row)
    findings = lint([row], lane)
    assert rule in {finding.rule for finding in findings}
    assert {finding.record_uid for finding in findings} == {row["record_uid"]}


def test_a_lane_that_holds_a_row_twice_is_red() -> None:
    row = sound("dpo")
    assert [finding.rule for finding in lint([row, row], "dpo")] == ["repeated_pair", "repeated_record_uid"]


def test_a_conversation_on_both_sides_of_the_split_is_red() -> None:
    row, other = sound("conversational"), sound("conversational")
    other["record_uid"], other["split"] = "other", "validation"
    assert lint([row, other], "conversational") == [("other", "conversation_on_both_sides", "split")]


def test_a_pair_that_is_there_again_the_other_way_round_is_red() -> None:
    row, other = sound("dpo"), sound("dpo")
    other["chosen"], other["rejected"], other["record_uid"] = row["rejected"], row["chosen"], "other"
    assert lint([row, other], "dpo") == [("other", "repeated_pair", "chosen")]


def test_an_unknown_lane_is_refused() -> None:
    with pytest.raises(BadInput):
        lint([], "dop")
