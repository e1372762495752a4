"""Trainer lint: the rules by which rows are read without a crash and without silent damage (LANES-FACTS §1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from moonshine_assets.lanes.build import lane_named
from moonshine_assets.lanes.columns import CONTENT, JSON_LIST, NULLABLE, PROVENANCE
from moonshine_assets.lanes.rows import TIERS, Row
from moonshine_assets.lanes.splits import SPLITS
from moonshine_assets.lanes.tool_calls import holds_null
from moonshine_assets.lanes.verifiers import VERIFIERS

#: Columns by which trainers take a conversational row for one of another kind.
FORBIDDEN = frozenset({"prompt", "completion", "chosen", "rejected", "label", "text", "images"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_Told = Iterator[tuple[str, str]]


class Finding(NamedTuple):
    """A broken rule: the row's record_uid, the rule's name, and the place in the row. Never any text of it."""

    record_uid: str
    rule: str
    where: str


def lint(rows: Iterable[Row], lane: str) -> list[Finding]:
    """Every broken rule in the rows of a lane; an empty list is a pass.

    Raises:
        BadInput: there is no such lane.
    """
    lane_named(lane)
    findings: list[Finding] = []
    seen: set[str] = set()
    pairs: set[str] = set()
    sides: dict[tuple[object, object], object] = {}
    for row in rows:
        uid = str(row.get("record_uid") or "")
        told = [*_columns(row, lane), *_provenance(row)]
        shape = [*_shape(row, lane)]
        told += shape
        # A row that is not of the lane's shape cannot be read any further.
        if not shape:
            told += [*_messages(row, lane), *_BY_LANE[lane](row)]
            if lane == "dpo":
                pair = _pair_of(row)
                told += [("repeated_pair", "chosen")] if pair in pairs else []
                pairs.add(pair)
        side = sides.setdefault((row.get("provider"), row.get("conversation_id")), row.get("split"))
        if side != row.get("split"):
            told.append(("conversation_on_both_sides", "split"))
        if uid in seen:
            told.append(("repeated_record_uid", "record_uid"))
        seen.add(uid)
        findings += [Finding(uid, rule, where) for rule, where in told]
    return findings


def _columns(row: Row, lane: str) -> _Told:
    expected = {**CONTENT[lane], **PROVENANCE}
    for name in row:
        if lane == "conversational" and name in FORBIDDEN:
            yield "forbidden_column", name
        elif name not in expected:
            yield "unknown_column", name


def _shape(row: Row, lane: str) -> _Told:
    for name, type_ in CONTENT[lane].items():
        if name not in row:
            yield "missing_column", name
        elif row[name] is None:
            if name not in NULLABLE:
                yield "null_column", name
        elif type_ == JSON_LIST and not (
            isinstance(row[name], list) and all(isinstance(item, dict) for item in row[name])
        ):
            yield "not_a_list_of_objects", name


def _provenance(row: Row) -> _Told:
    for name, allowed in (("tier", TIERS), ("split", SPLITS)):
        if row.get(name) is not None and row[name] not in allowed:
            yield "unknown_value", name
    for name in PROVENANCE:
        if name not in row:
            yield "missing_provenance", name
        elif row[name] is None or row[name] == "" or row[name] == []:
            yield "empty_provenance", name


def _messages(row: Row, lane: str) -> _Told:
    for name, type_ in CONTENT[lane].items():
        if type_ != JSON_LIST:
            continue
        for index, item in enumerate(row[name]):
            where = f"{name}[{index}]"
            if holds_null(item):
                yield "null_inside", where
            if name == "tools":
                yield from _schema(item, where)
            elif name != "reference_group":
                yield from _message(item, where)


def _message(message: dict[str, Any], where: str) -> _Told:
    if message.get("role") not in _ROLES:
        yield "unknown_role", where
    if not isinstance(message.get("content"), str):
        yield "content_not_text", where
    elif not message["content"].strip() and message.get("role") != "tool" and not message.get("tool_calls"):
        yield "empty_message", where
    for index, call in enumerate(message.get("tool_calls") or []):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not function.get("name"):
            yield "call_without_name", f"{where}.tool_calls[{index}]"
        elif not isinstance(function.get("arguments"), dict):
            yield "arguments_not_an_object", f"{where}.tool_calls[{index}]"


def _schema(tool: dict[str, Any], where: str) -> _Told:
    function = tool.get("function")
    if not isinstance(function, dict) or not function.get("name"):
        yield "tool_without_name", where
    elif not isinstance(function.get("description"), str):
        yield "tool_without_description", where


def _ends_with(row: Row, name: str, roles: tuple[str, ...], rule: str) -> _Told:
    messages = row[name]
    if not messages or messages[-1].get("role") not in roles:
        yield rule, name


def _conversational(row: Row) -> _Told:
    yield from _ends_with(row, "messages", ("assistant",), "last_message_not_assistant")


def _pair_of(row: Row) -> str:
    """A prompt with its two answers, whichever of them is the chosen one."""
    sides = sorted(json.dumps(row[side], sort_keys=True) for side in ("chosen", "rejected"))
    return json.dumps([row["prompt"], sides], sort_keys=True)


def _dpo(row: Row) -> _Told:
    yield from _ends_with(row, "prompt", ("user", "tool"), "last_prompt_role")
    for side in ("chosen", "rejected"):
        yield from _ends_with(row, side, ("assistant",), "empty_target")
    if row["chosen"] == row["rejected"]:
        yield "equal_sides", "chosen"


def _kto(row: Row) -> _Told:
    yield from _ends_with(row, "prompt", ("user", "tool"), "last_prompt_role")
    yield from _ends_with(row, "completion", ("assistant",), "empty_target")
    if not isinstance(row["label"], bool):
        yield "label_not_boolean", "label"


def _grpo(row: Row) -> _Told:
    yield from _ends_with(row, "prompt", ("user", "tool"), "last_prompt_role")
    if not row["ground_truth"]:
        yield "empty_target", "ground_truth"
    verifier = VERIFIERS.get(row["verifier"])
    if verifier is None:
        yield "unknown_verifier", "verifier"
    try:
        arguments = json.loads(row["verifier_args"])
    except (TypeError, ValueError):
        arguments = None
    if not isinstance(arguments, dict):
        yield "verifier_args_not_an_object", "verifier_args"
    if verifier is None or not isinstance(arguments, dict) or not row["ground_truth"]:
        return
    for index, reference in enumerate(row["reference_group"]):
        truth = verifier.reward(str(reference.get("completion")), row["ground_truth"], arguments)
        if reference.get("reward") != truth:
            yield "reward_not_reproduced", f"reference_group[{index}]"
    if not any(reference.get("reward") == 1 for reference in row["reference_group"]):
        yield "no_reference_passes", "reference_group"


def _agentic_code(row: Row) -> _Told:
    yield from _ends_with(row, "messages", ("assistant",), "last_message_not_assistant")
    waiting: list[Any] = []
    calls = 0
    for index, message in enumerate(row["messages"]):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in waiting or not message.get("name"):
                yield "result_without_call", f"messages[{index}]"
            else:
                waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            yield "call_without_result", f"messages[{index}]"
            waiting = []
        waiting = [call.get("id") for call in message.get("tool_calls") or [] if isinstance(call, dict)]
        calls += len(waiting)
    if waiting:
        yield "call_without_result", "messages"
    if not calls:
        yield "no_calls", "messages"
    if not row["tools"]:
        yield "empty_tools", "tools"
    cut = row["truncated_tokens"]
    if not isinstance(cut, list) or len(cut) != calls:
        yield "truncated_tokens_do_not_match_calls", "truncated_tokens"
    steps = row["step_ok"]
    if not isinstance(steps, list) or len(steps) != calls or any(step not in (0, 1) for step in steps):
        yield "step_ok_does_not_match_calls", "step_ok"


_BY_LANE: dict[str, Callable[[Row], _Told]] = {
    "conversational": _conversational,
    "dpo": _dpo,
    "kto": _kto,
    "grpo": _grpo,
    "agentic_code": _agentic_code,
}
