"""An answer that was rejected, tried again, and accepted: the hindsight pair on the first prompt.

The complaint may only say that the first answer was bad. One that says what would be right is no pair: the second
answer would use what the first prompt does not hold, and teach guessing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.corrections import new_words, quotes, repeats
from moonshine_assets.lanes.feedback import advances, apologises, negative_rule, positive_rule, without_apology
from moonshine_assets.lanes.pairs import unfit, unlike
from moonshine_assets.lanes.rows import Refused
from moonshine_assets.lanes.trees import Conversation, Turn


class Retry(NamedTuple):
    """The prompt, the answer that was rejected, the one that was accepted; `answer` is its text without apology."""

    prompt: Turn
    rejected: Turn
    chosen: Turn
    answer: str


def retries(conversation: Conversation, policy: Policy) -> Iterator[Retry | Refused]:
    """One verdict for each complaint about an answer on the active path that was answered again."""
    said = [turn for turn in conversation.path() if turn.is_human]
    for rank in range(len(said) - 1):
        prompt, complaint = said[rank], said[rank + 1]
        first = _answer(conversation, prompt)
        if first is None or not _complains(complaint, first, policy):
            continue
        second = _answer(conversation, complaint)
        if second is not None:
            verdict = _judged(prompt, complaint, first, second, said[rank + 2 :], policy)
            yield verdict._replace(about=second.turn.record_uid) if isinstance(verdict, Refused) else verdict


def _answer(conversation: Conversation, prompt: Turn) -> Answer | None:
    return next((one for one in answers(conversation, prompt) if one.turn.on_active_path), None)


def _complains(complaint: Turn, answer: Answer, policy: Policy) -> bool:
    return bool(negative_rule(complaint.prose, answer.turn.prose, policy.lanes.dpo.negative_rules))


def _judged(
    prompt: Turn, complaint: Turn, first: Answer, second: Answer, then: list[Turn], policy: Policy
) -> Retry | Refused:
    rules = policy.lanes.dpo
    refusal = unfit(first, policy) or unfit(second, policy)
    if refusal:
        return Refused(refusal)
    if new_words(complaint.prose, prompt.prose) > rules.retry_maximum_new_words and not repeats(
        complaint.prose, prompt.prose
    ):
        return Refused("correction_adds_information")
    if not then:
        return Refused("retry_not_continued")
    answer = second.turn.prose
    if not (positive_rule(then[0].prose, rules.positive_rules) or advances(then[0].prose, rules)):
        return Refused("retry_not_accepted")
    if any(negative_rule(turn.prose, answer, rules.negative_rules) for turn in then[: rules.retry_follow_ups]):
        return Refused("retry_rejected_again")
    kept = without_apology(answer, rules)
    if not kept.strip() or apologises(kept, rules):
        return Refused("nothing_but_apology")
    if quotes(kept, complaint.prose):
        return Refused("answer_quotes_the_complaint")
    reason = unlike(second.turn, first.turn, policy)
    return Refused(reason) if reason else Retry(prompt, first.turn, second.turn, kept)
