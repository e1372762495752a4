"""Lanes as funnels: candidates, every reason for which one gave no row, rows, and how sure the labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from moonshine_assets.reports.page.waterfall import Bar


class Signal(NamedTuple):
    """A signal's badge; `tone` is good, bad or plain."""

    name: str
    told: str
    tone: str


class Funnel(NamedTuple):
    """A lane; `source` is the anchor of its manifest, `share` is rows per cent of candidates."""

    name: str
    source: str
    candidates: int
    unit: str
    rows: int
    tokens: int
    share: float
    dropped: list[Bar]
    signals: list[Signal]


def funnel(lane: str, manifest: Mapping[str, Any]) -> Funnel:
    """A lane's funnel out of its manifest."""
    candidates = manifest["candidates"]
    whole = max(candidates, 1)
    left = candidates
    dropped = []
    for reason, count in sorted(manifest["dropped"].items(), key=lambda item: (-item[1], item[0])):
        left -= count
        dropped.append(Bar("reason", reason, count, round(100 * left / whole, 3), round(100 * count / whole, 3)))
    share = round(100 * manifest["rows"] / whole, 3)
    unit = manifest["candidate_unit"]
    told = (lane, f"f-{lane}", candidates, unit, manifest["rows"], manifest["tokens"], share)
    return Funnel(*told, dropped, signals(manifest))


def signals(manifest: Mapping[str, Any]) -> list[Signal]:
    """What is known of the precision of each signal's labels: as its rows were judged, or that they were not."""
    found = []
    for figures in manifest["audit"]:
        name = figures["signal"] if figures["tier"] == "core" else f"{figures['signal']} ({figures['tier']})"
        judged = figures["right"] + figures["wrong"]
        if not judged:
            found.append(Signal(name, f"{figures['rows']:,} rows, unaudited", "plain"))
            continue
        share = f"{figures['precision']:.0%} right ({figures['low']:.0%} – {figures['high']:.0%}, n {judged:,})"
        tone = {"audited": "good", "below_bound": "bad"}.get(figures["status"], "plain")
        found.append(Signal(name, f"{figures['rows']:,} rows, {share}", tone))
    return found
