"""What a lane yields: rows with their provenance, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from moonshine_assets.lanes.trees import Conversation, ConversationKey, Turn

Row = dict[str, Any]
#: Written where a conversation's language or model is not known.
UNKNOWN_LANGUAGE = "und"
UNKNOWN_MODEL = "unknown"
SIGNAL_VERSION = "1"


class Stamp(NamedTuple):
    """What every row of one lane build shares."""

    policy_version: str
    run_id: str


class Refused(NamedTuple):
    """A candidate without a row, and why (a name of docs/lanes.md, never text of a message)."""

    reason: str


@dataclass(slots=True)
class LaneResult:
    """A lane's rows and its books: candidates = len(rows) + Σ dropped.

    `reasons` says for each conversation of the slice without a row why it has none; `measures` are figures of the
    lane as a whole, for its manifest.
    """

    rows: list[Row]
    candidates: int
    dropped: dict[str, int]
    reasons: dict[ConversationKey, tuple[str, ...]] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)


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
) -> Row:
    """The provenance columns of a row.

    Args:
        record_uid: the message or conversation the row is about, unique in its lane.
        turns: every message the row carries, in the row's order.
        signal: which evidence made it a row.
        tokens: Σ tokens of the texts it carries, each counted by itself.
        models: models of its answers; several different ones are joined by `+`.
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
        "lang": UNKNOWN_LANGUAGE,
        "signal": signal,
        "signal_version": SIGNAL_VERSION,
        "label_confidence": label_confidence,
        "tokens_o200k": tokens,
        "model_slug": "+".join(known) or UNKNOWN_MODEL,
    }


def conversation_of(row: Row) -> ConversationKey:
    return ConversationKey(row["provider"], row["provider_run_id"], row["conversation_id"])


def carried(rows: Iterable[Row]) -> Iterator[tuple[str, str, str, str]]:
    """Keys (provider, provider_run_id, conversation_id, message_id) of the messages the rows carry."""
    for row in rows:
        for node in row["node_ids"]:
            yield (*conversation_of(row), node)
