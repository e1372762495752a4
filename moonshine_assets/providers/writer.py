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
from moonshine_assets.providers.stream import ROWS, TableStream
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
BATCH_CHARACTERS = 4_000_000
BATCH_MESSAGES = 10_000
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

    A batch is counted by a thread of its own and inserted by one a table while the next one is parsed: tokenizer and
    DuckDB let go of the interpreter, so both cores have work. What was added is in the database after `flush`. The
    connection must have no transaction under way: the other threads' connections would not see what it made.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, provenance: Provenance, count_many: CountMany) -> None:
        self._connection = connection
        self._provenance = provenance
        self._count_many = count_many
        self._counts: TokenCounts = {}
        self._batch = RowBatch(self._counts)
        self._threads = ThreadPoolExecutor(max_workers=1 + len(RUN_TABLES), thread_name_prefix="insert")
        self._under_way: Future[None] | None = None
        self._streams: dict[str, TableStream] = {}
        self._quarantined = 0
        self._newer: dict[str, tuple[ParsedConversation, Arranged, RawElement]] = {}
        self._newer_bytes = 0
        self._removed = False
        self._stated: list[FeedbackRecord] = []
        (name,) = connection.execute("SELECT current_database()").fetchall()[0]
        #: Other connections to the same file have another default.
        self._catalog = '"' + name.replace('"', '""') + '"'
        # Each table has a thread of its own; more of DuckDB's would each fill a row group.
        connection.execute("SET threads = 1")
        connection.execute("SET write_buffer_row_group_count = 1")
        connection.execute("CREATE SCHEMA IF NOT EXISTS store")
        for table in RUN_TABLES:
            connection.execute(table.ddl())
        connection.execute(_VIEWS.read_text("utf-8"))

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._under_way is not None:
            self._under_way.exception()
        for stream in self._streams.values():
            stream.abandon()
        self._threads.shutdown(wait=True)

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
        while self._streams:
            _, stream = self._streams.popitem()
            stream.close()

    def _hand_over(self) -> None:
        """Let the other threads have the batch, once the one before is counted."""
        self._settle()
        batch, self._batch = self._batch, RowBatch(self._counts)
        self._under_way = self._threads.submit(self._write, batch)

    def _settle(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()

    def _write(self, batch: RowBatch) -> None:
        for name, rows in batch.tables(self._count_many).items():
            if not rows.num_rows:
                continue
            if name not in self._streams:
                query, parameters = self._statement(next(table for table in RUN_TABLES if table.name == name), rows)
                self._streams[name] = TableStream(self._connection, query, parameters, rows.schema, self._threads)
            self._streams[name].put(rows)

    def insert(self, table: Table, rows: Sequence[dict[str, object]]) -> None:
        """Write finished rows (receipts) of a table that has provenance columns; nothing else is under way."""
        if rows:
            self._insert(table, pa.Table.from_pylist(list(rows), schema=table.arrow(rows[0])))

    def _insert(self, table: Table, rows: pa.Table) -> None:
        query, parameters = self._statement(table, rows)
        self._connection.register(ROWS, rows)
        self._connection.execute(query, parameters or None)
        self._connection.unregister(ROWS)

    def _statement(self, table: Table, rows: pa.Table) -> tuple[str, dict[str, object]]:
        """The statement that inserts rows of these columns, provenance added, and its parameters."""
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
        query = f"INSERT INTO {self._catalog}.store.{table.name} SELECT {', '.join(selected)} FROM {ROWS}"  # noqa: S608 - names of our own tables
        return query, {name: value for name, value in constants.items() if f"${name}" in query}

    def finish(self) -> None:
        """Write what waits, and drop texts nothing points to any more."""
        self._exchange()
        self.flush()
        self._connection.execute("RESET threads")
        if self._stated:
            self._insert(FEEDBACK, join(self._connection, self._stated))
            rate_messages(self._connection)
        if self._removed:
            self._connection.execute(
                "DELETE FROM store.texts WHERE content_sha256 NOT IN (SELECT content_sha256 FROM store.messages)"
                " AND content_sha256 NOT IN (SELECT content_sha256 FROM store.blocks WHERE content_sha256 IS NOT NULL)"
            )
