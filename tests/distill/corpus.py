"""A mash from a compact description: conversations of nodes go the way of an export, from records to a run's database.

corpus = Corpus()
corpus.add(conversation("c1", human("u1", None, "Hello"), model("a1", "u1", "Hi")))
connection = corpus.mash()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import duckdb

from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.exports.records import Attachment, Block, Message, Node, ParsedConversation, RawElement
from moonshine_assets.exports.tree import arrange
from moonshine_assets.mash import schema
from moonshine_assets.mash.schema import PLAIN, VERSIONED
from moonshine_assets.mash.texts import KEY_SQL
from moonshine_assets.providers.writer import Provenance, RunWriter
from moonshine_assets.tables import RUN_TABLES, TEXTS

RUN = "chatgpt_20260131_120000"
START = 1_769_860_800_000_000  # 2026-01-31 12:00 UTC, microseconds
MINUTE = 60_000_000
POLICY = load()


def count_words(texts: Sequence[str]) -> list[int]:
    """A stand-in for the tokenizer: words, at least one for any text. Lanes and counters only ever add counts up."""
    return [len(words.split()) or int(bool(words)) for words in texts]


class _WordCounter:
    def count_many(self, texts: Sequence[str]) -> list[int]:
        return count_words(texts)


WORD_COUNTER = _WordCounter()


def text(words: str | None) -> list[Block]:
    return [Block("text", words)] if words is not None else []


def human(name: str, parent: str | None, words: str | None = None, *extra: Block, **fields: Any) -> Node:
    return node(name, parent, "user", "human", [*text(words), *extra], **fields)


def model(name: str, parent: str | None, words: str | None = None, *extra: Block, **fields: Any) -> Node:
    fields.setdefault("model", "m-1")
    fields.setdefault("status", "finished_successfully")
    return node(name, parent, "assistant", "model", [*text(words), *extra], **fields)


def call(name: str, parent: str, tool: str, payload: str, **fields: Any) -> Node:
    """A message sent to a tool, as ChatGPT has it: hidden, with the tool as recipient."""
    block = Block("tool_call", payload, tool_name=tool)
    return model(name, parent, None, block, recipient=tool, visible=False, **fields)


def result(name: str, parent: str, tool: str, words: str | None, is_error: bool | None = None, **fields: Any) -> Node:
    block = Block("tool_result", words, tool_name=tool, is_error=is_error)
    return node(name, parent, "tool", "tool", [block], visible=False, author_name=tool, **fields)


def injected(name: str, parent: str | None, words: str, *, role: str = "user") -> Node:
    return node(name, parent, role, "provider_injected", text(words), visible=False)


def node(
    name: str, parent: str | None, role: str, kind: str, blocks: list[Block], *, files: int = 0, **fields: Any
) -> Node:
    attachments = [Attachment(name=f"file-{rank}") for rank in range(files)]
    return Node(name, parent, Message(role, kind, blocks, attachments=attachments, **fields))


def conversation(name: str, *nodes: Node, current: str | None = None, timed: bool = True) -> ParsedConversation:
    """Nodes get times one minute apart where they have none; the active path leads to `current`, else the last node."""
    for rank, at in enumerate(nodes):
        if timed and at.message is not None and at.message.created_at is None:
            at.message.created_at = START + rank * MINUTE
    return ParsedConversation(
        conversation_id=name,
        shape="fixture",
        source_type="chatgpt_export",
        nodes=list(nodes),
        nodes_in=len(nodes),
        current=current or nodes[-1].node_id,
        created_at=START,
    )


class Corpus:
    """Runs of conversations, by run id."""

    def __init__(self, *conversations: ParsedConversation) -> None:
        self._runs: dict[str, list[ParsedConversation]] = {}
        self.add(*conversations)

    def add(self, *conversations: ParsedConversation, run: str = RUN) -> None:
        self._runs.setdefault(run, []).extend(conversations)

    def mash(self, path: str = ":memory:", *, policy: Policy | None = POLICY) -> duckdb.DuckDBPyConnection:
        """A mash that holds every run, each message current; cleaned by the policy unless that is None."""
        connection = duckdb.connect(path)
        schema.create(connection)
        for run, conversations in self._runs.items():
            _merge(connection, _provider_database(run, conversations))
        if policy is not None:
            clean(connection, policy, WORD_COUNTER)
        return connection


@cache
def _run_database() -> duckdb.DuckDBPyConnection:
    """One database for the runs of all corpora, one after the other: making its tables costs more than their rows."""
    return duckdb.connect()


def _provider_database(run: str, conversations: Iterable[ParsedConversation]) -> duckdb.DuckDBPyConnection:
    connection = _run_database()
    provenance = Provenance(run.split("_")[0], run, "ab" * 32, "export.zip", datetime(2026, 1, 31, 12))
    with RunWriter(connection, provenance, count_words) as writer:
        for table in RUN_TABLES:
            connection.execute(f"TRUNCATE store.{table.name}")
        for rank, parsed in enumerate(conversations):
            writer.add(parsed, arrange(parsed), RawElement("conversations.json", rank, 0, 1, memoryview(b"{")))
        writer.finish()
    return connection


def _merge(mash: duckdb.DuckDBPyConnection, run: duckdb.DuckDBPyConnection) -> None:
    for table in (*VERSIONED, *PLAIN, TEXTS):
        rows = run.sql(f"SELECT * FROM store.{table.name}").to_arrow_table()
        if not rows.num_rows:
            continue
        mash.register("incoming", rows)
        mash.execute(
            f"INSERT INTO store.texts BY NAME SELECT *, {KEY_SQL} AS text_key FROM incoming"
            " ANTI JOIN store.texts USING (content_sha256)"
            if table is TEXTS
            else f"INSERT INTO store.{table.name} BY NAME SELECT * FROM incoming"
        )
        mash.unregister("incoming")
