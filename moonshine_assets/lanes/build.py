"""The lanes, and one way to build each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes import agentic_code, conversational, dpo, grpo, kto
from moonshine_assets.lanes.books import Books, LaneResult
from moonshine_assets.lanes.reading import Exchange, exchanges, read
from moonshine_assets.lanes.rows import Refused, Row, Stamp
from moonshine_assets.lanes.spill import Rows, Spill
from moonshine_assets.lanes.splits import splits
from moonshine_assets.lanes.trees import Conversation, ConversationKey
from moonshine_assets.providers.rows import CountMany
from moonshine_resources.home import Home
from moonshine_resources.tokenizer.counter import load

#: Message ids that rows carry, by conversation.
Carried = Mapping[ConversationKey, set[str]]
#: Of a lane with its rows, the (signal, tier) that people judged and did not find right often enough.
Withhold = Callable[[str, Rows], Set[tuple[str, str]]]


class Lane(NamedTuple):
    """A lane: what it passes over without reading, and what it makes of a conversation it reads.

    `unit` names its candidates; every candidate is a row or is dropped under a reason. `facts` measures a row for
    `finish`, which drops what the lane as a whole cannot hold, and gives the figures of its manifest.
    """

    skip: Callable[[Exchange, Policy], str | None]
    judge: Callable[[Conversation, Policy, Stamp], Iterator[Row | Refused]]
    unit: str
    facts: Callable[[Row], dict[str, float | int | str]]
    finish: Callable[[Books, Policy], dict[str, float]]


LANES: dict[str, Lane] = {
    "conversational": Lane(
        conversational.skip,
        conversational.judge,
        "conversations of the slice",
        conversational.facts,
        conversational.finish,
    ),
    "dpo": Lane(
        dpo.skip,
        dpo.judge,
        "prompts with two answers or more, and answers that were rejected and tried again; conversations without"
        " any count as one",
        dpo.facts,
        dpo.finish,
    ),
    "kto": Lane(
        kto.skip,
        kto.judge,
        "answers that somebody said something of; conversations without any count as one",
        kto.facts,
        kto.finish,
    ),
    "grpo": Lane(
        grpo.skip,
        grpo.judge,
        "verifiable prompts; conversations without one count as one",
        grpo.facts,
        grpo.finish,
    ),
    "agentic_code": Lane(
        agentic_code.skip,
        agentic_code.judge,
        "conversations of the slice",
        agentic_code.facts,
        agentic_code.finish,
    ),
}


def lane_named(name: str) -> Lane:
    """A lane of the registry.

    Raises:
        BadInput: there is no such lane.
    """
    if name not in LANES:
        raise BadInput(f"there is no lane {name!r}", fix="lanes are " + ", ".join(LANES))
    return LANES[name]


def count_tokens(texts: Sequence[str]) -> list[int]:
    """o200k_base by the vocabulary of the home that the environment names."""
    return load(Home.at().vocabulary_folder).count_many(texts)


def build_lane(
    con: duckdb.DuckDBPyConnection,
    lane: str,
    policy: Policy,
    distillation_run_id: str,
    *,
    among: Sequence[Exchange] | None = None,
    leave_out: Callable[[Carried], Set[ConversationKey]] = lambda _: frozenset(),
    withhold: Withhold = lambda *_: frozenset(),
    count: CountMany = count_tokens,
) -> LaneResult:
    """All rows of one lane, see `build_lanes`.

    Raises:
        BadInput: there is no such lane.
    """
    built = build_lanes(
        con,
        (lane,),
        policy,
        distillation_run_id,
        among=among,
        leave_out=leave_out,
        withhold=withhold,
        count=count,
    )
    return built[lane]


def build_lanes(
    con: duckdb.DuckDBPyConnection,
    lanes: Sequence[str],
    policy: Policy,
    distillation_run_id: str,
    *,
    among: Sequence[Exchange] | None = None,
    leave_out: Callable[[Carried], Set[ConversationKey]] = lambda _: frozenset(),
    withhold: Withhold = lambda *_: frozenset(),
    count: CountMany = count_tokens,
) -> dict[str, LaneResult]:
    """All rows of each lane, by record_uid, and the books on what gave none. Reads only, each conversation once.

    Rows go to a file without a name as they are made; memory holds one conversation and what selection needs to know.

    Args:
        con: a mash (views conversations, messages, blocks, attachments; store.texts), read-only or not.
        lanes: names in `LANES`.
        policy: its thresholds and its version go into the rows.
        distillation_run_id: written into the rows.
        among: what `exchanges` found, when the caller has it already.
        leave_out: gets the message ids that the rows of each conversation carry, over all lanes, and names the
            conversations whose rows are refused as `below_selection`.
        withhold: gets a lane with its rows and names the (signal, tier) whose rows are refused as
            `precision_below_bound`.
        count: tokens of texts; asked only for results of tools that are too long and were cut.

    Raises:
        BadInput: there is no such lane.
    """
    kinds = {lane: lane_named(lane) for lane in lanes}
    spill = Spill()
    books = {lane: Books(lane, spill) for lane in lanes}
    found = exchanges(con) if among is None else among
    stamp = Stamp(policy.version, distillation_run_id, splits(con, found, policy), count)
    takers: dict[ConversationKey, list[str]] = {}
    wanted: list[Exchange] = []
    for exchange in found:
        reasons = {lane: kind.skip(exchange, policy) for lane, kind in kinds.items()}
        for lane, reason in reasons.items():
            if reason is not None:
                books[lane].refuse(exchange.key, reason, exchange.record_uid)
        takers[exchange.key] = [lane for lane, reason in reasons.items() if reason is None]
        if takers[exchange.key]:
            wanted.append(exchange)
    for conversation in read(con, wanted):
        for lane in takers[conversation.key]:
            _judge(conversation, kinds[lane], policy, stamp, books[lane])
    unwanted = leave_out(_carried(books.values()))
    results = {}
    for lane, kind in kinds.items():
        books[lane].drop("below_selection", lambda entry: entry.conversation in unwanted)
        _withhold(books[lane], withhold(lane, books[lane].rows()))
        books[lane].entries.sort(key=lambda entry: entry.record_uid)
        measures = kind.finish(books[lane], policy)
        results[lane] = books[lane].close(measures)
    return results


def _withhold(books: Books, below: Set[tuple[str, str]]) -> None:
    books.drop("precision_below_bound", lambda entry: (entry.signal, entry.tier) in below)


def _carried(books: Iterable[Books]) -> Carried:
    carried: dict[ConversationKey, set[str]] = {}
    for entry in (entry for one in books for entry in one.entries):
        carried.setdefault(entry.conversation, set()).update(entry.nodes)
    return carried


def _judge(conversation: Conversation, kind: Lane, policy: Policy, stamp: Stamp, books: Books) -> None:
    for verdict in kind.judge(conversation, policy, stamp):
        if isinstance(verdict, Refused):
            books.refuse(conversation.key, verdict.reason, verdict.about or conversation.record_uid)
        else:
            books.add(verdict, kind.facts(verdict))
