"""A session that fills up gets what is due for it: one run an action, with every stage of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256

import dagster as dg

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.assets import ACTION_TAG, SESSIONS, assets_of
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.daemon import look_of
from moonshine_assets.sessions.usage.collect import collect
from moonshine_assets.sessions.watch import Action, observe
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource
from sensors.targets import Job

_INTERVAL_SECONDS = 30
#: A session must not wait behind long runs of the pipeline that are queued.
_PRIORITY = "10"
_DIGEST_CHARACTERS = 16


def session_usage_sensor(job: Job) -> dg.SensorDefinition:
    """The sensor over live sessions, for the job of their stages."""

    @dg.sensor(
        name="session_usage",
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads how full live sessions are, and runs the stages that are due for them.",
    )
    def session_usage(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
        place, now = home.open(), int(clock.now().timestamp())
        try:
            settings = load(place.moon_config, os.environ).settings
            found = collect(look_of(place, settings, os.environ, now))
            actions = observe(place, settings, found.readings, now)
        except MoonshineError as error:
            # a setting that is wrong, a full disk, a state another process keeps: told, and looked at again
            context.log.error("live sessions were not looked at: %s", error)
            return dg.SkipReason(f"not looked at: {error}")
        for problem in found.problems:
            context.log.warning("%s %s: %s", problem.provider, problem.where, problem.what)
        if not actions:
            return dg.SkipReason(f"{len(found.readings)} live sessions, nothing due")
        return dg.SensorResult(
            run_requests=[_request(action) for action in actions],
            dynamic_partitions_requests=[SESSIONS.build_add_request([action.key for action in actions])],
        )

    return session_usage


def run_key(action: Action) -> str:
    """Unique for an action of a session in a state: by stages and content, so that a state that was rebuilt, and counts
    its actions anew, is not taken for what was done before."""
    one = action.reading
    content = f"{one.source_path}\0{one.used_tokens}\0{one.updated_at_epoch_secs}\0{one.captured_at_epoch_secs}"
    digest = sha256(content.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{action.key}/{action.number}/{'+'.join(action.stages)}/{digest}"


def _request(action: Action) -> dg.RunRequest:
    keys: Sequence[dg.AssetKey] = assets_of(action.stages)
    return dg.RunRequest(
        run_key=run_key(action),
        partition_key=action.key,
        asset_selection=keys,
        tags={ACTION_TAG: str(action.number), "dagster/priority": _PRIORITY},
    )
