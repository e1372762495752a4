"""KTO lane: single answers with evidence on one side only, and a label: was it good?

What makes a pair is in the DPO lane and not here. Said by the person (core): `thumb_up`, `thumb_down`, `praise`,
`complaint`. Shown by what the person did (extra, labels false): `interrupted`, `left_behind`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes import dpo
from moonshine_assets.lanes.answers import Answer, answers
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.dialogue import dialogue
from moonshine_assets.lanes.feedback import negative_rule, positive_rule
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.repeats import drop_repeats
from moonshine_assets.lanes.rows import CORE, EXTRA, Refused, Row, Stamp, provenance
from moonshine_assets.lanes.trees import Conversation, Turn

_INTERRUPTED = "interrupted"
_STOPPED = frozenset({"interrupted", "aborted", "cancelled", "canceled", "user_canceled", "user_cancelled"})


class _Label(NamedTuple):
    signal: str
    good: bool
    tier: str


def skip(exchange: Exchange, policy: Policy) -> str | None:  # noqa: ARG001 - the same question for every lane
    """Why a conversation need not be read, or None."""
    spoken_of = exchange.human_turns > 1 or exchange.other_answers or exchange.rated or exchange.stopped
    return None if spoken_of else "nothing_said"


def judge(conversation: Conversation, policy: Policy, stamp: Stamp) -> Iterator[Row | Refused]:
    """One candidate an answer that somebody said or showed something of; one in all when there is none."""
    paired = _paired(conversation, policy, stamp)
    candidates = rows = 0
    for prompt in conversation.turns:
        for answer in answers(conversation, prompt) if prompt.is_human else ():
            label = _label(conversation, prompt, answer, policy)
            if label is None:
                continue
            candidates += 1
            verdict = label if isinstance(label, Refused) else _row(conversation, prompt, answer, label, policy, stamp)
            if answer.turn.message_id in paired:
                verdict = Refused("in_a_pair")
            if not isinstance(verdict, Refused):
                rows += 1
                if rows > policy.lanes.kto.maximum_rows_per_conversation:
                    verdict = Refused("conversation_cap")
            yield verdict._replace(about=answer.turn.record_uid) if isinstance(verdict, Refused) else verdict
    if not candidates:
        yield Refused("nothing_said")


def facts(row: Row) -> dict[str, float | int | str]:
    return {"good": int(row["label"])}


def finish(books: Books, policy: Policy) -> dict[str, float]:  # noqa: ARG001 - the same question for every lane
    """No answer twice; the share of good ones among the core rows."""
    drop_repeats(books)
    core = [int(entry.facts["good"]) for entry in books.entries if entry.tier == CORE]
    return {"desirable_share": round(sum(core) / len(core), 4) if core else 0.0}


def _paired(conversation: Conversation, policy: Policy, stamp: Stamp) -> set[str]:
    """Ids of the answers that stand in a pair of the conversation."""
    return {
        node
        for verdict in dpo.judge(conversation, policy, stamp)
        if not isinstance(verdict, Refused)
        for node in verdict["node_ids"][-2:]
    }


def _label(conversation: Conversation, prompt: Turn, answer: Answer, policy: Policy) -> _Label | Refused | None:
    """What was said or shown of an answer; said goes before shown, contradictions say nothing."""
    said = {*_rated(answer.turn), *_worded(answer, policy)}
    if len({label.good for label in said}) > 1:
        return Refused("contradictory_ratings")
    if said:
        return min(said, key=lambda label: not label.signal.startswith("thumb"))
    if _stopped(conversation, answer):
        return _Label("interrupted", False, EXTRA)
    left = not answer.turn.on_active_path and not answer.follow_ups and prompt.on_active_path
    return _Label("left_behind", False, EXTRA) if left else None


def _rated(turn: Turn) -> Iterator[_Label]:
    if turn.rating in ("up", "down"):
        yield _Label(f"thumb_{turn.rating}", turn.rating == "up", CORE)


def _worded(answer: Answer, policy: Policy) -> Iterator[_Label]:
    rules = policy.lanes.dpo
    for turn in answer.follow_ups:
        if negative_rule(turn.prose, answer.turn.prose, rules.negative_rules):
            yield _Label("complaint", False, CORE)
        elif positive_rule(turn.prose, rules.positive_rules):
            yield _Label("praise", True, CORE)


def _stopped(conversation: Conversation, answer: Answer) -> bool:
    """Whether the person stopped the answer while it was made: the export says so, or the client wrote it down."""
    return bool(_STOPPED & {answer.turn.status, answer.turn.stop_reason}) or any(
        child.machine == _INTERRUPTED for child in conversation.children(answer.turn)
    )


def _row(
    conversation: Conversation, prompt: Turn, answer: Answer, label: _Label, policy: Policy, stamp: Stamp
) -> Row | Refused:
    turn = answer.turn
    if answer.with_tools:
        return Refused("tool_calls")
    if answer.in_parts or turn.is_on_the_way:
        return Refused("answer_in_parts")
    if not turn.is_plain:
        return Refused("not_text_only")
    if label.signal != "interrupted" and not turn.is_complete(policy.answers):
        return Refused("incomplete_answer")
    if turn.prose_tokens < policy.lanes.kto.minimum_tokens:
        return Refused("too_short")
    shared = dialogue(conversation.path_to(prompt), policy.answers)
    if isinstance(shared, Refused):
        return Refused(f"prompt_{shared.reason}")
    rules = policy.lanes.kto
    confidence = {
        "thumb": rules.rated_confidence,
        "praise": rules.worded_confidence,
        "complaint": rules.worded_confidence,
    }
    return {
        "prompt": shared.messages,
        "completion": [{"role": "assistant", "content": turn.prose}],
        "label": label.good,
        **provenance(
            conversation,
            stamp,
            record_uid=turn.record_uid,
            turns=[*shared.turns, turn],
            signal=label.signal,
            label_confidence=confidence.get(label.signal.partition("_")[0], rules.shown_confidence),
            tokens=shared.tokens + turn.prose_tokens,
            models=[turn.model],
            tier=label.tier,
        ),
    }
