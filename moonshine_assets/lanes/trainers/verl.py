"""verl: Parquet read with pandas, so messages are structs and arguments text; its own columns for rewards."""

from __future__ import annotations

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers import trl
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Message,
    Sample,
    Trainer,
    answers,
    provenance,
    with_arguments,
)


def _messages(row: Row, arguments: Arguments) -> Row:
    return trl.messages(row, arguments)


def _trajectory(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    """Arguments as text: as structs, every call would be given the arguments of all others, as nulls."""
    kept = {name: value for name, value in trl.trajectory(row, "string").items() if name != "tools"}
    return {**kept, "messages": [_whole(message) for message in with_arguments(row["messages"], "string")]}


def _whole(message: Message) -> Message:
    """A message with the same keys as any other: a struct has them all, and absent ones would come back as nulls."""
    return {
        "role": message["role"],
        "content": message["content"],
        "tool_calls": message.get("tool_calls", []),
        "tool_call_id": message.get("tool_call_id", ""),
        "name": message.get("name", ""),
    }


def _verifiable(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    return {
        "data_source": row["data_source"],
        "prompt": row["prompt"],
        "ability": row["verifier"],
        "reward_model": {"style": "rule", "ground_truth": row["ground_truth"]},
        "extra_info": {
            "split": row.get("split", "train"),
            "index": row["record_uid"],
            "verifier_args": row["verifier_args"],
            **provenance(row),
        },
    }


def _read(line: Row) -> list[Sample]:
    return [Sample("messages", line["messages"], None, answers(line["messages"]), cut="mask")]


VERL = Trainer(
    "verl",
    "verl 0.9.1",
    {
        "conversational": Form(
            _messages, _read, "`MultiTurnSFTDataset`: `data.train_files=train.parquet data.messages_key=messages`."
        ),
        "grpo": Form(
            _verifiable,
            lambda line: [Sample("prompt", line["prompt"], None, ())],
            "`data.train_files=train.parquet data.prompt_key=prompt"
            " reward.custom_reward_function.path=moonshine_reward.py"
            " reward.custom_reward_function.name=compute_score`.",
            reward=True,
        ),
        "agentic_code": Form(
            _trajectory,
            _read,
            "`data.train_files=train.parquet data.messages_key=messages`; the template must take arguments as text.",
            not_carried=("tools",),
        ),
    },
    arguments=("string",),
    file_format="parquet",
)
