"""LLaMA-Factory: ShareGPT form with its own roles; people and tools alternate strictly with the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trainers.form import (
    Arguments,
    Form,
    Left,
    Message,
    Sample,
    Trainer,
    answers,
    compact,
    provenance,
)

#: Words around the calls of a message that also has text; most of its templates have these.
_CALLS, _END = "<tool_call>", "</tool_call>"
#: How it joins the results of parallel calls in one observation itself (OpenAIDatasetConverter).
_BETWEEN_RESULTS = "\n</tool_response>\n<tool_response>\n"
_ASKS, _ANSWERS = frozenset({"human", "observation"}), frozenset({"gpt", "function_call"})
_TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "observation_tag": "observation",
    "function_tag": "function_call",
}


class _Unfit(Exception):
    """The conversation has no place in this form; the argument is the reason."""


def _turns(messages: list[Message]) -> tuple[str, list[Message]]:
    """(system, turns) of a conversation.

    Raises:
        _Unfit: it cannot be told in this form.
    """
    system = ""
    turns: list[Message] = []
    for index, message in enumerate(messages):
        if message["role"] == "system":
            if index:
                raise _Unfit("system_message_later_on")
            system = message["content"]
        elif message["role"] == "tool" and turns and turns[-1]["from"] == "observation":
            turns[-1] = {"from": "observation", "value": turns[-1]["value"] + _BETWEEN_RESULTS + message["content"]}
        else:
            turns.append(_turn(message))
    if any(turn["from"] not in (_ANSWERS if index % 2 else _ASKS) for index, turn in enumerate(turns)):
        raise _Unfit("turns_do_not_alternate")
    return system, turns


def _turn(message: Message) -> Message:
    if message["role"] == "user":
        return {"from": "human", "value": message["content"]}
    if message["role"] == "tool":
        return {"from": "observation", "value": message["content"]}
    if not message.get("tool_calls"):
        return {"from": "gpt", "value": message["content"]}
    functions = [call["function"] for call in message["tool_calls"]]
    calls = compact([{"name": function["name"], "arguments": function["arguments"]} for function in functions])
    if _CALLS in message["content"] or _CALLS in calls or _END in calls:
        raise _Unfit("call_marks_in_text")
    if message["content"].strip():
        calls = f"{message['content']}{_CALLS}{calls}{_END}"
    return {"from": "function_call", "value": calls}


def _told(row: Row, messages: list[Message], content: Row) -> Row | Left:
    try:
        system, turns = _turns(messages)
    except _Unfit as unfit:
        return Left(str(unfit))
    tools = compact(row["tools"]) if row.get("tools") else ""
    return {"conversations": turns, "system": system, "tools": tools, **content, **provenance(row)}


def _conversation(row: Row, arguments: Arguments) -> Row | Left:  # noqa: ARG001 - one signature
    extras: Row = {name: row[name] for name in ("outcome", "step_ok") if name in row}
    return _told(row, row["messages"], extras)


def _pair(row: Row, arguments: Arguments) -> Row | Left:  # noqa: ARG001 - one signature
    """Each side is one message, not a list: with a list it finds no valid sample."""
    if any(len(row[side]) > 1 for side in ("chosen", "rejected")):
        return Left("several_messages")
    try:
        sides = {side: _turn(row[side][0]) for side in ("chosen", "rejected")}
    except _Unfit as unfit:
        return Left(str(unfit))
    return _told(row, row["prompt"], sides)


def _judged(row: Row, arguments: Arguments) -> Row | Left:  # noqa: ARG001 - one signature
    return _told(row, [*row["prompt"], *row["completion"]], {"label": row["label"]})


def _read(line: Row, where: str, turns: list[Message], targets: tuple[int, ...] | None = None) -> Sample:
    messages = [{"role": "system", "content": line["system"]}] if line["system"] else []
    for turn in turns:
        messages += _messages(turn)
    tools = json.loads(line["tools"]) if line["tools"] else None
    trained = answers(messages) if targets is None else tuple(len(messages) + index for index in targets)
    return Sample(where, messages, tools, trained, cut="mask" if targets is None else "prefix")


def _messages(turn: Message) -> list[Message]:
    """A turn as LLaMA-Factory's formatters take it apart before they fill their templates."""
    value = turn["value"]
    if turn["from"] == "observation":
        return [{"role": "tool", "content": part} for part in value.split(_BETWEEN_RESULTS)]
    if turn["from"] != "function_call":
        return [{"role": "user" if turn["from"] == "human" else "assistant", "content": value}]
    text, marked, rest = value.partition(_CALLS)
    calls: list[Any] = json.loads(rest.partition(_END)[0] if marked else value)
    return [
        {
            "role": "assistant",
            "content": text if marked else "",
            "tool_calls": [{"type": "function", "function": call} for call in calls],
        }
    ]


def _described(lane: str, files: Mapping[str, str]) -> Mapping[str, str]:
    """dataset_info.json: one data set a split."""
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    if lane == "dpo":
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    if lane == "kto":
        columns["kto_tag"] = "label"
    info = {
        f"moonshine_{lane}_{split}": {
            "file_name": name,
            "formatting": "sharegpt",
            **({"ranking": True} if lane == "dpo" else {}),
            "columns": columns,
            "tags": _TAGS,
        }
        for split, name in files.items()
    }
    return {"dataset_info.json": json.dumps(info, indent=2) + "\n"}


def _usage(lane: str, stage: str) -> str:
    return (
        f"```yaml\nstage: {stage}\ndataset_dir: .                # this folder: dataset_info.json is in it\n"
        f"dataset: moonshine_{lane}_train\neval_dataset: moonshine_{lane}_validation\n```"
    )


LLAMAFACTORY = Trainer(
    "llamafactory",
    "LLaMA-Factory 0.9.5",
    {
        "conversational": Form(
            _conversation,
            lambda line: [_read(line, "messages", line["conversations"])],
            _usage("conversational", "sft"),
        ),
        "dpo": Form(
            _pair,
            lambda line: [
                _read(line, side, [*line["conversations"], line[side]], (-1,)) for side in ("chosen", "rejected")
            ],
            _usage("dpo", "dpo"),
        ),
        "kto": Form(
            _judged, lambda line: [_read(line, "completion", line["conversations"], (-1,))], _usage("kto", "kto")
        ),
        "agentic_code": Form(
            _conversation,
            lambda line: [_read(line, "messages", line["conversations"])],
            _usage("agentic_code", "sft"),
        ),
    },
    arguments=("dict",),
    extras=_described,
)
