"""NeMo-RL: conversations in OpenAI's form, pairs as ranked completions, questions as one text with its answer."""

from __future__ import annotations

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers import trl
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Left,
    Sample,
    Trainer,
    conversation,
    provenance,
    with_arguments,
)

#: Verifiers whose answers its `math` environment can check.
_MATH = frozenset({"arithmetic_exact", "math_exact"})


def _pair(row: Row, arguments: Arguments) -> Row:
    """Exactly two completions; rank 0 is the better one."""
    return {
        "context": with_arguments(row["prompt"], arguments),
        "completions": [
            {"rank": rank, "completion": with_arguments(row[side], arguments)}
            for rank, side in enumerate(("chosen", "rejected"))
        ],
        "task_name": "moonshine_dpo",
        **provenance(row),
    }


def _both(line: Row) -> list[Sample]:
    samples = []
    for side, one in zip(("chosen", "rejected"), line["completions"], strict=True):
        messages = [*line["context"], *one["completion"]]
        samples.append(Sample(side, messages, None, tuple(range(len(line["context"]), len(messages)))))
    return samples


def _verifiable(row: Row, arguments: Arguments) -> Row | Left:  # noqa: ARG001 - one signature
    if row["verifier"] not in _MATH:
        return Left("verifier_unknown_to_trainer")
    if len(row["prompt"]) > 1:
        return Left("several_messages")
    return {
        "input": row["prompt"][0]["content"],
        "output": row["ground_truth"],
        "task_name": "math",
        **provenance(row),
    }


def _asked(line: Row) -> list[Sample]:
    return [Sample("prompt", [{"role": "user", "content": line["input"]}], None, ())]


_OPENAI = """```yaml
data:
  train:
    dataset_name: openai_format
    data_path: train.jsonl
    chat_key: messages
    tool_key: tools
    use_preserving_dataset: true     # or every call is given the arguments of all others, as nulls
```"""

NEMO_RL = Trainer(
    "nemo_rl",
    "NeMo-RL, read in its sources of 2026-08-22",
    {
        "conversational": Form(trl.messages, conversation, _OPENAI.replace("    tool_key: tools\n", "")),
        "dpo": Form(_pair, _both, "`PreferenceDataset` with `data_path: train.jsonl`."),
        "grpo": Form(
            _verifiable,
            _asked,
            "`ResponseDataset` with `input_key: input`, `output_key: output` and the math environment.",
        ),
        "agentic_code": Form(trl.trajectory, conversation, _OPENAI),
    },
)
