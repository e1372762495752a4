"""What a lane yields: rows with their provenance, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from moonshine_assets.lanes.trees import Conversation, ConversationKey, Turn
from moonshine_assets.providers.rows import CountMany

Row = dict[str, Any]
#: core rows are what a trainer reads by default; extra rows have weaker evidence and a configuration of their own.
CORE, EXTRA = "core", "extra"
TIERS = (CORE, EXTRA)
#: Written where a conversation's model is not known.
UNKNOWN_MODEL = "unknown"
SIGNAL_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the rows of one lane build share.

    `splits` says on which side each conversation of the slice is; `count` counts tokens of texts that were cut.
    """

    policy_version: str
    run_id: str
    splits: Mapping[ConversationKey, str]
    count: CountMany


class Refused(NamedTuple):
    """A candidate without a row, and why (a name of docs/lanes.md, never text of a message).

    `about` is the record_uid its row would have had; None: that of the conversation.
    """

    reason: str
    about: str | None = None


def provenance(
    conversation: Conversation,
    stamp: Stamp,
    *,
    record_uid: str,
    turns: Iterable[Turn],
    signal: str,
    label_confidence: float,
    tokens: int,
    models: Iterable[str | None],
    tier: str = CORE,
) -> Row:
    """The provenance columns of a row.

    Args:
        record_uid: the message or conversation the row is about, unique in its lane.
        turns: every message the row carries, in the row's order.
        signal: which evidence made it a row.
        tokens: Σ tokens of the texts it carries, each counted by itself.
        models: models of its answers; several different ones are joined by `+`.
        tier: core or extra.
    """
    known = sorted({model for model in models if model})
    return {
        "provider": conversation.key.provider,
        "provider_run_id": conversation.key.provider_run_id,
        "source_sha256": conversation.source_sha256,
        "policy_version": stamp.policy_version,
        "run_id": stamp.run_id,
        "record_uid": record_uid,
        "source_type": conversation.source_type,
        "conversation_id": conversation.key.conversation_id,
        "node_ids": list(dict.fromkeys(turn.message_id for turn in turns)),
        "lang": conversation.lang,
        "signal": signal,
        "signal_version": SIGNAL_VERSION,
        "label_confidence": label_confidence,
        "tokens_o200k": tokens,
        "model_slug": "+".join(known) or UNKNOWN_MODEL,
        "tier": tier,
        "split": stamp.splits[conversation.key],
    }


def conversation_of(row: Row) -> ConversationKey:
    return ConversationKey(row["provider"], row["provider_run_id"], row["conversation_id"])
