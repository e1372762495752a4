"""The four lanes, and one way to build each of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes import agentic_code, balance, conversational, dpo, grpo
from moonshine_assets.lanes.columns import IDENTITY, columns
from moonshine_assets.lanes.reading import Exchange, exchanges, read
from moonshine_assets.lanes.rows import LaneResult, Refused, Row, Stamp, conversation_of
from moonshine_assets.lanes.trees import Conversation, ConversationKey


class Lane(NamedTuple):
    """A lane: what it passes over without reading, and what it makes of a conversation it reads.

    `unit` names its candidates; every candidate is a row or is dropped under a reason.
    """

    skip: Callable[[Exchange, Policy], str | None]
    judge: Callable[[Conversation, Policy, Stamp], Iterator[Row | Refused]]
    unit: str


LANES: dict[str, Lane] = {
    "conversational": Lane(conversational.skip, conversational.judge, "conversations of the slice"),
    "dpo": Lane(dpo.skip, dpo.judge, "prompts with two answers or more; conversations without one count as one"),
    "grpo": Lane(grpo.skip, grpo.judge, "verifiable prompts; conversations without one count as one"),
    "agentic_code": Lane(agentic_code.skip, agentic_code.judge, "conversations of the slice"),
}


def lane_named(name: str) -> Lane:
    """A lane of the registry.

    Raises:
        BadInput: there is no such lane.
    """
    if name not in LANES:
        raise BadInput(f"there is no lane {name!r}", fix="lanes are " + ", ".join(LANES))
    return LANES[name]


def build_lane(con: duckdb.DuckDBPyConnection, lane: str, policy: Policy, distillation_run_id: str) -> LaneResult:
    """All rows of one lane, see `build_lanes`.

    Raises:
        BadInput: there is no such lane.
    """
    return build_lanes(con, (lane,), policy, distillation_run_id)[lane]


def build_lanes(
    con: duckdb.DuckDBPyConnection,
    lanes: Sequence[str],
    policy: Policy,
    distillation_run_id: str,
    *,
    among: Sequence[Exchange] | None = None,
) -> dict[str, LaneResult]:
    """All rows of each lane, by record_uid, and the books on what gave none. Reads only, each conversation once.

    Args:
        con: a mash (views conversations, messages, blocks, attachments; store.texts), read-only or not.
        lanes: names in `LANES`.
        policy: its thresholds and its version go into the rows.
        distillation_run_id: written into the rows.
        among: what `exchanges` found, when the caller has it already.

    Raises:
        BadInput: there is no such lane.
    """
    kinds = {lane: lane_named(lane) for lane in lanes}
    stamp = Stamp(policy.version, distillation_run_id)
    books = {lane: _Books() for lane in lanes}
    takers: dict[ConversationKey, list[str]] = {}
    wanted: list[Exchange] = []
    for exchange in exchanges(con) if among is None else among:
        reasons = {lane: kind.skip(exchange, policy) for lane, kind in kinds.items()}
        for lane, reason in reasons.items():
            if reason is not None:
                books[lane].refuse(exchange.key, reason)
        takers[exchange.key] = [lane for lane, reason in reasons.items() if reason is None]
        if takers[exchange.key]:
            wanted.append(exchange)
    for conversation in read(con, wanted):
        for lane in takers[conversation.key]:
            _judge(conversation, lane, kinds[lane], policy, stamp, books[lane])
    results = {}
    for lane in lanes:
        books[lane].rows.sort(key=lambda row: str(row["record_uid"]))
        _drop_repeats(lane, books[lane])
        results[lane] = _result(lane, policy, books[lane])
    return results


def _judge(conversation: Conversation, lane: str, kind: Lane, policy: Policy, stamp: Stamp, books: _Books) -> None:
    for verdict in kind.judge(conversation, policy, stamp):
        if isinstance(verdict, Refused):
            books.refuse(conversation.key, verdict.reason)
        else:
            books.rows.append({name: verdict[name] for name in columns(lane)})


class _Books:
    """Rows and refusals while a lane is built."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.dropped: Counter[str] = Counter()
        self.reasons: dict[ConversationKey, set[str]] = {}

    def refuse(self, key: ConversationKey, reason: str) -> None:
        self.dropped[reason] += 1
        self.reasons.setdefault(key, set()).add(reason)

    def drop(self, reason: str, unwanted: Callable[[Row], bool]) -> None:
        """Turn rows into refusals."""
        kept: list[Row] = []
        for row in self.rows:
            if unwanted(row):
                self.refuse(conversation_of(row), reason)
            else:
                kept.append(row)
        self.rows = kept


def _drop_repeats(lane: str, books: _Books) -> None:
    """Nothing is trained twice: of rows with the same training content the first by record_uid stays."""
    seen: set[bytes] = set()

    def repeated(row: Row) -> bool:
        content = json.dumps([row[name] for name in IDENTITY[lane]], ensure_ascii=False, sort_keys=True)
        digest = sha256(content.encode("utf-8")).digest()
        if digest in seen:
            return True
        seen.add(digest)
        return False

    books.drop("same_as_another_row", repeated)


def _result(lane: str, policy: Policy, books: _Books) -> LaneResult:
    measures: dict[str, float] = {}
    if lane == "dpo":
        unwanted = balance.excess(books.rows, policy.lanes.dpo)
        books.drop("length_balance", lambda row: row["record_uid"] in unwanted)
        measures["chosen_longer_share"] = round(balance.chosen_longer_share(books.rows), 4)
    with_row = {conversation_of(row) for row in books.rows}
    return LaneResult(
        rows=books.rows,
        candidates=len(books.rows) + sum(books.dropped.values()),
        dropped=dict(sorted(books.dropped.items())),
        reasons={key: tuple(sorted(why)) for key, why in sorted(books.reasons.items()) if key not in with_row},
        measures=measures,
    )
