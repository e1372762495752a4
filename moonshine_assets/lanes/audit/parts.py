"""A row as titled texts, for people and models to judge it by."""

from __future__ import annotations

import json
from typing import NamedTuple

from moonshine_assets.lanes.rows import Row


class Part(NamedTuple):
    title: str
    text: str


def parts(row: Row, lane: str) -> list[Part]:
    """What a row says, its own words last."""
    if lane in ("conversational", "agentic_code"):
        told = [Part("conversation", _dialogue(row["messages"]))]
        return [Part("outcome", _outcome(row)), *told] if lane == "agentic_code" else told
    shown = [Part("prompt", _dialogue(row["prompt"]))]
    if lane == "dpo":
        shown += [Part(side, _dialogue(row[side], bare=True)) for side in ("chosen", "rejected")]
    elif lane == "kto":
        shown.append(Part("answer", _dialogue(row["completion"], bare=True)))
        shown.append(Part("label", "good" if row["label"] else "bad"))
    else:
        shown.append(Part("ground truth", f"{row['ground_truth']}  ({row['verifier']})"))
        shown += [
            Part(f"recorded answer, reward {reference['reward']:g}", str(reference["completion"]))
            for reference in row["reference_group"]
        ]
    return shown


def _dialogue(messages: list[Row], *, bare: bool = False) -> str:
    return "\n\n".join(_message(message, bare=bare) for message in messages)


def _message(message: Row, *, bare: bool) -> str:
    calls = [
        f"→ {call['function']['name']} {json.dumps(call['function']['arguments'], ensure_ascii=False)}"
        for call in message.get("tool_calls") or []
    ]
    text = "\n".join([*([message["content"]] if message["content"] else []), *calls])
    return text if bare else f"[{message['role']}]\n{text}"


def _outcome(row: Row) -> str:
    failed = sum(step == 0 for step in row["step_ok"])
    return f"{row['outcome']}; {len(row['step_ok'])} calls, {failed} failed"
