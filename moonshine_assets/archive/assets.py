"""The restore drill as a check on the mash, which warns and stops nothing; a job of its own runs it."""

from __future__ import annotations

import dagster as dg

from moonshine_assets.archive.drill import GATE, restore_drill
from moonshine_assets.dagster_checks import check_result
from moonshine_resources.resources import HomeResource, MashDatabase

#: A mash up to this size is drilled every night, a larger one once a week.
NIGHTLY_BYTES = 256 * 1024**2

_MASH = dg.AssetKey("mash")


@dg.asset_check(
    asset=_MASH,
    name=GATE,
    pool="mash_writer",
    description="The newest snapshot, restored into scratch and brought up to date, equals the mash row by row.",
)
def restore_drill_check(home: HomeResource, mash_database: MashDatabase) -> dg.AssetCheckResult:
    """Reads every archived database; nothing outside the scratch folder is written."""
    with mash_database.exclusively():
        verdict = restore_drill(home.open())
    return check_result(verdict)


restore_drill_job = dg.define_asset_job(
    "restore_drill",
    selection=dg.AssetSelection.checks(restore_drill_check),
    executor_def=dg.in_process_executor,
    description="Restores the newest snapshot into scratch and compares it with the mash.",
)
