"""Axolotl: `type: chat_template` for conversations, `chat_template.default` for pairs, which it strips of tools."""

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
    question,
    uses_tools,
)

#: What Axolotl puts before an answer to render it alone. It looks for the answer's text in the result; an answer
#: without any text is found at the start, and the dummy is trained.
_DUMMY = {"role": "user", "content": "[[dummy_message]]"}


def _pair(row: Row, arguments: Arguments) -> Row | Left:
    """Only role and content of the prompt and of the last message of each side are read."""
    sides = [row["prompt"], row["chosen"], row["rejected"]]
    if row.get("tools") or any(uses_tools(side) for side in sides):
        return Left("tool_calls")
    if any(len(side) > 1 for side in sides[1:]):
        return Left("several_messages")
    if not all(side[-1]["content"].strip() for side in sides[1:]):
        return Left("empty_answer")
    return trl.preference(row, arguments)


def _rendered(line: Row) -> list[Sample]:
    def plain(message: Row) -> Row:
        return {"role": message["role"], "content": message["content"]}

    before = [plain(message) for message in line["prompt"]]
    samples = [Sample("prompt", before, None, ())]
    for side in ("chosen", "rejected"):
        alone = [_DUMMY, plain(line[side][-1])]
        samples.append(Sample(side, alone, None, (1,), cut="content", skipped=len(before)))
    return samples


_CONVERSATIONS = """```yaml
datasets:
  - path: train.jsonl
    ds_type: json
    type: chat_template
    field_messages: messages
    field_tools: tools
```"""
_PAIRS = """```yaml
rl: dpo
datasets:
  - path: train.jsonl
    ds_type: json
    split: train
    type: chat_template.default
    field_messages: prompt
    field_chosen: chosen
    field_rejected: rejected
```"""
_PROMPTS = """```yaml
rl: grpo
trl:
  reward_funcs: [moonshine_reward.moonshine_reward]   # moonshine_reward.py beside the configuration
datasets:
  - path: train.jsonl
    ds_type: json
    split: train
```"""

AXOLOTL = Trainer(
    "axolotl",
    "Axolotl 0.19.0",
    {
        "conversational": Form(trl.messages, conversation, _CONVERSATIONS.replace("    field_tools: tools\n", "")),
        "dpo": Form(_pair, _rendered, _PAIRS),
        "grpo": Form(trl.verifiable, question, _PROMPTS, reward=True),
        "agentic_code": Form(trl.trajectory, conversation, _CONVERSATIONS),
    },
)
