"""The distilled slice: conversations with an exchange, the messages selected of them, and the lanes they feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.replace import replace_rows
from moonshine_assets.distill.selection import below_selection, beside_benchmarks, by_quality
from moonshine_assets.distill.state import require_clean
from moonshine_assets.gates import Verdict, require
from moonshine_assets.lanes.books import LaneResult, carried
from moonshine_assets.lanes.build import LANES, Carried, Withhold, build_lanes, count_tokens
from moonshine_assets.lanes.reading import Exchange, exchanges
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_assets.providers.rows import CountMany
from moonshine_assets.tables.distilled import DISTILLED_CONVERSATIONS, DISTILLED_MESSAGES
from moonshine_assets.tables.selection import SELECTION
from moonshine_resources.duckdb import transaction

_HERE = Path(__file__).parent
_CARRIED = pa.schema([(name, pa.string()) for name in DISTILLED_MESSAGES.key])
_CONVERSATIONS = pa.schema(
    [
        *((name, pa.string()) for name in (*DISTILLED_CONVERSATIONS.key, "record_uid", "source_sha256", "source_type")),
        ("human_turns", pa.int32()),
        ("model_turns", pa.int32()),
        *((f"eligible_{lane}", pa.bool_()) for lane in LANES),
        ("reasons", pa.list_(pa.string())),
    ]
)


class SliceReport(NamedTuple):
    """Counts of the slice, the lanes as they were built for it, and whether anything had to be written."""

    conversations: int
    messages: int
    lanes: dict[str, LaneResult]
    changed: bool


def write_slice(
    connection: duckdb.DuckDBPyConnection,
    policy: Policy,
    run_id: str,
    gates: Callable[[duckdb.DuckDBPyConnection], list[Verdict]] = lambda _: [],
    withhold: Withhold = lambda *_: frozenset(),
    *,
    count: CountMany = count_tokens,
) -> SliceReport:
    """Bring store.distilled_conversations and store.distilled_messages up to date, in one transaction.

    Args:
        connection: the mash, opened as its writer.
        policy: decides which lanes a conversation can feed.
        run_id: the distillation run, written into the rows.
        withhold: see `build_lanes`.
        gates: checks on the slice as it would be; a broken one leaves the slice before as it was.
        count: tokens of texts, for results of tools that the lanes cut.

    Raises:
        GateFailed: a gate does not hold, or the mash was not cleaned under this policy.

    The same mash, policy and run id write nothing.
    """
    with transaction(connection):
        require_clean(connection, policy)
        candidates = by_quality(connection, exchanges(connection))
        benchmarked = beside_benchmarks(connection)
        ranked = [exchange for exchange in candidates if exchange.key not in benchmarked]
        below: set[ConversationKey] = set()

        def leave_out(carried_ids: Carried) -> set[ConversationKey]:
            below.update(below_selection(connection, policy, ranked, carried_ids))
            return below

        eligible = sorted(ranked, key=lambda exchange: exchange.key)
        lanes = build_lanes(
            connection,
            tuple(LANES),
            policy,
            run_id,
            among=eligible,
            leave_out=leave_out,
            withhold=withhold,
            count=count,
        )
        slice_ = [exchange for exchange in eligible if exchange.key not in below]
        refused: dict[ConversationKey, list[str]] = {exchange.key: [] for exchange in slice_}
        not_in: dict[str, set[ConversationKey]] = {}
        nodes: set[tuple[str, str, str, str]] = set()
        for lane, built in lanes.items():
            nodes.update(carried(built))
            not_in[lane] = set(built.reasons)
            for key, reasons in built.reasons.items():
                if key in refused:
                    refused[key] += [f"{lane}:{reason}" for reason in reasons]
        rows = [_row(exchange, not_in, refused[exchange.key]) for exchange in slice_]
        connection.register("slice_conversations", pa.Table.from_pylist(rows, schema=_CONVERSATIONS))
        connection.register("slice_carried", _carried_table(nodes))
        try:
            changed = _replace(connection, policy, run_id)
            changed |= _write_selection(connection, candidates, benchmarked, below)
        finally:
            connection.unregister("slice_carried")
            connection.unregister("slice_conversations")
        messages = connection.execute("SELECT count(*) FROM store.distilled_messages").fetchall()[0][0]
        require(gates(connection), where=run_id)
    return SliceReport(len(rows), messages, lanes, changed)


def _row(exchange: Exchange, not_in: dict[str, set[ConversationKey]], reasons: list[str]) -> dict[str, object]:
    return {
        **exchange.key._asdict(),
        "record_uid": exchange.record_uid,
        "source_sha256": exchange.source_sha256,
        "source_type": exchange.source_type,
        "human_turns": exchange.human_turns,
        "model_turns": exchange.model_turns,
        **{f"eligible_{lane}": exchange.key not in keys for lane, keys in not_in.items()},
        "reasons": sorted(reasons),
    }


def _carried_table(nodes: set[tuple[str, str, str, str]]) -> pa.Table:
    columns = zip(*sorted(nodes), strict=True) if nodes else [[] for _ in _CARRIED]
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], schema=_CARRIED)


def _write_selection(
    connection: duckdb.DuckDBPyConnection,
    candidates: Sequence[Exchange],
    benchmarked: Set[ConversationKey],
    below: Set[ConversationKey],
) -> bool:
    """What became of each candidate, best first."""
    outcomes = dict.fromkeys(below, "below_selection") | dict.fromkeys(benchmarked, "beside_benchmark")
    rows = [
        {
            **one.key._asdict(),
            "rank": rank,
            "outcome": outcomes.get(one.key, "selected"),
        }
        for rank, one in enumerate(candidates)
    ]
    connection.register("ranked_conversations", pa.Table.from_pylist(rows, schema=SELECTION.arrow()))
    try:
        return replace_rows(connection, SELECTION, "SELECT * FROM ranked_conversations")
    finally:
        connection.unregister("ranked_conversations")


def _replace(connection: duckdb.DuckDBPyConnection, policy: Policy, run_id: str) -> bool:
    messages = replace_rows(connection, DISTILLED_MESSAGES, (_HERE / "select_messages.sql").read_text("utf-8"))
    conversations = replace_rows(
        connection,
        DISTILLED_CONVERSATIONS,
        (_HERE / "select_conversations.sql").read_text("utf-8"),
        {"policy_version": policy.version, "run_id": run_id},
    )
    return messages or conversations
