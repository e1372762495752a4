"""The gates secrets and pii: the strings of a lane's rows, as they are about to be written, hold nothing to redact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from moonshine_assets.distill.redaction.replace import marked
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.text_batches import BATCH_CHARACTERS
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.lanes.columns import PROVENANCE
from moonshine_assets.lanes.rows import Row


def sensitive(rows: Iterable[Row], rules: Rules) -> tuple[Verdict, Verdict]:
    """The verdicts of `secrets` and `pii`; offenders are a row's record_uid and the rule, never text.

    Looks at every string of what a trainer reads, keys and nested arguments included, whatever was redacted before.
    """
    kinds = {rule.name: rule.kind for rule in rules.rules}
    found: set[tuple[str, str]] = set()
    strings = 0
    for uids, texts in _batches(rows):
        strings += len(texts)
        series = pl.Series(texts, dtype=pl.String)
        for at, matching in rules.may_hold(series).items():
            found |= {(uids[at], one.rule) for one in marked(texts[at], matching).replaced}
    return tuple(  # type: ignore[return-value]
        _verdict(gate, strings, sorted(hit for hit in found if kinds[hit[1]] == kind))
        for gate, kind in (("secrets", "secret"), ("pii", "pii"))
    )


def _verdict(gate: str, strings: int, hits: list[tuple[str, str]]) -> Verdict:
    if not hits:
        return held(gate, f"no rule matches in {strings:,} strings of the rows", strings=strings)
    offenders = [{"record_uid": uid, "rule": rule} for uid, rule in hits]
    rows = len({uid for uid, _ in hits})
    return broken(gate, f"{rows:,} rows hold what {gate} must not let through; run clean again", offenders, rows=rows)


def _batches(rows: Iterable[Row]) -> Iterator[tuple[list[str], list[str]]]:
    """Record uids and strings, side by side, a bounded number of characters at a time."""
    uids: list[str] = []
    texts: list[str] = []
    characters = 0
    for row in rows:
        for name, value in row.items():
            if name in PROVENANCE:
                continue
            for text in _strings(value):
                uids.append(str(row["record_uid"]))
                texts.append(text)
                characters += len(text)
        if characters > BATCH_CHARACTERS:
            yield uids, texts
            uids, texts, characters = [], [], 0
    if texts:
        yield uids, texts


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
