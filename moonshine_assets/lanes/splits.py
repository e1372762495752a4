"""Train or validation: a conversation, all that came of it and all that repeats it stand on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.reading import Exchange
from moonshine_assets.lanes.trees import ConversationKey

TRAIN, VALIDATION = "train", "validation"
SPLITS = (TRAIN, VALIDATION)
_QUERY = Path(__file__).with_name("shared_texts.sql")


def splits(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Exchange], policy: Policy
) -> dict[ConversationKey, str]:
    """The side of each conversation; the same for a later export of it, and in every lane.

    Conversations that one another was resumed or forked from, that begin with the same human words, or that share a
    longer text are one group. A group is validation when the hash of its smallest member says so. A group that is a
    larger share of all conversations than validation shall be is train.
    """
    parents = {exchange.key: exchange.key for exchange in found}

    def root(key: ConversationKey) -> ConversationKey:
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    rows = connection.execute(
        _QUERY.read_text("utf-8"), {"minimum_tokens": policy.split.minimum_shared_tokens}
    ).fetchall()
    for *one, other_provider, other_run, other_conversation in rows:
        key, other = ConversationKey(*one), ConversationKey(other_provider, other_run, other_conversation)
        if key in parents and other in parents:
            first, second = sorted((root(key), root(other)))
            parents[second] = first
    smallest: dict[ConversationKey, str] = {}
    sizes: Counter[ConversationKey] = Counter()
    for key in parents:
        group, stable = root(key), _stable(key)
        smallest[group] = min(smallest.get(group, stable), stable)
        sizes[group] += 1
    largest = max(1.0, policy.split.validation_share * len(parents))
    return {key: _side(smallest[root(key)], policy, fits=sizes[root(key)] <= largest) for key in parents}


def _stable(key: ConversationKey) -> str:
    """Equal for every export of a conversation: the run is left out."""
    return sha256(f"{key.provider} {key.conversation_id}".encode()).hexdigest()


def _side(stable: str, policy: Policy, *, fits: bool) -> str:
    chosen = int(stable[:8], 16) < policy.split.validation_share * 16**8
    return VALIDATION if chosen and fits else TRAIN
