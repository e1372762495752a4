"""May two answers be compared? What holds for a pair of whatever evidence."""

from __future__ import annotations

from datetime import timedelta

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.answers import Answer
from moonshine_assets.lanes.similarity import jaccard
from moonshine_assets.lanes.trees import Conversation, Turn


def unfit(answer: Answer, policy: Policy) -> str | None:
    """Why an answer cannot stand on either side of a pair, or None."""
    if answer.with_tools:
        return "tool_calls"
    if answer.in_parts or answer.turn.is_on_the_way:
        return "answer_in_parts"
    if not answer.turn.is_plain:
        return "not_text_only"
    if not answer.turn.is_complete(policy.answers):
        return "incomplete_answer"
    if answer.turn.prose_tokens < policy.lanes.dpo.minimum_tokens:
        return "too_short"
    return None


def unlike(chosen: Turn, other: Turn, policy: Policy) -> str | None:
    """Why two fit answers are no fair comparison, or None."""
    rules = policy.lanes.dpo
    lengths = sorted((len(chosen.prose), len(other.prose)))
    if lengths[1] > lengths[0] * rules.maximum_length_ratio:
        return "lengths_too_different"
    if chosen.lang and other.lang and chosen.lang != other.lang:
        return "languages_differ"
    if chosen.created_at is None or other.created_at is None:
        return "time_unknown"
    if abs(chosen.created_at - other.created_at) > timedelta(hours=rules.maximum_hours_apart):
        return "too_far_apart_in_time"
    return too_similar(chosen, other, policy)


def too_similar(chosen: Turn, other: Turn, policy: Policy) -> str | None:
    similarity = jaccard(chosen.prose, other.prose)
    return "too_similar" if similarity >= policy.lanes.dpo.maximum_jaccard else None


def cross_model(one: Turn, other: Turn) -> bool:
    """True unless both answers are known to be of one model."""
    return not one.model or one.model != other.model


def shares_prefix(conversation: Conversation, prompt: Turn, *replies: Turn) -> bool:
    """Whether every message from the root to the prompt stands above each reply, in this order."""
    prefix = [turn.message_id for turn in conversation.path_to(prompt)]
    return all([turn.message_id for turn in conversation.path_to(reply)][: len(prefix)] == prefix for reply in replies)
