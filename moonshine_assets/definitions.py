"""The one Definitions object: every provider's family, the mash and what is made of it, jobs, sensors, schedules."""

from __future__ import annotations

import dagster as dg

from moonshine_assets.archive.assets import restore_drill_check, restore_drill_job
from moonshine_assets.distill.assets import clean_asset, distilled_slice
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.lanes.assets import lane_assets
from moonshine_assets.lanes.mixing.assets import mix_asset
from moonshine_assets.ledger.assets import main_ledger_asset
from moonshine_assets.mash.assets import mash_asset
from moonshine_assets.providers.family import merge_key, provider_family
from moonshine_assets.reports.assets import report_assets
from moonshine_assets.sessions.assets import session_assets
from moonshine_resources.resources import (
    HomeResource,
    MashDatabase,
    PolicyResource,
    ProviderDatabases,
    TokenizerResource,
)
from sensors.mash_changed import mash_changed_sensor
from sensors.new_exports import job_name, new_exports_sensor
from sensors.schedules import housekeeping, nightly, restore_drills
from sensors.session_usage import session_usage_sensor

PROVIDERS = tuple(BY_PROVIDER)
#: Name of the job from the mash to lanes and reports.
DISTIL_JOB = "distil"
#: Name of the job of live sessions.
SESSIONS_JOB = "session_stages"

_families = {provider: provider_family(provider) for provider in PROVIDERS}
_merges = [merge_key(provider) for provider in PROVIDERS]
_downstream = [
    mash_asset(_merges),
    clean_asset,
    distilled_slice,
    main_ledger_asset,
    *lane_assets(),
    mix_asset,
    *report_assets(),
]

provider_jobs = [
    dg.define_asset_job(
        job_name(provider),
        selection=dg.AssetSelection.assets(*_families[provider]),
        # A run is a process of its own already; a process a step would cost 2 s each.
        executor_def=dg.in_process_executor,
        description=f"One {provider} export: lock, parse, count, archive, merge.",
    )
    for provider in PROVIDERS
]

distil_job = dg.define_asset_job(
    DISTIL_JOB,
    selection=dg.AssetSelection.assets(*_downstream) - dg.AssetSelection.checks(restore_drill_check),
    executor_def=dg.in_process_executor,
    description="The mash to slice, ledger, lanes and reports; changes nothing when nothing is new.",
)

_sessions = session_assets()

sessions_job = dg.define_asset_job(
    SESSIONS_JOB,
    selection=dg.AssetSelection.assets(*_sessions),
    executor_def=dg.in_process_executor,
    description="One live session, archive to continuity; the sensor asks for the stages that are due.",
)

_home = HomeResource()
_assets = [*(asset for family in _families.values() for asset in family), *_downstream, *_sessions]

defs = dg.Definitions(
    assets=dg.with_source_code_references(_assets),
    asset_checks=[restore_drill_check],
    jobs=[*provider_jobs, distil_job, sessions_job, restore_drill_job, housekeeping],
    sensors=[
        new_exports_sensor(provider_jobs),
        mash_changed_sensor(_merges, [job_name(provider) for provider in PROVIDERS], distil_job),
        session_usage_sensor(sessions_job),
    ],
    schedules=[*nightly(distil_job), restore_drills(restore_drill_job)],
    resources={
        "home": _home,
        "provider_databases": ProviderDatabases(home=_home),
        "mash_database": MashDatabase(home=_home),
        "policy": PolicyResource(),
        "tokenizer": TokenizerResource(home=_home),
    },
)
