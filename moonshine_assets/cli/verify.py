"""`moonshine verify`: every row of the mash looked at, whoever vouches for it, and what the reports say of it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from moonshine_assets.cli import show
from moonshine_assets.cli.options import as_json, at_home
from moonshine_assets.cli.outcome import FAILED, OK, exiting
from moonshine_assets.errors import BadInput
from moonshine_assets.ledger.reconciliation import reconciliation
from moonshine_assets.mash.vouched import checked_gates
from moonshine_assets.reports.citations import citations
from moonshine_resources import clock
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


@click.command()
@at_home
@as_json
@exiting
def verify(home_dir: Path | None, as_json: bool) -> int:
    """Check every row of the mash (schema, provenance, integrity), and every total in the reports against the ledger.

    The nightly schedule does the same.
    """
    home = Home.at(home_dir)
    if not home.mash.exists():
        raise BadInput("the mash is empty", where=str(home.mash), fix="take in an export first: `moonshine run PATH`")
    with connect(home.mash, read_only=True) as connection:
        verdicts = checked_gates(connection, home, checked_at=clock.iso(clock.now()), whole=True)
    if home.reconciliation.exists():
        verdicts.append(reconciliation(read_json(home.reconciliation)))
    if home.distillation_manifest.exists():
        verdicts.append(citations(home))
    found = [{"gate": v.gate, "holds": v.passed, "reason": v.reason, "offenders": v.offenders} for v in verdicts]
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str))
    else:
        show.console().print(show.table("Gates", found, ["gate", "holds", "reason"]))
        offending = [{"gate": row["gate"], **offender} for row in found for offender in row["offenders"]]  # type: ignore[attr-defined]
        if offending:
            show.console().print(show.table("Offenders", offending))
    return OK if all(verdict.passed for verdict in verdicts) else FAILED
