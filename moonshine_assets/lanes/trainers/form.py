"""The form in which a trainer takes a lane, and what it then trains on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from moonshine_assets.lanes.columns import PROVENANCE
from moonshine_assets.lanes.rows import Row

Message = dict[str, Any]
#: `dict`: tool-call arguments as objects. `string`: as JSON text, for DeepSeek-V3's template and OpenAI's API.
Arguments = Literal["dict", "string"]
Cut = Literal["mask", "prefix", "content"]
FileFormat = Literal["jsonl", "parquet"]

#: Columns of single lanes that say something of a row and are no part of its text.
_FLAT = frozenset({"cross_model", "pass_rate"})


class Left(NamedTuple):
    """A row the trainer cannot take unharmed, and why (a name of docs/trainers.md)."""

    reason: str


class Sample(NamedTuple):
    """One conversation as the trainer renders it.

    Args:
        where: the lane's column its target stands in: `messages`, `chosen`, `rejected`, `completion` or `prompt`.
        messages: what goes into the chat template.
        tools: schemas that go in with them.
        targets: indices of the messages that are trained.
        cut: how the trainer finds what it trains: `mask` by the template's own marks (or everything), `prefix` by
            taking off the rendered messages before, `content` by searching the text of the answer.
        skipped: messages of the row's own conversation that are left out before the first one here, on purpose.
    """

    where: str
    messages: list[Message]
    tools: list[Any] | None
    targets: tuple[int, ...]
    cut: Cut = "prefix"
    skipped: int = 0


class Form(NamedTuple):
    """How a trainer takes one lane.

    Args:
        write: the line of a row, or why there is none.
        read: what the trainer renders of a line.
        usage: lines for its configuration, in Markdown.
        not_carried: columns of the lane that matter and that this trainer has no place for.
        reward: whether `moonshine_reward.py` goes with it.
        provenance_beside: its lines may have no columns of others, so where they come from is told in a file beside.
    """

    write: Callable[[Row, Arguments], Row | Left]
    read: Callable[[Row], list[Sample]]
    usage: str
    not_carried: tuple[str, ...] = ()
    reward: bool = False
    provenance_beside: bool = False


class Trainer(NamedTuple):
    """A trainer, by the lanes it takes.

    Args:
        name: as on the command line.
        title: its name and the version whose reading was checked.
        forms: lanes by name.
        arguments: which forms of tool-call arguments it takes, the default first.
        file_format: what its files are.
        extras: further files of a lane's folder, by name, given the lane and the names of its data files by split.
    """

    name: str
    title: str
    forms: Mapping[str, Form]
    arguments: tuple[Arguments, ...] = ("dict", "string")
    file_format: FileFormat = "jsonl"
    extras: Callable[[str, Mapping[str, str]], Mapping[str, str]] = lambda _lane, _files: {}


def provenance(row: Row) -> Row:
    """The flat columns beside what is trained: trainers were seen to pass over them."""
    return {name: value for name, value in row.items() if name in PROVENANCE or name in _FLAT}


def with_arguments(messages: list[Message], arguments: Arguments) -> list[Message]:
    """Messages whose tool calls have their arguments in the wanted form; the others are the same objects."""
    return messages if arguments == "dict" else [_as_text(message) for message in messages]


def _as_text(message: Message) -> Message:
    if not message.get("tool_calls"):
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": compact(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def compact(value: Any) -> str:
    """JSON on one line, as it stands in exports."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def uses_tools(messages: list[Message]) -> bool:
    return any(message["role"] == "tool" or message.get("tool_calls") for message in messages)


def answers(messages: list[Message]) -> tuple[int, ...]:
    """Indices of the model's messages."""
    return tuple(index for index, message in enumerate(messages) if message["role"] == "assistant")


def conversation(line: Row) -> list[Sample]:
    """`messages`, of which every answer is trained where the template marks it, or everything."""
    return [Sample("messages", line["messages"], line.get("tools"), answers(line["messages"]), cut="mask")]


def pair(line: Row) -> list[Sample]:
    """`prompt` and both sides, each after the rendered prompt."""
    return [after_prompt(line, side) for side in ("chosen", "rejected")]


def after_prompt(line: Row, side: str) -> Sample:
    messages = [*line["prompt"], *line[side]]
    return Sample(side, messages, line.get("tools"), tuple(range(len(line["prompt"]), len(messages))))


def question(line: Row) -> list[Sample]:
    """A prompt the trainer has the model answer by itself."""
    return [Sample("prompt", line["prompt"], line.get("tools"), ())]


def own_samples(row: Row, lane: str) -> list[Sample]:
    """What a row of a lane says, whoever renders it: the measure for what a trainer makes of it."""
    if lane in ("conversational", "agentic_code"):
        return conversation(row)
    if lane == "dpo":
        return pair(row)
    return [after_prompt(row, "completion")] if lane == "kto" else question(row)
