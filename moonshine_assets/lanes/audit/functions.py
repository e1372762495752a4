"""The rules that label answers, held against each other: how often each speaks, and how often two contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.feedback import negative_rule, positive_rule
from moonshine_assets.lanes.trees import Conversation, Turn

THUMB_UP, THUMB_DOWN = "THUMB_UP", "THUMB_DOWN"


class Function(NamedTuple):
    """A labelling function over the answers that a person reacted to.

    Args:
        polarity: 1 where it says that an answer was good, -1 where it says that it was bad.
        fires: answers it speaks of; `overlaps`: of which another function speaks as well; `conflicts`: of which
            another one says the opposite.
        answers: all of them: coverage is fires / answers.
    """

    name: str
    polarity: int
    fires: int
    overlaps: int
    conflicts: int
    answers: int


def functions(conversations: Iterable[Conversation], policy: Policy) -> list[Function]:
    """Coverage, overlap and conflict of every labelling function, in a stable order.

    Asked of each answer on an active path that a human message with words follows or that was rated.
    """
    polarity = _polarities(policy)
    fires, overlaps, conflicts = (dict.fromkeys(polarity, 0) for _ in range(3))
    answers = 0
    for votes in _votes(conversations, policy):
        answers += 1
        for name in votes:
            fires[name] += 1
            overlaps[name] += len(votes) > 1
            conflicts[name] += any(polarity[other] != polarity[name] for other in votes)
    return [
        Function(name, sign, fires[name], overlaps[name], conflicts[name], answers) for name, sign in polarity.items()
    ]


def _polarities(policy: Policy) -> dict[str, int]:
    negative = {rule.name: -1 for rule in policy.lanes.dpo.negative_rules}
    positive = {rule.name: 1 for rule in policy.lanes.dpo.positive_rules}
    return {**negative, **positive, THUMB_UP: 1, THUMB_DOWN: -1}


def _votes(conversations: Iterable[Conversation], policy: Policy) -> Iterator[set[str]]:
    for conversation in conversations:
        for answer, follow_up in _exchanges(conversation.path()):
            if answer.rating or follow_up:
                yield _said(answer, follow_up, policy)


def _exchanges(path: list[Turn]) -> Iterator[tuple[Turn, str]]:
    """Every answer with the words of the human message that comes next, empty where another answer does."""
    answer: Turn | None = None
    for turn in path:
        if answer is not None and (turn.is_human or turn.answers):
            yield answer, turn.prose if turn.is_human else ""
            answer = None
        if turn.answers:
            answer = turn
    if answer is not None:
        yield answer, ""


def _said(answer: Turn, follow_up: str, policy: Policy) -> set[str]:
    votes = {THUMB_UP if answer.rating == "up" else THUMB_DOWN} if answer.rating else set()
    if follow_up:
        rules = policy.lanes.dpo
        votes |= {rule.name for rule in rules.negative_rules if negative_rule(follow_up, answer.prose, (rule,))}
        votes |= {rule.name for rule in rules.positive_rules if positive_rule(follow_up, (rule,))}
    return votes
