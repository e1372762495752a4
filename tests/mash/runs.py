"""Published runs from compact descriptions, with everything a merge and an archive need of them.

run = publish_run(home, [talk("c1", "Hello", "Hi"), talk("c2", "Tea?", "Yes", updated=2)], FIRST)
merge(home, run)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.archive.snapshot import take_snapshot
from moonshine_assets.exports.records import Block, Message, Node, ParsedConversation, RawElement
from moonshine_assets.exports.tree import arrange
from moonshine_assets.gates import Verdict
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.gates import mash_integrity, provider_coverage
from moonshine_assets.mash.merge import Merge, RunFacts, merge_run
from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_assets.providers.categories import CategoryTally, category_rows, counted
from moonshine_assets.providers.publish import publish_database
from moonshine_assets.providers.writer import Provenance, RunWriter
from moonshine_assets.tables import RECEIPT_CATEGORIES, RECEIPTS
from moonshine_assets.tables.receipts import RECEIPT_COUNTS
from moonshine_assets.tables.schema import Table
from moonshine_resources.atomic import write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, provider_of

FIRST = "chatgpt_20260101_120000"
SECOND = "chatgpt_20260201_120000"
MEMBER = "conversations.json"
#: 2026-01-01 12:00 UTC in microseconds, and a day.
START = 1_767_268_800_000_000
DAY = 86_400_000_000
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAMP = "2026-11-20T12:00:00Z"


def words(texts: Sequence[str]) -> list[int]:
    """A stand-in for the tokenizer: words. What the mash does with counts does not depend on how they were counted."""
    return [len(text.split()) for text in texts]


def talk(name: str, *turns: str, updated: int = 0, retried: bool = False) -> ParsedConversation:
    """A conversation of alternating human and model turns.

    Args:
        name: conversation id.
        turns: texts, the human's first.
        updated: days after START it was changed last.
        retried: the last turn was generated twice; the second one is shown.
    """
    nodes = []
    for rank, text in enumerate(turns):
        role, kind = ("user", "human") if rank % 2 == 0 else ("assistant", "model")
        message = Message(role, kind, [Block("text", text)], created_at=START + rank)
        nodes.append(Node(f"{name}-{rank}", f"{name}-{rank - 1}" if rank else None, message))
    if retried:
        again = Message("assistant", "model", [Block("text", f"{turns[-1]} again")], created_at=START + len(turns))
        nodes.append(Node(f"{name}-again", nodes[-1].parent_id, again))
    return ParsedConversation(
        conversation_id=name,
        shape="chatgpt-2025",
        source_type="chatgpt_export",
        nodes=nodes,
        nodes_in=len(nodes),
        current=nodes[-1].node_id if nodes else None,
        title=name,
        created_at=START,
        updated_at=START + updated * DAY,
    )


def account(conversations: int, *, turns: int = 4, updated: int = 0, first: int = 0) -> list[ParsedConversation]:
    """Many conversations; texts differ from one another, and from those of another `updated`."""
    return [
        talk(f"c{rank}", *(f"turn {turn} of {rank} as of day {updated} " * 5 for turn in range(turns)), updated=updated)
        for rank in range(first, first + conversations)
    ]


def publish_run(home: Home, conversations: Iterable[ParsedConversation], run_id: str) -> RunFacts:
    """A run as provider_export, provider_db and token_ledger leave it."""
    run = home.run(run_id)
    conversations = list(conversations)
    elements, raw = _raw(conversations)
    source = sha256(raw).hexdigest()
    lock = {
        "run_id": run_id,
        "provider": run.provider,
        "source_type": "chatgpt_export",
        "shape": "chatgpt-2025",
        "source_sha256": source,
        "source_path": MEMBER,
        "kind": "file",
        "size_bytes": len(raw),
        "members": [MEMBER],
        "registered_at": _registered(run_id).isoformat() + "Z",
    }
    write_json(run.lock, lock)
    run.raw.mkdir(parents=True, exist_ok=True)
    (run.raw / f"{source}.json").write_bytes(raw)
    with connect(run.database_draft, read_only=False) as connection:
        tokens = _write(connection, run_id, source, conversations, elements, len(raw))
    manifest = publish_database(run, lock, STAMP)
    write_json(run.ledger, {"run_id": run_id, "raw_json_tokens": len(raw), "content_tokens_non_system": tokens})
    return RunFacts(run_id, run.provider, run.database, manifest["database_sha256"], len(raw), tokens)


Gates = Callable[[duckdb.DuckDBPyConnection], list[Verdict]]


def no_gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
    return []


def quick_gates(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
    """Those that are about what a merge does; the schema gate costs most of a small merge's time."""
    return [provider_coverage(connection), mash_integrity(connection)]


