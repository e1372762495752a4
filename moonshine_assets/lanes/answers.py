"""The answers to a prompt: sibling branches below one human message, whatever nodes stand in between."""

from __future__ import annotations

from dataclasses import dataclass, field

from moonshine_assets.lanes.trees import Conversation, Turn


@dataclass(slots=True)
class Answer:
    """The first model message with prose on a branch below a human message.

    Args:
        turn: that message.
        with_tools: tool calls or results stand between the prompt and the next human message of the branch.
        in_parts: further model messages with prose follow before the next human message.
        follow_ups: the human messages that come next, in the mash's order; edits of one another.
    """

    turn: Turn
    with_tools: bool
    in_parts: bool = False
    follow_ups: list[Turn] = field(default_factory=list)


def answers(conversation: Conversation, prompt: Turn) -> list[Answer]:
    """All answers to a human message, in the mash's order. Branches without a model message with prose give none."""
    found: list[Answer] = []
    waiting = [(child, False) for child in conversation.children(prompt)]
    while waiting:
        turn, with_tools = waiting.pop()
        with_tools = with_tools or turn.uses_tools
        if turn.is_human:
            continue
        if turn.answers:
            found.append(_followed(conversation, Answer(turn, with_tools)))
        else:
            waiting.extend((child, with_tools) for child in conversation.children(turn))
    for answer in found:
        answer.follow_ups.sort(key=lambda turn: conversation.rank[turn.message_id])
    return sorted(found, key=lambda answer: conversation.rank[answer.turn.message_id])


def _followed(conversation: Conversation, answer: Answer) -> Answer:
    """Fill in what comes between the answer and the next human messages."""
    waiting = list(conversation.children(answer.turn))
    while waiting:
        turn = waiting.pop()
        if turn.is_human:
            answer.follow_ups.append(turn)
            continue
        answer.with_tools = answer.with_tools or turn.uses_tools
        answer.in_parts = answer.in_parts or turn.answers
        waiting.extend(conversation.children(turn))
    return answer
