"""What happens by the clock: a nightly distillation, and the removal of old run records."""

import itertools
from collections.abc import Sequence, Set
from datetime import timedelta
from typing import NamedTuple

import dagster as dg

from moonshine_resources import clock
from sensors.targets import Job

#: Run records are kept this long; each takes about 200 KB (DAGSTER-FACTS 1a).
KEEP_DAYS = 90
_BATCH = 100
_PARTITION_TAG = "dagster/partition"
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.op(description="Deletes records of runs that ended longer ago than the retention, but for the newest good ones.")
def delete_old_runs(context: dg.OpExecutionContext) -> int:
    """How many run records were deleted."""
    deleted = old_runs(context.instance)
    for run_id in deleted:
        context.instance.delete_run(run_id)
    context.log.info("deleted %d run records older than %d days", len(deleted), KEEP_DAYS)
    return len(deleted)


def old_runs(instance: dg.DagsterInstance, keep_days: int = KEEP_DAYS) -> list[str]:
    """Ids of finished runs older than `keep_days` that nothing speaks for, oldest first.

    With its record a run's materializations are forgotten: the newest successful run of each job, partition and
    selection of assets stays, or the UI would no longer know which runs are in the mash; and the newest of each job.
    """
    before = clock.now() - timedelta(days=keep_days)
    deletable: list[str] = []
    newest: dict[_Kind, set[str]] = {}
    cursor = None
    while records := instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, created_before=before), limit=_BATCH, ascending=True, cursor=cursor
    ):
        for run in (record.dagster_run for record in records):
            kind = _Kind(run.job_name, run.tags.get(_PARTITION_TAG), run.asset_selection)
            if kind not in newest:
                newest[kind] = _newest(instance, kind)
            if run.run_id not in newest[kind]:
                deletable.append(run.run_id)
        cursor = records[-1].dagster_run.run_id
    return deletable


class _Kind(NamedTuple):
    """Runs that stand for each other: the newest successful one says all that the others said."""

    job: str
    partition: str | None
    selection: Set[dg.AssetKey] | None


def _newest(instance: dg.DagsterInstance, kind: _Kind) -> set[str]:
    """The newest run of the job, and the newest successful one of the kind."""
    kept = {run.run_id for run in instance.get_runs(dg.RunsFilter(job_name=kind.job), limit=1)}
    tags = {_PARTITION_TAG: kind.partition} if kind.partition else {}
    good = dg.RunsFilter(job_name=kind.job, tags=tags, statuses=[dg.DagsterRunStatus.SUCCESS])
    alike = (run.run_id for run in instance.get_runs(good) if run.asset_selection == kind.selection)
    return kept | set(itertools.islice(alike, 1))


@dg.job(description="Keeps the instance small.", executor_def=dg.in_process_executor)
def housekeeping() -> None:
    delete_old_runs()


def nightly(distil_job: Job) -> Sequence[dg.ScheduleDefinition]:
    """The schedules: distillation at 03:00 UTC, housekeeping at 04:00 UTC; both on by default."""
    return [
        dg.ScheduleDefinition(
            name="nightly_distillation",
            job=distil_job,
            cron_schedule="0 3 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Distils the mash, writes lanes and reports; changes nothing when nothing is new.",
        ),
        dg.ScheduleDefinition(
            name="nightly_housekeeping",
            job=housekeeping,
            cron_schedule="0 4 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"Deletes records of runs older than {KEEP_DAYS} days.",
        ),
    ]
