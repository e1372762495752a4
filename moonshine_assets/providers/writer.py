"""Rows into the draft database of a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from moonshine_assets.exports.records import FeedbackRecord, ParsedConversation, RawElement
from moonshine_assets.exports.tree import Arranged
from moonshine_assets.providers.feedback import join, rate_messages
from moonshine_assets.providers.rows import CountMany, Quarantined, RowBatch, TokenCounts
from moonshine_assets.tables import (
    ATTACHMENTS,
    BLOCKS,
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    QUARANTINE,
    RUN_TABLES,
    TEXTS,
    Table,
)
from moonshine_assets.tables.provenance import RECORD_UID_SQL

_VIEWS = Path(__file__).with_name("views.sql")
#: A batch is written when it holds this many characters of new text and payloads, or this many messages.
BATCH_CHARACTERS = 8_000_000
BATCH_MESSAGES = 20_000
#: So many characters are written to the file at once; until then DuckDB holds them, whatever its limit (500 MB in one
#: transaction: 1,065 MB of memory, so: 548).
CHECKPOINT_CHARACTERS = 48_000_000
#: Newer copies of conversations wait until they are this many bytes of JSON.
EXCHANGE_BYTES = 32_000_000


class Provenance(NamedTuple):
    """The provenance every row of a run shares."""

    provider: str
    provider_run_id: str
    source_file_sha256: str
    source_path: str
    ingested_at: datetime


class RunWriter:
    """Writes one run's conversations into an open draft database: `with RunWriter(…) as writer: …; writer.finish()`.

    A batch is counted and inserted by a thread of its own while the next one is parsed: tokenizer and DuckDB let go of
    the interpreter, so both cores have work. The connection is used by one thread at a time.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, provenance: Provenance, count_many: CountMany) -> None:
        self._connection = connection
        self._provenance = provenance
        self._count_many = count_many
        self._counts: TokenCounts = {}
        self._batch = RowBatch(self._counts)
        self._inserter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="insert")
        self._under_way: Future[None] | None = None
        self._quarantined = 0
        self._since_checkpoint = 0
        self._newer: dict[str, tuple[ParsedConversation, Arranged, RawElement]] = {}
        self._newer_bytes = 0
        self._removed = False
        self._stated: list[FeedbackRecord] = []
        connection.execute("CREATE SCHEMA IF NOT EXISTS store")
        for table in RUN_TABLES:
            connection.execute(table.ddl())
        connection.execute(_VIEWS.read_text("utf-8"))

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._inserter.shutdown(wait=True)

    def add(self, parsed: ParsedConversation, arranged: Arranged, element: RawElement) -> None:
        """Write one conversation (its bad nodes go to quarantine)."""
        self._batch.add(parsed, arranged, element)
        for node in parsed.bad_nodes:
            self._quarantine(Quarantined("node", node.reason, parsed.conversation_id, node.node_id, node.raw), element)
        self._hand_over_if_large()

    def replace(self, parsed: ParsedConversation, arranged: Arranged, element: RawElement) -> None:
        """Write a conversation in place of an older copy of it. Many are exchanged at once: taking rows out of the
        database costs a pass over its tables."""
        if parsed.conversation_id in self._newer:
            self._exchange()
        # The bytes are not needed any more, and their map must not be kept open.
        self._newer[parsed.conversation_id] = (parsed, arranged, element._replace(data=memoryview(b"")))
        self._newer_bytes += element.end - element.start
        if self._newer_bytes >= EXCHANGE_BYTES:
            self._exchange()

    def _exchange(self) -> None:
        if not self._newer:
            return
        newer, self._newer, self._newer_bytes = self._newer, {}, 0
        self.flush()
        ids = list(newer)
        for table in (CONVERSATIONS, MESSAGES, BLOCKS, ATTACHMENTS, FEEDBACK):
            self._connection.execute(
                f"DELETE FROM store.{table.name} WHERE conversation_id IN (SELECT unnest(?))",  # noqa: S608 - names of our own tables
                [ids],
            )
        self._connection.execute(
            "DELETE FROM store.quarantine WHERE unit = 'node' AND conversation_id IN (SELECT unnest(?))", [ids]
        )
        self._removed = True
        for parsed, arranged, element in newer.values():
            self.add(parsed, arranged, element)

    def quarantine(self, element: RawElement, *, unit: str, reason: str, conversation_id: str | None = None) -> None:
        """Keep a conversation that is not taken in, with its bytes."""
        self._quarantine(Quarantined(unit, reason, conversation_id, None, bytes(element.data)), element)
        self._hand_over_if_large()

    def state(self, record: FeedbackRecord) -> None:
        """Keep an entry of a feedback file; it is joined when every message is there."""
        self._stated.append(record)

    def _quarantine(self, kept: Quarantined, element: RawElement) -> None:
        self._batch.quarantine(self._quarantined, kept, element)
        self._quarantined += 1

    def _hand_over_if_large(self) -> None:
        if self._batch.characters >= BATCH_CHARACTERS or len(self._batch) >= BATCH_MESSAGES:
            self._hand_over()

    def flush(self) -> None:
        """Write the waiting rows; on return they are in the database."""
        self._hand_over()
        self._settle()

    def _hand_over(self) -> None:
        """Let the inserting thread have the batch, once it is done with the one before."""
        self._settle()
        batch, self._batch = self._batch, RowBatch(self._counts)
        self._under_way = self._inserter.submit(self._write, batch)

    def _settle(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()

    def _write(self, batch: RowBatch) -> None:
        for name, rows in batch.tables(self._count_many).items():
            if rows.num_rows:
                self._insert(next(table for table in RUN_TABLES if table.name == name), rows)

        self._since_checkpoint += batch.characters
        if self._since_checkpoint >= CHECKPOINT_CHARACTERS:
            self._connection.execute("CHECKPOINT")
            self._since_checkpoint = 0

    def insert(self, table: Table, rows: Sequence[dict[str, object]]) -> None:
        """Write finished rows (receipts) of a table that has provenance columns."""
        if rows:
            self._settle()
            self._insert(table, pa.Table.from_pylist(list(rows), schema=table.arrow(rows[0])))

    def _insert(self, table: Table, rows: pa.Table) -> None:
        constants = self._provenance._asdict() if table is not TEXTS else {}
        message_id = "message_id" if table in (MESSAGES, BLOCKS, ATTACHMENTS) else "''"
        selected = []
        for column in table.column_names:
            if column == "record_uid":
                # These have no message of their own for certain: their identity is their key.
                selected.append(
                    RECORD_UID_SQL.format(message_id=message_id)
                    if "conversation_id" in rows.column_names and table not in (QUARANTINE, FEEDBACK)
                    else f"sha256(concat_ws(':', $provider_run_id, '{table.name}', {', '.join(table.key[2:])}))"
                )
            elif column in constants:
                selected.append(f"${column}")
            else:
                selected.append(f'"{column}"')
        self._connection.register("rows_to_write", rows)
        query = f"INSERT INTO store.{table.name} SELECT {', '.join(selected)} FROM rows_to_write"  # noqa: S608 - names of our own tables
        self._connection.execute(query, {k: v for k, v in constants.items() if f"${k}" in query} or None)
        self._connection.unregister("rows_to_write")

    def finish(self) -> None:
        """Write what waits, and drop texts nothing points to any more."""
        self._exchange()
        self.flush()
        if self._stated:
            self._insert(FEEDBACK, join(self._connection, self._stated))
            rate_messages(self._connection)
        if self._removed:
            self._connection.execute(
                "DELETE FROM store.texts WHERE content_sha256 NOT IN (SELECT content_sha256 FROM store.messages)"
                " AND content_sha256 NOT IN (SELECT content_sha256 FROM store.blocks WHERE content_sha256 IS NOT NULL)"
            )
