"""What happens by the clock: a nightly distillation, and the removal of old run records."""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from moonshine_resources import clock
from sensors.targets import Job

#: Run records are kept this long; each takes about 200 KB (DAGSTER-FACTS 1a).
KEEP_DAYS = 90
_BATCH = 100
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.op(description="Deletes records of runs that ended longer ago than the retention; never the latest of a job.")
def delete_old_runs(context: dg.OpExecutionContext) -> int:
    """How many run records were deleted."""
    deleted = 0
    for run_id in old_runs(context.instance):
        context.instance.delete_run(run_id)
        deleted += 1
    context.log.info("deleted %d run records older than %d days", deleted, KEEP_DAYS)
    return deleted


def old_runs(instance: dg.DagsterInstance, keep_days: int = KEEP_DAYS) -> list[str]:
    """Ids of finished runs older than `keep_days`, without the latest of each job."""
    before = clock.now() - timedelta(days=keep_days)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, created_before=before), limit=_BATCH, ascending=True
    )
    latest = {}
    for name in {record.dagster_run.job_name for record in records}:
        newest = instance.get_run_records(dg.RunsFilter(job_name=name), limit=1)
        latest[name] = newest[0].dagster_run.run_id
    return [r.dagster_run.run_id for r in records if latest[r.dagster_run.job_name] != r.dagster_run.run_id]


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
