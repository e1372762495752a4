"""The waterfall as bars: counters from the left edge, reasons where they are taken off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.reports.page.facts import Fact


class Bar(NamedTuple):
    """A bar; `kind` is counter or reason, `left` and `width` are per cent of the first counter."""

    kind: str
    name: str
    tokens: int
    left: float
    width: float


class Waterfall(NamedTuple):
    """The bars of the whole mash or of a provider; `source` is the anchor of what the numbers come from."""

    title: str
    source: str
    bars: list[Bar]


def main_waterfall(ledger: Mapping[str, Any], source: str) -> Waterfall:
    """The waterfall of the main ledger."""
    steps = [(step["to_counter"], step["reason"], step["tokens"]) for step in ledger["waterfall"]]
    return Waterfall("All providers", source, _bars({name: ledger[name] for name in COUNTERS}, steps))


def provider_waterfalls(fact: Fact) -> list[Waterfall]:
    """A waterfall a provider, from rows of provider, to_counter, reason (NULL: the counter itself) and tokens."""
    of: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in fact.rows:
        of[row["provider"]].append(row)
    falls = []
    for provider, rows in of.items():
        counters = {row["to_counter"]: row["tokens"] for row in rows if row["reason"] is None}
        steps = [(row["to_counter"], row["reason"], row["tokens"]) for row in rows if row["reason"] is not None]
        falls.append(Waterfall(provider, f"q-{fact.name}", _bars(counters, steps)))
    return falls


def _bars(counters: Mapping[str, int], steps: list[tuple[str, str, int]]) -> list[Bar]:
    whole = max(counters[COUNTERS[0]], 1)
    bars: list[Bar] = []
    for rank, counter in enumerate(COUNTERS):
        level = counters[COUNTERS[rank - 1]] if rank else 0
        for to_counter, reason, tokens in steps:
            if to_counter == counter:
                level -= tokens
                bars.append(Bar("reason", reason, tokens, _percent(level, whole), _percent(tokens, whole)))
        bars.append(Bar("counter", counter, counters[counter], 0.0, _percent(counters[counter], whole)))
    return bars


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 3)
