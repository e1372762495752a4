"""Numbers about tokens outside the reports: in dataset cards and handoff packets, held against what vouches for them.

A card or packet carries no citations. A number in it must stand in the manifest beside the card, or in the ledger and
manifests of the state (a run's packet: in the run's ledger).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from moonshine_assets.reports.quotable import within
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home

_IN_A_REASON = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")


def cards(home: Home) -> list[tuple[Path, set[Decimal]]]:
    """Cards of the present distillation and of trainers' exports, each with the numbers that may stand in it."""
    if not home.distillation_manifest.exists():
        return []
    run_id = read_json(home.distillation_manifest)["run_id"]
    found = [*home.distillations.glob(f"**/{run_id}/**/*.md"), *(home.reports / "trainers").glob("**/*.md")]
    return [(card, _of_manifest(card, home)) for card in sorted(found)]


def accepted(home: Home) -> Iterator[tuple[str, str, set[Decimal]]]:
    """Reasons in the packets of stages that were accepted: packet, reason, and the numbers it may print."""
    of_state: set[Decimal] = set()
    for path in (home.token_ledger, home.reconciliation, home.distillation_manifest):
        if path.exists():
            of_state |= set(numbers(read_json(path)))
    for path in sorted(home.handoff.glob("*.json")):
        packet = read_json(path)
        if packet.get("decision") != "forward":
            continue
        run_id = packet["run_id"]
        known = of_state
        if run_id is not None:
            ledger = home.run(run_id).ledger
            known = set(numbers(read_json(ledger))) if ledger.exists() else set()
        for check in packet["checks"]:
            yield within(home, path), str(check["reason"]), known


def numbers(document: Any) -> Iterator[Decimal]:
    """Every number anywhere in a JSON document, those in the reasons of gates and bands included."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "reason" and isinstance(value, str):
                yield from (Decimal(found.replace(",", "")) for found in _IN_A_REASON.findall(value))
            yield from numbers(value)
    elif isinstance(document, list):
        for value in document:
            yield from numbers(value)
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield Decimal(str(document))


def _of_manifest(card: Path, home: Home) -> set[Decimal]:
    for folder in card.parents:
        if folder == home.reports:
            break
        if (folder / "manifest.json").exists():
            return set(numbers(read_json(folder / "manifest.json")))
    return set()
