"""Bringing the redacted texts up to date with the mash: only texts that were not searched yet are read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import duckdb
import polars as pl
import pyarrow as pa

from moonshine_assets.distill.redaction.replace import ROUNDS, Replaced, marked, numbered
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.text_batches import batches, insert
from moonshine_assets.tables.redaction import PLACEHOLDERS, REDACTED_TEXTS, TEXT_SCANS

_HERE = Path(__file__).parent
_MARKED = pa.schema([("content_sha256", pa.string()), ("text", pa.string()), ("replaced", pa.string())])
_VALUES = pa.schema(
    [
        ("content_sha256", pa.string()),
        ("place", pa.int32()),
        ("label", pa.string()),
        ("value_sha256", pa.string()),
    ]
)


class CountsTokens(Protocol):
    """What redaction needs of a tokenizer."""

    def count_many(self, texts: Sequence[str]) -> list[int]: ...


class Scanned(NamedTuple):
    """How many texts were searched now, and in how many of them something was replaced."""

    texts: int
    changed: int


def scan_texts(
    connection: duckdb.DuckDBPyConnection, rules: Rules, counter: CountsTokens, known_version: str
) -> Scanned:
    """Search what was not searched yet; call it in a transaction.

    Args:
        connection: the mash, opened as its writer.
        rules: what to look for.
        counter: counts the tokens of texts that changed.
        known_version: version of the rules that the stored scans were made by; of another one they are forgotten.
    """
    for table in (TEXT_SCANS, REDACTED_TEXTS, PLACEHOLDERS):
        connection.execute(table.ddl())
        if known_version != rules.version:
            connection.execute(f"DELETE FROM store.{table.name}")  # noqa: S608 - our own names
    connection.execute((_HERE / "wanted_texts.sql").read_text("utf-8"))
    connection.execute(_MARKED_TABLES)
    scanned = changed = 0
    for batch in _new_texts(connection):
        scanned += len(batch)
        changed += _search(connection, rules, batch)
    if changed:
        connection.execute((_HERE / "number_values.sql").read_text("utf-8"))
        _render(connection, counter)
    connection.execute("DROP TABLE temp.marked_texts; DROP TABLE temp.found_values; DROP TABLE temp.wanted_texts")
    return Scanned(scanned, changed)


_MARKED_TABLES = """
CREATE OR REPLACE TEMP TABLE marked_texts (content_sha256 VARCHAR, text VARCHAR, replaced VARCHAR);
CREATE OR REPLACE TEMP TABLE found_values (content_sha256 VARCHAR, place INTEGER, label VARCHAR, value_sha256 VARCHAR);
"""


def _new_texts(connection: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """Texts and arguments without a scan, in batches: content_sha256, text."""
    new = "SELECT content_sha256 FROM temp.wanted_texts ANTI JOIN store.text_scans USING (content_sha256)"
    yield from batches(connection, "store.texts", "content_sha256", "text", f"{new} WHERE NOT is_arguments")
    yield from batches(connection, "store.blocks", "sha256(arguments)", "arguments", f"{new} WHERE is_arguments")


def _search(connection: duckdb.DuckDBPyConnection, rules: Rules, batch: pl.DataFrame) -> int:
    """Search a batch, keep what was found for `_render`; how many texts something was found in."""
    hashes = batch["content_sha256"]
    texts, replaced = _marked_batch(batch["text"], rules)
    found = [(hashes[row], texts[row], values) for row, values in sorted(replaced.items())]
    redactions = dict.fromkeys(hashes, 0) | {name: len(values) for name, _, values in found}
    scans = pa.table({"content_sha256": list(redactions), "redactions": list(redactions.values())})
    insert(connection, "store.text_scans", scans)
    insert(
        connection,
        "temp.marked_texts",
        pa.Table.from_pylist(
            [
                {
                    "content_sha256": name,
                    "text": text,
                    "replaced": json.dumps(dict(sorted(Counter(one.rule for one in values).items()))),
                }
                for name, text, values in found
            ],
            schema=_MARKED,
        ),
    )
    insert(
        connection,
        "temp.found_values",
        pa.Table.from_pylist(
            [
                {"content_sha256": name, "place": place, "label": one.label, "value_sha256": one.digest}
                for name, _, values in found
                for place, one in enumerate(values)
            ],
            schema=_VALUES,
        ),
    )
    return len(found)


def _marked_batch(texts: pl.Series, rules: Rules) -> tuple[dict[int, str], dict[int, list[Replaced]]]:
    """By row number, the texts in which something was replaced, and what. A replacement can uncover what stood in its
    shadow, so the texts that changed are searched again."""
    changed: dict[int, str] = {}
    replaced: dict[int, list[Replaced]] = {}
    rows, looked_at = list(range(len(texts))), texts
    for _ in range(ROUNDS):
        again: list[int] = []
        for at, matching in rules.may_hold(looked_at).items():
            values = marked(looked_at[at], matching)
            if values.replaced:
                changed[rows[at]] = values.text
                replaced.setdefault(rows[at], []).extend(values.replaced)
                again.append(rows[at])
        if not again:
            break
        rows, looked_at = again, pl.Series([changed[row] for row in again], dtype=pl.String)
    return changed, replaced


def _render(connection: duckdb.DuckDBPyConnection, counter: CountsTokens) -> None:
    """Put the numbers in and store the texts."""
    numbers = {
        (label, digest): number
        for label, digest, number in connection.execute(
            "SELECT label, value_sha256, number FROM store.placeholders SEMI JOIN temp.found_values"
            " USING (label, value_sha256)"
        ).fetchall()
    }
    for batch in batches(connection, "temp.marked_texts", "content_sha256", "text", None, extra=("replaced",)):
        texts = [numbered(text, numbers) for text in batch["text"]]
        insert(
            connection,
            "store.redacted_texts",
            pa.table(
                {
                    "content_sha256": batch["content_sha256"].to_arrow(),
                    "text": texts,
                    "tokens": pa.array(counter.count_many(texts), pa.int32()),
                    "replaced": batch["replaced"].to_arrow(),
                }
            ),
        )
