"""Conversational lane: whole active paths of prose, human and model in turn."""

from __future__ import annotations

from collections.abc import Iterator

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.dialogue import dialogue
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.rows import Refused, Row, Stamp, provenance
from moonshine_assets.lanes.trees import Conversation

SIGNAL = "active_path"


def skip(exchange: Exchange, policy: Policy) -> str | None:
    """Why a conversation need not be read, or None."""
    if exchange.tools_used:
        return "tool_calls"
    if exchange.human_turns < policy.lanes.conversational.minimum_human_turns:
        return "too_few_human_turns"
    return None


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate: the active path."""
    path = conversation.path()
    spoken = dialogue(path, policy.answers)
    if isinstance(spoken, Refused):
        yield spoken
        return
    if spoken.messages[-1]["role"] != "assistant":
        yield Refused("ends_with_user")
        return
    if sum(turn.is_human for turn in spoken.turns) < policy.lanes.conversational.minimum_human_turns:
        yield Refused("too_few_human_turns")
        return
    yield {
        "messages": spoken.messages,
        **provenance(
            conversation,
            stamp,
            record_uid=conversation.record_uid,
            turns=spoken.turns,
            signal=SIGNAL,
            label_confidence=policy.lanes.conversational.label_confidence,
            tokens=spoken.tokens,
            models=(turn.model for turn in spoken.turns if turn.is_model),
        ),
    }
