"""Conversations from the mash: first which ones are worth reading, then those, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.lanes.trees import Conversation, ConversationKey, Part, Turn

_HERE = Path(__file__).parent
_FETCH_ROWS = 2_000
#: Columns of conversations.sql: the rank, the turn, what is known of it (rating, choices, language, machine), the part.
_STATED_FROM = 14
_PARTS_FROM = 18


class Exchange(NamedTuple):
    """A conversation with an exchange on its active path, and what can be known without reading it.

    `human_turns` and `model_turns` are those with text on the active path, `other_answers` model messages with text
    off it; `verifiable`: a prompt on the path may ask for what can be checked; `rated`, `stopped`: there is a rating,
    an answer that was cut off; `tools_used`, `tools_called`: on the path.
    `lang` (und: not known) and `quality` (0 to 1) are its scores.
    """

    provider: str
    provider_run_id: str
    conversation_id: str
    record_uid: str
    source_sha256: str
    source_type: str
    message_count: int
    human_turns: int
    model_turns: int
    other_answers: int
    verifiable: bool
    rated: bool
    stopped: bool
    tools_used: bool
    tools_called: bool
    lang: str
    quality: float

    @property
    def key(self) -> ConversationKey:
        return ConversationKey(self.provider, self.provider_run_id, self.conversation_id)


def exchanges(connection: duckdb.DuckDBPyConnection) -> list[Exchange]:
    """The conversations that hold an exchange, by key."""
    rows = connection.execute((_HERE / "exchanges.sql").read_text("utf-8")).fetchall()
    return [Exchange(*row) for row in rows]


def read(connection: duckdb.DuckDBPyConnection, wanted: Sequence[Exchange]) -> Iterator[Conversation]:
    """The wanted conversations with all their branches, in the order given, as a stream.

    Use the connection for nothing else until the stream has ended: DuckDB would cut it off.
    """
    if not wanted:
        return
    keys = [{"rank": rank, **exchange.key._asdict()} for rank, exchange in enumerate(wanted)]
    connection.register("wanted_conversations", pa.Table.from_pylist(keys))
    try:
        result = connection.execute((_HERE / "conversations.sql").read_text("utf-8"))
        for rank, rows in groupby(_rows(result), key=itemgetter(0)):
            exchange = wanted[rank]
            turns = _turns(rows)
            yield Conversation(
                exchange.key,
                exchange.record_uid,
                exchange.source_sha256,
                exchange.source_type,
                turns,
                exchange.lang,
                exchange.quality,
            )
    finally:
        connection.unregister("wanted_conversations")


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_FETCH_ROWS):
        yield from rows


def _turns(rows: Iterable[tuple[Any, ...]]) -> list[Turn]:
    turns: list[Turn] = []
    for row in rows:
        if not turns or turns[-1].message_id != row[1]:
            turns.append(Turn(*row[1:_STATED_FROM]))
            last = turns[-1]
            last.rating, last.choices, last.lang, last.machine = row[_STATED_FROM:_PARTS_FROM]
        if row[_PARTS_FROM] is not None:
            turns[-1].parts.append(Part(*row[_PARTS_FROM:]))
    return turns
