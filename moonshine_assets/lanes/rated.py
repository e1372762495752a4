"""Which of two answers did a person say is the better one? (explicit ratings, preferences and comparisons)"""

from __future__ import annotations

from collections.abc import Iterator

from moonshine_assets.lanes.answers import Answer
from moonshine_assets.lanes.trees import Conversation, Turn

#: Words by which a comparison prefers the message that its row is about.
_PREFERRED = frozenset({"chosen", "original", "new"})
_REJECTED = "rejected"

#: The better and the worse answer.
Pair = tuple[Answer, Answer]


def stated_pairs(conversation: Conversation, prompt: Turn, siblings: list[Answer]) -> list[Pair]:
    """The pairs of answers to a prompt of which a person said which is better, in the mash's order, each once.

    A preference speaks of two answers: of those it names, or, where it names no other, of the only two there are.
    Thumbs speak where one answer has one up and another has one down. Somebody may have said both of a pair.
    """
    said = [turn for turn in conversation.turns if turn.rating or turn.choices]
    if not said:
        return []
    holders = {
        turn.message_id: holder for turn in said if (holder := _holder(conversation, prompt, siblings, turn.message_id))
    }
    found = [
        *_preferences(conversation, prompt, siblings, said, holders),
        *(
            (holders[better.message_id], holders[worse.message_id])
            for better in said
            for worse in said
            if better.rating == "up"
            and worse.rating == "down"
            and better.message_id in holders
            and worse.message_id in holders
        ),
    ]
    distinct = {(better.turn.message_id, worse.turn.message_id): (better, worse) for better, worse in found}
    rank = conversation.rank
    return [distinct[pair] for pair in sorted(distinct, key=lambda ids: [rank[i] for i in ids]) if pair[0] != pair[1]]


def _preferences(
    conversation: Conversation,
    prompt: Turn,
    siblings: list[Answer],
    said: list[Turn],
    holders: dict[str, Answer],
) -> Iterator[Pair]:
    for turn in said:
        mine = holders.get(turn.message_id)
        for value, other_id in turn.choices if mine is not None else ():
            if other_id is not None:
                other = _holder(conversation, prompt, siblings, other_id)
            else:
                other = next((one for one in siblings if one is not mine), None) if len(siblings) == 2 else None
            if mine is None or other is None:
                continue
            if value in _PREFERRED:
                yield mine, other
            elif value == _REJECTED:
                yield other, mine


def _holder(conversation: Conversation, prompt: Turn, siblings: list[Answer], message_id: str) -> Answer | None:
    """The answer to the prompt that a message is part of: below its first message, or on the way to it alone."""
    turn = conversation.by_id.get(message_id)
    if turn is None:
        return None
    by_id = {answer.turn.message_id: answer for answer in siblings}
    for above in conversation.above(turn):
        if above.message_id in by_id:
            return by_id[above.message_id]
        if above.is_human:
            break
    leading = [
        answer
        for answer in siblings
        if turn is not prompt and any(at is turn for at in _way(conversation, prompt, answer))
    ]
    return leading[0] if len(leading) == 1 else None


def _way(conversation: Conversation, prompt: Turn, answer: Answer) -> Iterator[Turn]:
    for above in conversation.above(answer.turn):
        if above is prompt:
            return
        yield above
