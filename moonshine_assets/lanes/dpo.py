"""DPO lane: pairs of answers to one prompt, with evidence for both sides.

Tier D1 `rated_pair`: the person said which answer is better. Tier D2 `regen_continued`: the person went on from one
answer and left another one behind. Where something was said of a prompt's answers, that alone decides. Tier D3, extra
rows: `retry_accepted` (see retries) and `edited_continued`, which is D2 over two wordings of one prompt.
"""

from __future__ import annotations

from collections.abc import Iterator

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes import balance
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.dialogue import Dialogue, dialogue
from moonshine_assets.lanes.edits import same_prompt
from moonshine_assets.lanes.feedback import apologises, negative_rule
from moonshine_assets.lanes.pairs import cross_model, shares_prefix, too_similar, unfit, unlike
from moonshine_assets.lanes.rated import Pair, stated_pairs
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.repeats import drop_repeats
from moonshine_assets.lanes.retries import retries
from moonshine_assets.lanes.rows import CORE, EXTRA, TIERS, Refused, Row, Stamp, provenance
from moonshine_assets.lanes.trees import Conversation, Turn

RATED = "rated_pair"
CONTINUED = "regen_continued"
EDITED = "edited_continued"
RETRIED = "retry_accepted"
#: A retry needs a prompt, a complaint and what the person said of the second answer.
_RETRY_TURNS = 3


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    return None if exchange.other_answers or exchange.human_turns >= _RETRY_TURNS else "no_second_answer"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate a human message with two answers or more, and one an answer that was rejected and tried again.

    One in all when there is neither.
    """
    pairs = 0
    candidates = 0
    for verdict in _verdicts(conversation, policy, stamp):
        candidates += 1
        if not isinstance(verdict, Refused):
            pairs += 1
            if pairs > policy.lanes.dpo.maximum_pairs_per_conversation:
                verdict = Refused("conversation_cap", verdict["record_uid"])
        yield verdict
    if not candidates:
        yield Refused("no_second_answer")


def facts(row: Row) -> dict[str, float | int | str]:
    """Lengths of the two answers, in characters."""
    return {side: len(row[side][0]["content"]) for side in ("chosen", "rejected")}


def finish(books: Books, policy: Policy) -> dict[str, float]:
    """No pair twice, length balance in each tier, and what is left of length and apologies."""
    drop_repeats(books)
    for tier in TIERS:
        balance.drop_excess(books, tier, policy.lanes.dpo)
    rows = books.rows()
    apologies = sum(
        any(apologises(row[side][0]["content"], policy.lanes.dpo) for side in ("chosen", "rejected")) for row in rows
    )
    return {
        "chosen_longer_share": round(balance.chosen_longer_share([e for e in books.entries if e.tier == CORE]), 4),
        "chosen_longer_share_extra": round(
            balance.chosen_longer_share([e for e in books.entries if e.tier == EXTRA]), 4
        ),
        "apology_share": round(apologies / len(rows), 4) if rows else 0.0,
    }


def _verdicts(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """Pairs of stronger evidence first: the cap takes from the end."""
    used: set[str] = set()
    for prompt in conversation.turns:
        if not prompt.is_human:
            continue
        siblings = answers(conversation, prompt)
        verdict = None
        if len(siblings) > 1:
            stated = stated_pairs(conversation, prompt, siblings)
            if stated:
                verdict = _rated(conversation, prompt, stated, policy, stamp)
            else:
                verdict = _continued(conversation, prompt, siblings, policy, stamp)
        elif siblings and prompt.on_active_path:
            verdict = _edited(conversation, prompt, siblings[0], policy, stamp)
        if verdict is not None:
            if isinstance(verdict, Refused):
                verdict = verdict._replace(about=_shown(siblings).record_uid)
            else:
                used.add(verdict["record_uid"])
            yield verdict
    for retry in retries(conversation, policy):
        if isinstance(retry, Refused):
            yield retry
        elif retry.chosen.record_uid not in used:
            shared = _shared(conversation, retry.prompt, retry.chosen, retry.rejected, policy)
            if isinstance(shared, Refused):
                yield shared._replace(about=retry.chosen.record_uid)
                continue
            yield _row(
                conversation,
                shared,
                retry.chosen,
                retry.rejected,
                stamp,
                signal=RETRIED,
                confidence=policy.lanes.dpo.retry_confidence,
                tier=EXTRA,
                stripped=len(retry.chosen.prose) - len(retry.answer),
            )


def _shown(siblings: list[Answer]) -> Turn:
    """The answer on the active path, else the first: what a refused candidate is known by."""
    return next((answer.turn for answer in siblings if answer.turn.on_active_path), siblings[0].turn)


def _rated(conversation: Conversation, prompt: Turn, stated: list[Pair], policy: Policy, stamp: Stamp) -> Row | Refused:
    """The first stated pair that is fit; when none is, the reason of the first is the candidate's.

    How far apart the answers are in length and time does not matter here: nothing is inferred from them.
    """
    reasons: list[str] = []
    for chosen, rejected in stated:
        reason = unfit(chosen, policy) or unfit(rejected, policy) or too_similar(chosen.turn, rejected.turn, policy)
        if any(better is rejected and worse is chosen for better, worse in stated):
            reason = "contradictory_ratings"
        if reason:
            reasons.append(reason)
            continue
        shared = _shared(conversation, prompt, chosen.turn, rejected.turn, policy)
        if isinstance(shared, Refused):
            return shared
        confidence = policy.lanes.dpo.rated_pair_confidence
        return _row(conversation, shared, chosen.turn, rejected.turn, stamp, signal=RATED, confidence=confidence)
    return Refused(reasons[0])


def _continued(
    conversation: Conversation, prompt: Turn, siblings: list[Answer], policy: Policy, stamp: Stamp
) -> Row | Refused:
    chosen = next((answer for answer in siblings if answer.turn.on_active_path), None)
    if chosen is None:
        return Refused("prompt_off_active_path")
    refusal = unfit(chosen, policy) or _not_continued(chosen, policy)
    if refusal:
        return Refused(refusal)
    rejected = _rejected(chosen, siblings, policy)
    if isinstance(rejected, Refused):
        return rejected
    shared = _shared(conversation, prompt, chosen.turn, rejected.turn, policy)
    if isinstance(shared, Refused):
        return shared
    confidence = policy.lanes.dpo.label_confidence
    return _row(conversation, shared, chosen.turn, rejected.turn, stamp, signal=CONTINUED, confidence=confidence)


def _edited(
    conversation: Conversation, prompt: Turn, chosen: Answer, policy: Policy, stamp: Stamp
) -> Row | Refused | None:
    """The answer to a prompt, against one to an earlier wording of it that says the same; None: there is none."""
    wordings = [
        other
        for other in conversation.siblings(prompt)
        if other.is_human and same_prompt(prompt.prose, other.prose, policy.lanes.dpo.edited_prompt_similarity)
    ]
    others = [answer for wording in wordings for answer in answers(conversation, wording)]
    if not others:
        return None
    refusal = unfit(chosen, policy) or _not_continued(chosen, policy)
    if refusal:
        return Refused(refusal)
    rejected = _rejected(chosen, others, policy)
    if isinstance(rejected, Refused):
        return rejected
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    if isinstance(shared, Refused):
        return Refused(f"prompt_{shared.reason}")
    confidence = policy.lanes.dpo.label_confidence
    return _row(
        conversation, shared, chosen.turn, rejected.turn, stamp, signal=EDITED, confidence=confidence, tier=EXTRA
    )


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
        reason = (
            "both_continued" if other.follow_ups else unfit(other, policy) or unlike(chosen.turn, other.turn, policy)
        )
        if reason:
            reasons.append(reason)
        else:
            fit.append(other)
    if not fit:
        return Refused(reasons[0])
    return min(fit, key=lambda other: cross_model(chosen.turn, other.turn))


def _shared(
    conversation: Conversation, prompt: Turn, chosen: Turn, rejected: Turn, policy: Policy
) -> Dialogue | Refused:
    """The dialogue down to the prompt, which both answers must have above them, message by message."""
    if not shares_prefix(conversation, prompt, chosen, rejected):
        return Refused("prefix_differs")
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    return Refused(f"prompt_{shared.reason}") if isinstance(shared, Refused) else shared


def _row(
    conversation: Conversation,
    shared: Dialogue,
    chosen: Turn,
    rejected: Turn,
    stamp: Stamp,
    *,
    signal: str,
    confidence: float,
    tier: str = CORE,
    stripped: int = 0,
) -> Row:
    return {
        "prompt": shared.messages,
        "chosen": [{"role": "assistant", "content": chosen.prose[stripped:]}],
        "rejected": [{"role": "assistant", "content": rejected.prose}],
        "cross_model": cross_model(chosen, rejected),
        "stripped_characters": stripped,
        **provenance(
            conversation,
            stamp,
            record_uid=chosen.record_uid,
            turns=[*shared.turns, chosen, rejected],
            signal=signal,
            label_confidence=confidence,
            tokens=shared.tokens + chosen.prose_tokens + rejected.prose_tokens,
            models=[chosen.model, rejected.model],
            tier=tier,
        ),
    }
