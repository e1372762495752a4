"""When merges have come to rest, the mash is distilled once, however many runs were merged."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from sensors.abandoned import UNDER_WAY, end_abandoned
from sensors.targets import Job

_INTERVAL_SECONDS = 20


def should_distil(seen: int, newest: int, under_way: int) -> bool:
    """Whether to start: there is a merge newer than the one distilled last, and no provider run is under way.

    Args:
        seen: storage id of the newest merge at the last request.
        newest: storage id of the newest merge now; 0 when there is none.
        under_way: provider runs queued or running.
    """
    return newest > seen and under_way == 0


def mash_changed_sensor(
    merges: Sequence[dg.AssetKey],
    provider_jobs: Sequence[str],
    job: Job,
) -> dg.SensorDefinition:
    """The sensor that starts `job` after merges."""

    @dg.sensor(
        name="mash_changed",
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Distils the mash and writes lanes and reports once the merges of new runs have come to rest.",
    )
    def mash_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen = int(context.cursor or 0)
        newest = max((_storage_id(context.instance, key) for key in merges), default=0)
        under_way = _under_way(context.instance, provider_jobs)
        if under_way and end_abandoned(context.instance, provider_jobs):
            under_way = _under_way(context.instance, provider_jobs)
        if not should_distil(seen, newest, under_way):
            return dg.SkipReason(f"{under_way} provider runs under way" if newest > seen else "no new merge")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"merge-{newest}")], cursor=str(newest))

    return mash_changed


def _under_way(instance: dg.DagsterInstance, jobs: Sequence[str]) -> int:
    return sum(instance.get_runs_count(dg.RunsFilter(job_name=name, statuses=list(UNDER_WAY))) for name in jobs)


def _storage_id(instance: dg.DagsterInstance, key: dg.AssetKey) -> int:
    records = instance.fetch_materializations(key, limit=1).records
    return records[0].storage_id if records else 0
