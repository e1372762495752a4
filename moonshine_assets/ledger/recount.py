"""The second, independent count: plain tiktoken over what is stored, all of it or a stated sample."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.exports.container import opened
from moonshine_assets.exports.packed_text import json_text_on_disk
from moonshine_assets.exports.split import mapped
from moonshine_assets.gates import rows
from moonshine_resources.tokenizer import TokenCounter
from moonshine_resources.tokenizer.split import exact_chunks

#: Up to this many characters everything is recounted; beyond it, one text in SAMPLE_ONE_IN.
FULL_CHARACTERS = 2_000_000
SAMPLE_ONE_IN = 100
#: Of a larger raw file, so many chunks of this many bytes are recounted.
_RAW_CHUNKS = 4
_RAW_CHUNK_BYTES = 256 * 1024


def recount_texts(connection: duckdb.DuckDBPyConnection, counter: TokenCounter) -> tuple[list[dict[str, Any]], int]:
    """Stored token counts that differ from the reference, and how many texts were recounted.

    Every message's own figure is held against its text's; of the texts all, or a sample, are counted again.
    The sample is fixed by the content hash, so that a text that is wrong stays in or out of it on every run.
    Texts with the one sequence on which the fast library is known to differ are always recounted.
    """
    (characters,) = connection.execute("SELECT coalesce(sum(length(text)), 0) FROM store.texts").fetchall()[0]
    sample = 1 if characters <= FULL_CHARACTERS else SAMPLE_ONE_IN
    cursor = connection.execute(
        "SELECT content_sha256, text, tokens FROM store.texts"
        " WHERE ('0x' || content_sha256[1:8])::UBIGINT % ? = 0 OR contains(text, '''ſ')",
        [sample],
    )
    wrong = []
    checked = 0
    while batch := cursor.fetchmany(500):
        for digest, text, tokens in batch:
            checked += 1
            reference = counter.reference(text)
            if reference != tokens:
                wrong.append({"content_sha256": digest, "stored": tokens, "reference": reference})
    wrong += rows(
        connection,
        """
        SELECT content_sha256, m.content_tokens AS of_messages, t.tokens AS of_text, count(*) AS messages
        FROM store.messages m JOIN store.texts t USING (content_sha256)
        WHERE m.content_tokens <> t.tokens GROUP BY ALL ORDER BY ALL
        """,
    )
    return wrong, checked


def recount_sums(connection: duckdb.DuckDBPyConnection, content_tokens: int) -> list[dict[str, Any]]:
    """The content counter against a sum that takes another way: over texts, not over messages' own figures."""
    total = rows(
        connection,
        """
        SELECT coalesce(sum(t.tokens * n), 0)::BIGINT AS tokens
        FROM (SELECT content_sha256, count(*) AS n FROM main.messages WHERE role <> 'system' GROUP BY ALL)
        JOIN store.texts t USING (content_sha256)
        """,
    )[0]["tokens"]
    if total == content_tokens:
        return []
    return [{"counter": "content_tokens_non_system", "ledger": content_tokens, "recounted": total}]


def recount_reasons(connection: duckdb.DuckDBPyConnection, ledger: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cleaned counter, and the tokens of system text, of a run's ledger against sums over its texts."""
    found = rows(
        connection,
        """
        WITH uses AS (
            SELECT content_sha256, count(*) FILTER (role = 'system') AS system,
                   count(*) FILTER (role <> 'system') AS other
            FROM main.messages GROUP BY content_sha256
        )
        SELECT coalesce(sum(tokens) FILTER (other > 0), 0)::BIGINT AS content_tokens_cleaned,
               coalesce(sum(tokens * system), 0)::BIGINT AS system_text
        FROM uses JOIN store.texts USING (content_sha256)
        """,
    )[0]
    told = {step["reason"]: step["tokens"] for step in ledger["waterfall"]}
    told["content_tokens_cleaned"] = ledger["content_tokens_cleaned"]
    return [
        {"counter": name, "ledger": told.get(name), "recounted": tokens}
        for name, tokens in found.items()
        if told.get(name) != tokens
    ]


def recount_raw(
    raw: Path, lock: dict[str, Any], by_member: dict[str, int], work: Path, counter: TokenCounter
) -> list[dict[str, Any]]:
    """Raw counts that differ from the reference: whole files up to FULL_CHARACTERS bytes, chunks of larger ones."""
    wrong: list[dict[str, Any]] = []
    if set(by_member) != set(lock["members"]):
        return [{"counter": "raw_json_tokens_by_file", "ledger": len(by_member), "recounted": len(lock["members"])}]
    with opened(raw, lock["source_path"]) as container:
        for name in lock["members"]:
            with mapped(json_text_on_disk(container, name, work)) as view:
                if len(view) <= FULL_CHARACTERS:
                    reference = counter.reference(bytes(view).decode("utf-8", errors="replace"))
                    if reference != by_member[name]:
                        wrong.append({"member": name, "ledger": by_member[name], "reference": reference})
                    continue
                step = max(1, len(view) // _RAW_CHUNK_BYTES // _RAW_CHUNKS)
                chunks = exact_chunks(view, 0, len(view), _RAW_CHUNK_BYTES)
                for chunk in itertools.islice(chunks, 0, _RAW_CHUNKS * step, step):
                    text = chunk.decode("utf-8", errors="replace")
                    fast, reference = counter.count(text), counter.reference(text)
                    if fast != reference:
                        wrong.append({"member": name, "chunk_fast": fast, "chunk_reference": reference})
    return wrong
