"""The report page as an asset; its figures are numbers, so that the UI plots them over runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from moonshine_assets.dagster_checks import reporting, table_metadata
from moonshine_assets.distill.run import distillation_run_id
from moonshine_assets.providers.family import OWNERS
from moonshine_assets.reports.page.render import write_page
from moonshine_assets.reports.page.view import view
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource, MashDatabase, PolicyResource

PAGE = dg.AssetKey("report_page")


def page_asset(deps: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset, made after `deps`."""

    @dg.asset(
        key=PAGE,
        deps=deps,
        group_name="reports",
        owners=OWNERS,
        kinds={"html"},
        description="report.html: ledger, receipts, calendar, lanes, feedback and pairs on one page, offline.",
    )
    @reporting
    def report_page(
        home: HomeResource, mash_database: MashDatabase, policy: PolicyResource
    ) -> Iterator[dg.MaterializeResult]:
        place, rules, moment = home.open(), policy.load(), clock.now()
        with mash_database.get_connection() as connection:
            run_id = distillation_run_id(connection, place, rules, moment)
            values = view(connection, place, rules, run_id)
        text = write_page(place, values, clock.iso(moment))
        yield dg.MaterializeResult(metadata=_metadata(values, len(text.encode())))

    return report_page


def _metadata(values: dict[str, Any], size: int) -> dict[str, Any]:
    """Counts and shares; no text of a message."""
    told: dict[str, Any] = {tile.label.replace(" ", "_"): tile.value for tile in values["tiles"]}
    told["bytes"] = size
    replies = values["facts"]["replies"].rows
    answers = sum(row["answers"] for row in replies)
    if answers:
        told["correction_rate"] = sum(row["corrected"] for row in replies) / answers
    measured = [row for row in values["facts"]["tone"].rows if row["measured"]]
    if measured:
        told["tone_shift"] = sum(row["mean_shift"] * row["measured"] for row in measured) / sum(
            row["measured"] for row in measured
        )
    told["redacted_places"] = sum(row["places"] for row in values["facts"]["redactions"].rows)
    for table in values["corrections"]:
        told[f"corrections_by_{table.by}"] = table_metadata(
            [{table.by: row.name, "answers": row.answers, "corrected": row.corrected} for row in table.rows]
        )
    told["pairs_shown"] = len(values["pairs"])
    return told
