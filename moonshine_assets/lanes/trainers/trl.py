"""TRL reads the lanes' own form: conversational datasets, arguments as objects, schemas in `tools`."""

from __future__ import annotations

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Trainer,
    after_prompt,
    conversation,
    pair,
    provenance,
    question,
    with_arguments,
)


def messages(row: Row, arguments: Arguments) -> Row:
    return {"messages": with_arguments(row["messages"], arguments), **provenance(row)}


def trajectory(row: Row, arguments: Arguments) -> Row:
    return {
        "messages": with_arguments(row["messages"], arguments),
        "tools": row["tools"],
        "outcome": row["outcome"],
        "step_ok": row["step_ok"],
        **provenance(row),
    }


def preference(row: Row, arguments: Arguments) -> Row:
    sides = {side: with_arguments(row[side], arguments) for side in ("prompt", "chosen", "rejected")}
    return {**sides, **provenance(row)}


def judged(row: Row, arguments: Arguments) -> Row:
    sides = {side: with_arguments(row[side], arguments) for side in ("prompt", "completion")}
    return {**sides, "label": row["label"], **provenance(row)}


def verifiable(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    """The group of recorded answers stays behind: GRPO generates its own."""
    kept = ("prompt", "ground_truth", "verifier", "verifier_args", "data_source")
    return {**{name: row[name] for name in kept}, **provenance(row)}


_LOAD = 'load_dataset("json", data_files={"train": "train.jsonl", "validation": "validation.jsonl"})'

TRL = Trainer(
    "trl",
    "TRL 1.16.0",
    {
        "conversational": Form(
            messages, conversation, f"`SFTTrainer` with `{_LOAD}`; `assistant_only_loss=True` trains the answers alone."
        ),
        "dpo": Form(preference, pair, f"`DPOTrainer` with `{_LOAD}`."),
        "kto": Form(judged, lambda line: [after_prompt(line, "completion")], f"`KTOTrainer` with `{_LOAD}`."),
        "grpo": Form(
            verifiable,
            question,
            f"`GRPOTrainer` with `{_LOAD}` and `reward_funcs=moonshine_reward.moonshine_reward`.",
            reward=True,
        ),
        "agentic_code": Form(
            trajectory, conversation, f"`SFTTrainer` with `{_LOAD}`; it reads `tools` and the tool calls by itself."
        ),
    },
)
