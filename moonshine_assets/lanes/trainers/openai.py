"""OpenAI's fine-tuning files, which Azure and Bedrock read as well: string arguments, and no columns of others."""

from __future__ import annotations

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Left,
    Message,
    Sample,
    Trainer,
    conversation,
    provenance,
    with_arguments,
)


def _messages(messages: list[Message]) -> list[Message]:
    """Tool messages are known by the id of their call, not by a name."""
    return [
        {key: value for key, value in message.items() if key != "name" or message["role"] != "tool"}
        for message in with_arguments(messages, "string")
    ]


def _conversation(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    tools = {"tools": row["tools"]} if row.get("tools") else {}
    return {"messages": _messages(row["messages"]), **tools}


def _pair(row: Row, arguments: Arguments) -> Row | Left:  # noqa: ARG001 - one signature
    if any(len(row[side]) > 1 for side in ("chosen", "rejected")):
        return Left("several_messages")
    tools = {"tools": row["tools"], "parallel_tool_calls": True} if row.get("tools") else {}
    return {
        "input": {"messages": _messages(row["prompt"]), **tools},
        "preferred_output": _messages(row["chosen"]),
        "non_preferred_output": _messages(row["rejected"]),
    }


def _both(line: Row) -> list[Sample]:
    samples = []
    for side, key in (("chosen", "preferred_output"), ("rejected", "non_preferred_output")):
        messages = [*line["input"]["messages"], *line[key]]
        targets = tuple(range(len(line["input"]["messages"]), len(messages)))
        samples.append(Sample(side, messages, line["input"].get("tools"), targets))
    return samples


def _verifiable(row: Row, arguments: Arguments) -> Row:  # noqa: ARG001 - one signature
    """Graders read any further key as {{item.key}}."""
    kept = {name: row[name] for name in ("ground_truth", "verifier", "verifier_args")}
    return {
        "messages": _messages(row["prompt"]),
        **kept,
        "reference_answer": row["ground_truth"],
        **provenance(row),
    }


OPENAI = Trainer(
    "openai",
    "OpenAI's documented files (also Azure Foundry and Bedrock)",
    {
        "conversational": Form(
            _conversation, conversation, "Supervised fine-tuning: upload train.jsonl.", provenance_beside=True
        ),
        "dpo": Form(_pair, _both, "Preference fine-tuning: upload train.jsonl.", provenance_beside=True),
        "grpo": Form(
            _verifiable,
            lambda line: [Sample("prompt", line["messages"], None, ())],
            "Reinforcement fine-tuning: graders read `{{item.ground_truth}}`; moonshine_reward.py is the source of a"
            " python grader (it holds `grade`).",
            reward=True,
        ),
        "agentic_code": Form(
            _conversation,
            conversation,
            "Supervised fine-tuning with tools: upload train.jsonl.",
            provenance_beside=True,
        ),
    },
    arguments=("string",),
)