def merge(home: Home, run: RunFacts, *, moment: datetime = NOW, gates: Gates = quick_gates) -> Merge:
    """Merge a run into the home's mash."""
    home.mash.parent.mkdir(parents=True, exist_ok=True)
    with connect(home.mash, read_only=False) as connection:
        return merge_run(connection, run, moment=moment, reason="test", gates=gates)


def archive(home: Home, run: RunFacts) -> None:
    """What must exist before a merge: the run's archive and the snapshot."""
    archive_run(home.run(run.run_id), STAMP)
    take_snapshot(home, run.run_id, STAMP)


def read(home: Home, query: str) -> list[tuple[object, ...]]:
    """Rows of a query on the mash."""
    with connect(home.mash, read_only=True) as connection:
        return connection.execute(query).fetchall()


def _raw(conversations: list[ParsedConversation]) -> tuple[list[tuple[int, int]], bytes]:
    """Where each conversation's JSON stands in the export, and the export."""
    spans, raw = [], bytearray(b"[")
    for parsed in conversations:
        data = json.dumps({"id": parsed.conversation_id, "nodes": len(parsed.nodes)}).encode()
        spans.append((len(raw), len(raw) + len(data)))
        raw += data + b","
    return spans, bytes(raw[:-1] + b"]") if conversations else b"[]"


def _write(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    source: str,
    conversations: list[ParsedConversation],
    spans: list[tuple[int, int]],
    size: int,
) -> int:
    provenance = Provenance(provider_of(run_id), run_id, source, MEMBER, _registered(run_id))
    with RunWriter(connection, provenance, words) as writer:
        categories = CategoryTally()
        for rank, (parsed, (start, end)) in enumerate(zip(conversations, spans, strict=True)):
            arranged = arrange(parsed)
            categories.take(counted(parsed, arranged))
            writer.add(parsed, arranged, RawElement(MEMBER, rank, start, end, memoryview(b"")))
        writer.finish()
        nodes = sum(len(parsed.nodes) for parsed in conversations)
        taken = sum(end - start for start, end in spans)
        counts = {
            **dict.fromkeys(RECEIPT_COUNTS, 0),
            "bytes_total": size,
            "bytes_conversations": taken,
            "bytes_structure": size - taken,
            "conversations_in": len(conversations),
            "conversations_written": len(conversations),
            "nodes_in": nodes,
            "nodes_visible": nodes,
        }
        writer.insert(RECEIPTS, [{"member": MEMBER, "member_role": "conversations", **counts}])
        writer.insert(RECEIPT_CATEGORIES, category_rows(connection, [(MEMBER, categories)]))
    ((tokens,),) = connection.execute(
        "SELECT coalesce(sum(content_tokens), 0)::BIGINT FROM store.messages WHERE role <> 'system'"
    ).fetchall()
    return int(tokens)


def _registered(run_id: str) -> datetime:
    return datetime.strptime("_".join(run_id.split("_")[-2:]), "%Y%m%d_%H%M%S")


def content(path: Path, tables: tuple[Table, ...] = MASH_TABLES) -> str:
    """What a mash file holds, as one hash."""
    with connect(path, read_only=True) as connection:
        return content_hash(connection, tables)
