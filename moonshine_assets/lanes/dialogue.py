"""Prose dialogue: runs of human and model messages as alternating trainer messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from moonshine_assets.distill.policy import Answers
from moonshine_assets.lanes.rows import Refused, Row
from moonshine_assets.lanes.trees import Turn
from moonshine_assets.providers.rows import BLOCK_SEPARATOR


class Dialogue(NamedTuple):
    """Messages that start with user and alternate, the turns they were made of, and the tokens of their texts."""

    messages: list[Row]
    turns: list[Turn]
    tokens: int


def dialogue(turns: Iterable[Turn], rules: Answers) -> Dialogue | Refused:
    """The turns as `{"role", "content"}` messages; consecutive model messages become one.

    Injected and hidden messages, and model messages without prose, are passed over. Refused: tool_calls, not_text_only
    (a file, picture, sound, code cell, error or unknown part), blank_human_turn, incomplete_answer, starts_with_model,
    human_turns_in_a_row, no_dialogue.
    """
    messages: list[Row] = []
    used: list[Turn] = []
    for turn in turns:
        if turn.uses_tools:
            return Refused("tool_calls")
        if not (turn.is_human or turn.is_model):
            continue
        if not turn.is_plain:
            return Refused("not_text_only")
        prose = turn.prose
        if turn.is_model and not prose:
            continue
        if not prose:
            return Refused("blank_human_turn")
        if turn.is_model and not turn.is_complete(rules):
            return Refused("incomplete_answer")
        role = "user" if turn.is_human else "assistant"
        last = messages[-1]["role"] if messages else None
        if role == "assistant" and last is None:
            return Refused("starts_with_model")
        if role == "user" and last == "user":
            return Refused("human_turns_in_a_row")
        if role == last:
            messages[-1]["content"] += BLOCK_SEPARATOR + prose
        else:
            messages.append({"role": role, "content": prose})
        used.append(turn)
    if not messages:
        return Refused("no_dialogue")
    return Dialogue(messages, used, sum(turn.prose_tokens for turn in used))
