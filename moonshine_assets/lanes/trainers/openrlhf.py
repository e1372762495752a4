"""OpenRLHF: renders messages by itself, never passes `tools`, and names the source of a prompt `datasource`."""

from __future__ import annotations

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers import trl
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Left,
    Sample,
    Trainer,
    answers,
    compact,
    pair,
    provenance,
    uses_tools,
    with_arguments,
)


def _trajectory(row: Row, arguments: Arguments) -> Row:
    kept = {name: value for name, value in trl.trajectory(row, arguments).items() if name != "tools"}
    return {**kept, "messages": with_arguments(row["messages"], arguments)}


def _pair(row: Row, arguments: Arguments) -> Row | Left:
    """It crashes on tool messages in pairs (a list and a string are added)."""
    if row.get("tools") or any(uses_tools(row[side]) for side in ("prompt", "chosen", "rejected")):
        return Left("tool_calls")
    return trl.preference(row, arguments)


def _verifiable(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    """The reward function is given the label alone: everything it needs is in there."""
    task = {name: row[name] for name in ("verifier", "ground_truth", "verifier_args")}
    return {
        "input": row["prompt"],
        "label": compact(task),
        "datasource": row["data_source"],
        **task,
        **provenance(row),
    }


def _turn_by_turn(line: Row) -> list[Sample]:
    """With `multiturn` every answer is what its conversation adds to the rendered messages before it."""
    return [Sample("messages", line["messages"], None, answers(line["messages"]))]


OPENRLHF = Trainer(
    "openrlhf",
    "OpenRLHF 0.11.2",
    {
        "conversational": Form(
            trl.messages,
            _turn_by_turn,
            "`--data.dataset train.jsonl --data.input_key messages --data.apply_chat_template --data.multiturn`",
        ),
        "dpo": Form(
            _pair,
            pair,
            "`--data.dataset train.jsonl --data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected"
            " --data.apply_chat_template`",
        ),
        "grpo": Form(
            _verifiable,
            lambda line: [Sample("prompt", line["input"], None, ())],
            "`--data.prompt_dataset train.jsonl --data.input_key input --data.label_key label"
            " --data.apply_chat_template --reward.remote_url moonshine_reward.py`",
            reward=True,
        ),
        "agentic_code": Form(
            _trajectory,
            _turn_by_turn,
            "`--data.dataset train.jsonl --data.input_key messages --data.apply_chat_template --data.multiturn`",
            not_carried=("tools",),
        ),
    },
)
