"""Selection: the band is filled with the best conversations, and what does not fit is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.distill.band import bounds
from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.reading import Exchange, exchanges
from moonshine_assets.lanes.trees import ConversationKey

_TOKENS = """
WITH carried AS (SELECT DISTINCT * FROM selection_carried),
texts AS (
    SELECT DISTINCT provider, provider_run_id, conversation_id, k.cluster_sha256
    FROM store.messages AS m
    JOIN store.cleaning AS k USING (provider, provider_run_id, conversation_id, message_id)
    SEMI JOIN selection_candidates USING (provider, provider_run_id, conversation_id)
    LEFT JOIN carried AS r USING (provider, provider_run_id, conversation_id, message_id)
    WHERE m.superseded_by IS NULL
        AND (
            r.message_id IS NOT NULL
            OR (m.on_active_path AND m.visible AND m.author_kind IN ('human', 'model', 'tool'))
        )
),
kept AS (SELECT content_sha256 AS cluster_sha256, cleaned_tokens FROM store.cleaning WHERE outcome = 'kept')
SELECT c.rank, t.cluster_sha256, k.cleaned_tokens
FROM texts AS t
JOIN kept AS k USING (cluster_sha256)
JOIN selection_candidates AS c USING (provider, provider_run_id, conversation_id)
"""
_BY_RANK = f"""
SELECT rank, sum(cleaned_tokens)::BIGINT AS tokens
FROM (
    SELECT min(rank) AS rank, cluster_sha256, any_value(cleaned_tokens) AS cleaned_tokens
    FROM ({_TOKENS})
    WHERE rank NOT IN (SELECT rank FROM selection_skipped)
    GROUP BY cluster_sha256
)
GROUP BY rank
ORDER BY rank
"""  # noqa: S608 - constants of our own


def by_quality(connection: duckdb.DuckDBPyConnection, candidates: Iterable[Exchange]) -> list[Exchange]:
    """The candidates, best first: quality falling, then record_uid."""
    quality = {
        ConversationKey(*key): score
        for *key, score in connection.execute(
            "SELECT provider, provider_run_id, conversation_id, quality FROM store.conversation_scores"
        ).fetchall()
    }
    return sorted(candidates, key=lambda one: (-quality.get(one.key, 0.0), one.record_uid))


def beside_benchmarks(connection: duckdb.DuckDBPyConnection) -> set[ConversationKey]:
    """The conversations in which a message of the active path holds text of a benchmark."""
    found = connection.execute(
        "SELECT provider, provider_run_id, conversation_id FROM store.conversation_scores WHERE benchmark_messages > 0"
    ).fetchall()
    return {ConversationKey(*key) for key in found}


class Selected(NamedTuple):
    """The selection as it is stored: what lanes are built among, and what of it the band has no room for."""

    candidates: list[Exchange]
    below: set[ConversationKey]


def stored_selection(connection: duckdb.DuckDBPyConnection) -> Selected:
    """What the slice was cut with, so that a lane built by itself has the rows and books of one built with it."""
    outcomes = {
        ConversationKey(*key): outcome
        for *key, outcome in connection.execute(
            "SELECT provider, provider_run_id, conversation_id, outcome FROM store.selection"
        ).fetchall()
    }
    candidates = [one for one in exchanges(connection) if outcomes.get(one.key) not in (None, "beside_benchmark")]
    return Selected(candidates, {key for key, outcome in outcomes.items() if outcome == "below_selection"})


def below_selection(
    connection: duckdb.DuckDBPyConnection,
    policy: Policy,
    ranked: Sequence[Exchange],
    carried: Mapping[ConversationKey, Set[str]],
) -> set[ConversationKey]:
    """The conversations that the band has no room for.

    Taken are the best, in order, as long as their distinct texts together stay within the band's upper bound. One that
    would overshoot ends it once the lower bound is reached; before that it is passed over, so that a single giant does
    not keep the band from being filled.

    Args:
        connection: the mash, cleaned.
        policy: with the band.
        ranked: candidates, best first.
        carried: message ids that lane rows carry beyond the shown messages of the active path.
    """
    (cleaned,) = connection.execute("SELECT coalesce(sum(cleaned_tokens), 0) FROM store.cleaning").fetchall()[0]
    band = bounds(policy, int(cleaned))
    if band is None or not ranked:
        return set()
    low, high = band
    keys = [{"rank": rank, **one.key._asdict()} for rank, one in enumerate(ranked)]
    nodes = [{**key._asdict(), "message_id": node} for key, ids in carried.items() for node in sorted(ids)]
    names = (*ConversationKey._fields, "message_id")
    connection.register("selection_candidates", pa.Table.from_pylist(keys))
    connection.register(
        "selection_carried", pa.Table.from_pylist(nodes, schema=pa.schema([(name, pa.string()) for name in names]))
    )
    skipped: set[int] = set()
    try:
        while True:
            connection.register("selection_skipped", pa.table({"rank": pa.array(sorted(skipped), pa.int64())}))
            tokens = dict(connection.execute(_BY_RANK).fetchall())
            total, over = 0, None
            for rank in range(len(ranked)):
                if rank in skipped:
                    continue
                if total + tokens.get(rank, 0) > high:
                    over = rank
                    break
                total += tokens.get(rank, 0)
            if over is None:
                return {ranked[rank].key for rank in skipped}
            if total >= low:
                return {ranked[rank].key for rank in (*skipped, *range(over, len(ranked)))}
            skipped.add(over)
    finally:
        for name in ("selection_candidates", "selection_carried", "selection_skipped"):
            connection.unregister(name)
