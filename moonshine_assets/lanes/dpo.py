"""DPO lane: pairs of answers to one prompt.

Tier D1 `rated_pair`: the person said which answer is better. Tier D2 `regen_continued`: the person went on from one
answer and left another one behind. Where something was said of a prompt's answers, that alone decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.dialogue import Dialogue, dialogue
from moonshine_assets.lanes.feedback import negative_rule
from moonshine_assets.lanes.rated import Pair, stated_pairs
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.rows import Refused, Row, Stamp, provenance
from moonshine_assets.lanes.similarity import jaccard
from moonshine_assets.lanes.trees import Conversation, Turn

RATED = "rated_pair"
CONTINUED = "regen_continued"


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.other_answers else "no_second_answer"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate a human message with two answers or more; one in all when there is no such message."""
    pairs = 0
    candidates = 0
    for prompt in conversation.turns:
        if not prompt.is_human:
            continue
        siblings = answers(conversation, prompt)
        if len(siblings) < 2:
            continue
        candidates += 1
        stated = stated_pairs(conversation, prompt, siblings)
        if stated:
            verdict = _rated(conversation, prompt, stated, policy, stamp)
        else:
            verdict = _pair(conversation, prompt, siblings, policy, stamp)
        if not isinstance(verdict, Refused):
            pairs += 1
            if pairs > policy.lanes.dpo.maximum_pairs_per_conversation:
                verdict = Refused("conversation_cap")
        yield verdict
    if not candidates:
        yield Refused("no_second_answer")


def _rated(conversation: Conversation, prompt: Turn, stated: list[Pair], policy: Policy, stamp: Stamp) -> Row | Refused:
    """The first stated pair that is fit; when none is, the reason of the first is the candidate's.

    How far apart the answers are in length and time does not matter here: nothing is inferred from them.
    """
    reasons: list[str] = []
    for chosen, rejected in stated:
        reason = _unfit(chosen, policy) or _unfit(rejected, policy) or _too_similar(chosen, rejected, policy)
        if any(better is rejected and worse is chosen for better, worse in stated):
            reason = "contradictory_ratings"
        if reason:
            reasons.append(reason)
            continue
        shared = dialogue(conversation.path_to(prompt), policy.answers)
        if isinstance(shared, Refused):
            return Refused(f"prompt_{shared.reason}")
        confidence = policy.lanes.dpo.rated_pair_confidence
        return _row(conversation, shared, chosen.turn, rejected.turn, RATED, confidence, stamp)
    return Refused(reasons[0])


def _pair(
    conversation: Conversation, prompt: Turn, siblings: list[Answer], policy: Policy, stamp: Stamp
) -> Row | Refused:
    chosen = next((answer for answer in siblings if answer.turn.on_active_path), None)
    if chosen is None:
        return Refused("prompt_off_active_path")
    refusal = _unfit(chosen, policy) or _not_continued(chosen, policy)
    if refusal:
        return Refused(refusal)
    rejected = _rejected(chosen, siblings, policy)
    if isinstance(rejected, Refused):
        return rejected
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    if isinstance(shared, Refused):
        return Refused(f"prompt_{shared.reason}")
    confidence = policy.lanes.dpo.label_confidence
    return _row(conversation, shared, chosen.turn, rejected.turn, CONTINUED, confidence, stamp)


def _unfit(answer: Answer, policy: Policy) -> str | None:
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


def _not_continued(chosen: Answer, policy: Policy) -> str | None:
    """Why the follow-ups are no evidence for the answer on the active path, or None."""
    if not any(turn.on_active_path and turn.prose for turn in chosen.follow_ups):
        return "not_continued"
    answer = chosen.turn.prose
    for turn in chosen.follow_ups:
        if negative_rule(turn.prose, answer, policy.lanes.dpo.negative_rules):
            return "continued_with_a_complaint"
    return None


def _rejected(chosen: Answer, siblings: list[Answer], policy: Policy) -> Answer | Refused:
    """The answer left behind: of those that qualify one of the same model, then the first.

    When none does, the reason of the first sibling is the candidate's.
    """
    reasons: list[str] = []
    fit: list[Answer] = []
    for other in siblings:
        if other is chosen:
            continue
        reason = "both_continued" if other.follow_ups else _unfit(other, policy) or _unlike(chosen, other, policy)
        if reason:
            reasons.append(reason)
        else:
            fit.append(other)
    if not fit:
        return Refused(reasons[0])
    return min(fit, key=lambda other: _cross_model(chosen.turn, other.turn))


def _unlike(chosen: Answer, other: Answer, policy: Policy) -> str | None:
    """Why two fit answers are no fair comparison, or None."""
    rules = policy.lanes.dpo
    lengths = sorted((len(chosen.turn.prose), len(other.turn.prose)))
    if lengths[1] > lengths[0] * rules.maximum_length_ratio:
        return "lengths_too_different"
    if chosen.turn.created_at is None or other.turn.created_at is None:
        return "time_unknown"
    if abs(chosen.turn.created_at - other.turn.created_at) > timedelta(hours=rules.maximum_hours_apart):
        return "too_far_apart_in_time"
    return _too_similar(chosen, other, policy)


def _too_similar(chosen: Answer, other: Answer, policy: Policy) -> str | None:
    similarity = jaccard(chosen.turn.prose, other.turn.prose)
    return "too_similar" if similarity >= policy.lanes.dpo.maximum_jaccard else None


def _cross_model(one: Turn, other: Turn) -> bool:
    """True unless both answers are known to be of one model."""
    return not one.model or one.model != other.model


def _row(
    conversation: Conversation,
    shared: Dialogue,
    chosen: Turn,
    rejected: Turn,
    signal: str,
    confidence: float,
    stamp: Stamp,
) -> Row:
    return {
        "prompt": shared.messages,
        "chosen": [{"role": "assistant", "content": chosen.prose}],
        "rejected": [{"role": "assistant", "content": rejected.prose}],
        "cross_model": _cross_model(chosen, rejected),
        **provenance(
            conversation,
            stamp,
            record_uid=chosen.record_uid,
            turns=[*shared.turns, chosen, rejected],
            signal=signal,
            label_confidence=confidence,
            tokens=shared.tokens + chosen.prose_tokens + rejected.prose_tokens,
            models=[chosen.model, rejected.model],
        ),
    }
