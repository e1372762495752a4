"""Handoff packets: `reports/handoff/` says of every stage what it decided last, `history/` what it decided before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pydantic

from moonshine_assets.errors import (
    Busy,
    Corruption,
    MoonshineError,
    StorageFull,
    UndefinedPolicy,
)
from moonshine_assets.gates import Verdict
from moonshine_assets.reports.packets import CheckPacket, Escalation, Forward, Request, RevisionRequest, parsed
from moonshine_resources import storage
from moonshine_resources.atomic import write_json_keeping
from moonshine_resources.home import Home

VERSION = 1
#: So many earlier decisions of a stage are kept.
KEPT = 50

#: What to do when a gate is red; docs/operations.md says the same to people.
_WHAT_TO_DO = {
    "source_lock": "the export changed since it was registered: run it again as the new export it is",
    "receipt_balances": "see what is missing of the named file; the export is kept: run it again when read right",
    "schema": "mend what wrote the named table, column and rule, and materialize the stage again",
    "provider_coverage": "rows name no run or another provider: build the named run again",
    "no_contamination": "take the foreign source out of the inbox; it never reaches the mash",
    "ledger_complete": "two counts disagree: materialize the ledger again; if they still do, report it",
    "archived_first": "materialize archive_snapshot of the named run again; put lost files back from a backup",
    "merge_order": "merge the named staged run first, or give another MOONSHINE_MERGE_ORDER",
    "merge_idempotent": "the merge was rolled back: check the run's database with its own gates",
    "mash_schema": "the merge was rolled back: check the named table of the run",
    "mash_integrity": "nothing was changed: look at the named rows; `moonshine restore` brings back an earlier mash",
    "token_band": "widen the policy's band or change its rules, see docs/policy.md",
    "query_contracts": "mend the named query or its declaration, see moonshine_assets/mash/contracts",
    "reconciliation": "see the terms in token_reconciliation.json for the run that differs",
    "trainer_lint": "the named rows would be corrupted by a trainer: change the lane's rules or the policy",
    "secrets": "materialize clean again, so that new texts are searched, then the slice and the lane",
    "pii": "materialize clean again, so that new texts are searched, then the slice and the lane",
    "mix_balance": "the mix before stays: the named providers differ too much; report it, or change the policy",
    "no_placeholder": "fill the named field and materialize the manifests again",
    "citations": "cite the ledger field the total is taken from, or correct the total",
}
_ELSE = "see the offending ids and the page docs/operations.md, then materialize the stage again"


class Stage(NamedTuple):
    """Whose decision it is: an asset, and the provider run if it is about one."""

    name: str
    run_id: str | None


class Answer(NamedTuple):
    """A gate's verdict, and whether the stage depends on it."""

    verdict: Verdict
    blocking: bool


def handed_on(
    home: Home, stage: Stage, answers: Sequence[Answer], *, generated_at: str, data_version: str | None = None
) -> Path:
    """Write the packet of a stage that has asked its gates: forward, or a revision request for those that refused."""
    common = _common(stage, answers, generated_at)
    refused = [answer.verdict for answer in answers if answer.blocking and not answer.verdict.passed]
    if not refused:
        return _write(home, Forward(**common, decision="forward", data_version=data_version))
    requests = [
        Request(
            gate=verdict.gate,
            what=verdict.reason,
            where=stage.name if stage.run_id is None else f"{stage.name} {stage.run_id}",
            what_to_do=_WHAT_TO_DO.get(verdict.gate, _ELSE),
            offender_count=verdict.offender_count,
            offending=[{name: _plain(value) for name, value in row.items()} for row in verdict.offenders],
        )
        for verdict in refused
    ]
    return _write(home, RevisionRequest(**common, decision="revision_request", requests=requests))


def handed_back(
    home: Home, stage: Stage, answers: Sequence[Answer], error: MoonshineError, *, generated_at: str
) -> Path | None:
    """Write the packet of a stage that ended with an error; None for one that decided nothing (no space, no turn)."""
    if isinstance(error, Busy | StorageFull):
        return None
    common = _common(stage, answers, generated_at)
    if isinstance(error, Corruption | UndefinedPolicy):
        return _write(
            home,
            Escalation(
                **common,
                decision="escalation",
                kind="corruption" if isinstance(error, Corruption) else "undefined_policy",
                what=error.what,
                where=error.where,
                what_to_do=error.fix or _ELSE,
            ),
        )
    request = Request(
        gate=None,
        what=error.what,
        where=error.where or stage.name,
        what_to_do=error.fix or _ELSE,
        offender_count=0,
        offending=[],
    )
    return _write(home, RevisionRequest(**common, decision="revision_request", requests=[request]))


def packet_path(home: Home, stage: Stage) -> Path:
    """Where a stage's last decision is."""
    name = stage.name.replace("/", ".")
    return home.handoff / f"{name}.json" if stage.run_id is None else home.handoff / f"{name}.{stage.run_id}.json"


def _common(stage: Stage, answers: Sequence[Answer], generated_at: str) -> dict[str, Any]:
    checks = [
        CheckPacket(gate=verdict.gate, passed=verdict.passed, blocking=blocking, reason=verdict.reason)
        for verdict, blocking in answers
    ]
    return {
        "version": VERSION,
        "stage": stage.name,
        "run_id": stage.run_id,
        "checks": checks,
        "generated_at": generated_at,
    }


def _write(home: Home, packet: Forward | RevisionRequest | Escalation) -> Path:
    """Write a packet in its stage's place; the one that was there goes to `history/` if it said something else."""
    path = packet_path(home, Stage(packet.stage, packet.run_id))
    value = packet.model_dump(mode="json")
    before = _present(path)
    if before is not None and _decision(before) == _decision(packet):
        return path
    with storage.writing(path):
        if before is not None:
            _keep(path, before.generated_at)
        else:
            path.unlink(missing_ok=True)  # damaged: it says nothing
    write_json_keeping(path, value)
    return path


def _decision(packet: Forward | RevisionRequest | Escalation) -> dict[str, Any]:
    """What a packet decides: neither when, nor the counts by which a gate that holds was found to hold.

    Totals of tokens are quoted, so a packet with others is another packet.
    """
    decision = packet.model_dump(mode="json", exclude={"generated_at"})
    for check in decision["checks"]:
        if check["passed"] and "token" not in check["reason"]:
            del check["reason"]
    return decision


def _present(path: Path) -> Forward | RevisionRequest | Escalation | None:
    try:
        return parsed(path.read_bytes())
    except (FileNotFoundError, pydantic.ValidationError):
        return None


def _keep(path: Path, generated_at: str) -> None:
    """Move a packet to `history/`, before the next one takes its place; the oldest beyond KEPT go."""
    history = path.parent / "history"
    history.mkdir(exist_ok=True)
    stamp = "".join(character for character in generated_at if character.isalnum())
    number = 0
    while (target := history / f"{path.stem}.{stamp}{f'-{number}' if number else ''}.json").exists():
        number += 1
    path.replace(target)
    for old in sorted(history.glob(f"{path.stem}.????????T??????Z*.json"))[:-KEPT]:
        old.unlink()


def _plain(value: object) -> str | int | float | bool | None:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)
