"""A file dropped into the inbox becomes a run; the same bytes never become a second one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import dagster as dg

from moonshine_assets.errors import BadInput, MoonshineError
from moonshine_assets.exports.register import Registration, register
from moonshine_assets.providers.family import merge_key, runs_of
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource
from sensors.inbox import decide, read_inbox
from sensors.session_exports import hand_over
from sensors.targets import Job

#: Entries registered in one tick; a tick may take 60 s and a 2 GB export takes about 5 s to hash and detect.
_MOST_A_TICK = 5
_INTERVAL_SECONDS = 15


def job_name(provider: str) -> str:
    return f"{provider}_run"


def new_exports_sensor(jobs: Sequence[Job]) -> dg.SensorDefinition:
    """The sensor over the inbox, for the providers' jobs."""

    @dg.sensor(
        name="new_exports",
        jobs=jobs,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers whole, new files and folders of the inbox and runs them through their provider's job.",
    )
    def new_exports(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
        place = home.open()
        for problem in hand_over(place, int(time.time())):
            context.log.warning("sessions are not exported: %s", problem)
        state = json.loads(context.cursor) if context.cursor else {}
        decision = decide(state, read_inbox(place.inbox), time.time(), most=_MOST_A_TICK)
        registered: list[Registration] = []
        for name in decision.ready:
            try:
                registered.append(register(place, place.inbox / name, moment=clock.now()))
            except BadInput as refusal:
                context.log.warning("refused: %s", refusal)
            except MoonshineError as error:
                # Not the export's fault: a full disk, a damaged record. It is tried again, and the others go on.
                context.log.error("not registered, will be tried again: %s", error)
                decision.state[name][3] = "waiting"
        wanted = [run for run in registered if not _merged(context.instance, run)]
        cursor = json.dumps(decision.state, sort_keys=True)
        if not wanted:
            context.update_cursor(cursor)
            return dg.SkipReason(f"{len(decision.state)} entries in the inbox, none of them new and whole")
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=run.run_id, job_name=job_name(run.provider), partition_key=run.run_id)
                for run in wanted
            ],
            dynamic_partitions_requests=[runs_of(run.provider).build_add_request([run.run_id]) for run in wanted],
            cursor=cursor,
        )

    return new_exports


def _merged(instance: dg.DagsterInstance, run: Registration) -> bool:
    return run.run_id in instance.get_materialized_partitions(merge_key(run.provider))
