"""In which order providers may be merged: the lock that keeps one back while an earlier one is staged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import duckdb

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.journal import rolled_back
from moonshine_assets.mash.merge import RunFacts, merged_build
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: Providers separated by commas; empty: no lock.
ENVIRONMENT = "MOONSHINE_MERGE_ORDER"
DEFAULT = "qwen,deepseek"


def configured_order() -> tuple[str, ...]:
    """The providers of the order lock, the first to merge first.

    Raises:
        BadInput: a name is no provider, or stands there twice.
    """
    names = [name.strip() for name in os.environ.get(ENVIRONMENT, DEFAULT).split(",") if name.strip()]
    for name in names:
        if name not in BY_PROVIDER or names.count(name) > 1:
            raise BadInput(
                f"{name!r} stands there twice" if name in BY_PROVIDER else f"{name!r} is no provider",
                where=ENVIRONMENT,
                fix=f"give some of {', '.join(sorted(BY_PROVIDER))}, each once, separated by commas",
            )
    return tuple(names)


def merge_order(home: Home, run: RunFacts, order: Sequence[str]) -> Verdict:
    """No run of an earlier provider is staged, and the run's rows are of one provider, its own.

    Staged is a run that is counted and waits for its merge; one that was rolled back does not wait.
    """
    offenders = _foreign(run) + _staged(home, order[: order.index(run.provider)] if run.provider in order else ())
    if offenders:
        return broken(
            "merge_order",
            f"{run.provider} may not be merged now: one provider an operation, and {' before '.join(order)}"
            " when both are staged",
            offenders,
        )
    return held("merge_order", f"one provider, {run.provider}; no run of an earlier provider is staged")


def by_order(providers: Sequence[str], order: Sequence[str]) -> list[int]:
    """Places of `providers` in the sequence in which to take them: the given one, but for those the order names."""
    places = [place for place, provider in enumerate(providers) if provider in order]
    ranked = iter(sorted(places, key=lambda place: order.index(providers[place])))
    return [next(ranked) if provider in order else place for place, provider in enumerate(providers)]


def _foreign(run: RunFacts) -> list[dict[str, Any]]:
    with connect(run.database, read_only=True) as connection:
        found = connection.execute(
            "SELECT provider, count(*) FROM (SELECT provider FROM store.conversations"
            " UNION ALL SELECT provider FROM store.messages UNION ALL SELECT provider FROM store.receipts)"
            " WHERE provider <> ? GROUP BY ALL ORDER BY 1",
            [run.provider],
        ).fetchall()
    return [{"run_id": run.run_id, "foreign_provider": provider, "rows": rows} for provider, rows in found]


def _staged(home: Home, providers: Sequence[str]) -> list[dict[str, Any]]:
    counted = [
        home.run(folder.name)
        for provider in providers
        for folder in sorted((home.provider_reports / provider).glob("*"))
        if home.run(folder.name).ledger.exists()
    ]
    if not counted:
        return []
    merged = _merged_or_rolled_back(home, [run.run_id for run in counted])
    return [{"staged_first": run.run_id} for run in counted if run.run_id not in merged]


def _merged_or_rolled_back(home: Home, run_ids: list[str]) -> set[str]:
    if not home.mash.exists():
        return set()
    with connect(home.mash, read_only=True) as connection:
        return _merged(connection, run_ids) | rolled_back(connection)


def _merged(connection: duckdb.DuckDBPyConnection, run_ids: list[str]) -> set[str]:
    return {run_id for run_id in run_ids if merged_build(connection, run_id) is not None}
