"""Conversational lane: whole active paths of prose, human and model in turn."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.books import Books
from moonshine_assets.lanes.dialogue import Dialogue, dialogue
from moonshine_assets.lanes.feedback import negative_rule
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.repeats import drop_repeats
from moonshine_assets.lanes.rows import Refused, Row, Stamp, provenance
from moonshine_assets.lanes.spill import Entry
from moonshine_assets.lanes.strata import quintiles
from moonshine_assets.lanes.topics import cap, topics, words_of
from moonshine_assets.lanes.trees import Conversation

SIGNAL = "active_path"
_COMPRESSION_LEVEL = 1


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
    reason = _unfit(spoken, policy)
    if reason:
        yield Refused(reason)
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


def _unfit(spoken: Dialogue, policy: Policy) -> str | None:
    rules = policy.lanes.conversational
    if spoken.messages[-1]["role"] != "assistant":
        return "ends_with_user"
    humans = [rank for rank, turn in enumerate(spoken.turns) if turn.is_human]
    if len(humans) < rules.minimum_human_turns:
        return "too_few_human_turns"
    last, before = spoken.turns[humans[-1]], spoken.turns[humans[-1] - 1]
    if negative_rule(last.prose, before.prose, policy.lanes.dpo.negative_rules):
        return "last_turn_complains"
    share = sum(turn.prose_tokens for turn in spoken.turns if turn.is_model) / max(1, spoken.tokens)
    if share < rules.minimum_assistant_share:
        return "too_little_of_the_model"
    if share > rules.maximum_assistant_share:
        return "too_little_of_the_person"
    text = "\n".join(message["content"] for message in spoken.messages).encode("utf-8")
    if len(zlib.compress(text, _COMPRESSION_LEVEL)) < rules.minimum_compression_ratio * len(text):
        return "repetitive"
    return None


def facts(row: Row) -> dict[str, float | int | str]:
    """The first human turn (its length and a hash of its words), stratum, and the words that make its topic."""
    first = " ".join(row["messages"][0]["content"].lower().split())
    said = [message["content"] for message in row["messages"] if message["role"] == "user"]
    return {
        "first_turn": sha256(first.encode("utf-8")).hexdigest(),
        "first_turn_characters": len(first),
        "provider": row["provider"],
        "lang": row["lang"],
        "words": words_of(said),
    }


def finish(books: Books, policy: Policy) -> dict[str, float]:
    """Conversations that begin with the same words count once, no topic fills the lane; counts of the strata."""
    rules = policy.lanes.conversational
    drop_repeats(books)
    longest: dict[str, str] = {}
    for entry in sorted(books.entries, key=lambda entry: (-entry.tokens, entry.record_uid)):
        longest.setdefault(str(entry.facts["first_turn"]), entry.record_uid)
    books.drop(
        "same_first_turn",
        lambda entry: (
            int(entry.facts["first_turn_characters"]) >= rules.first_turn_minimum_characters
            and longest[str(entry.facts["first_turn"])] != entry.record_uid
        ),
    )
    groups = topics(books.entries)
    if len(books.entries) >= rules.topic_minimum_rows:
        over = cap(books.entries, groups, rules.maximum_topic_share)
        books.drop("topic_cap", lambda entry: entry.record_uid in over)
    for entry in books.entries:
        # Nothing after this reads them, and they are most of what is kept of a row.
        entry.facts.pop("words", None)
    return _figures(books.entries, groups)


def _figures(entries: list[Entry], groups: dict[str, str]) -> dict[str, float]:
    """Rows of each stratum (provider, language, fifth by length), and the share of the largest topic."""
    fifths = quintiles([entry.tokens for entry in entries])
    strata = Counter(
        f"stratum {entry.facts['provider']} {entry.facts['lang']} {fifth + 1}"
        for entry, fifth in zip(entries, fifths, strict=True)
    )
    sizes = Counter(groups[entry.record_uid] for entry in entries)
    largest = max(sizes.values(), default=0) / max(1, len(entries))
    return {**dict(sorted(strata.items())), "largest_topic_share": round(largest, 4)}
