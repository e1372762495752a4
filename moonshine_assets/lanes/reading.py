"""Conversations from the mash: first which ones are worth reading, then those, a bounded batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.lanes.trees import Conversation, ConversationKey, Part, Turn

_HERE = Path(__file__).parent
#: Conversations are read together until they hold this many messages.
BATCH_MESSAGES = 5_000


class Exchange(NamedTuple):
    """A conversation with an exchange on its active path, and what can be known without reading it.

    `human_turns` and `model_turns` are those with text on the active path, `other_answers` model messages with text
    off it; `verifiable`: a prompt on the path mentions JSON or shows a sum; `tools_used`, `tools_called`: on the path.
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
    tools_used: bool
    tools_called: bool

    @property
    def key(self) -> ConversationKey:
        return ConversationKey(self.provider, self.provider_run_id, self.conversation_id)


def exchanges(connection: duckdb.DuckDBPyConnection) -> list[Exchange]:
    """The conversations that hold an exchange, by key."""
    rows = connection.execute((_HERE / "exchanges.sql").read_text("utf-8")).fetchall()
    return [Exchange(*row) for row in rows]


def read(connection: duckdb.DuckDBPyConnection, wanted: Iterable[Exchange]) -> Iterator[Conversation]:
    """The wanted conversations with all their branches, in the order given."""
    batch: list[Exchange] = []
    messages = 0
    for exchange in wanted:
        batch.append(exchange)
        messages += exchange.message_count
        if messages >= BATCH_MESSAGES:
            yield from _read_batch(connection, batch)
            batch, messages = [], 0
    if batch:
        yield from _read_batch(connection, batch)


def _read_batch(connection: duckdb.DuckDBPyConnection, batch: Sequence[Exchange]) -> Iterator[Conversation]:
    keys = [exchange.key for exchange in batch]
    connection.register("wanted_conversations", pa.Table.from_pylist([key._asdict() for key in keys]))
    try:
        turn_rows = connection.execute((_HERE / "turns.sql").read_text("utf-8")).fetchall()
        part_rows = connection.execute((_HERE / "parts.sql").read_text("utf-8")).fetchall()
    finally:
        connection.unregister("wanted_conversations")
    parts: dict[tuple[str, ...], list[Part]] = {}
    for row in part_rows:
        parts.setdefault(row[:4], []).append(Part(*row[4:]))
    turns: dict[tuple[str, ...], list[Turn]] = {key: [] for key in keys}
    for row in turn_rows:
        turn = Turn(*row[3:])
        turn.parts = parts.get(row[:4], [])
        turns[row[:3]].append(turn)
    for exchange in batch:
        key = exchange.key
        yield Conversation(key, exchange.record_uid, exchange.source_sha256, exchange.source_type, turns[key])
