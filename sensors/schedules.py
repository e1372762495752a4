"""What happens by the clock: a nightly distillation, restore drills, the removal of old run records and snapshots."""

import itertools
import os
from collections.abc import Sequence, Set
from datetime import timedelta
from typing import NamedTuple

import dagster as dg

from moonshine_assets.archive.assets import NIGHTLY_BYTES
from moonshine_assets.archive.pack import pack_exports
from moonshine_assets.archive.retention import configured, prune
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.daily.synthesis import synthesise
from moonshine_resources import clock
from moonshine_resources.resources import HomeResource, MashDatabase
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


@dg.op(description="Removes snapshots of the mash that the retention policy does not keep.", pool="mash_writer")
def prune_snapshots(context: dg.OpExecutionContext, home: HomeResource, mash_database: MashDatabase) -> int:
    """How many snapshots were removed."""
    with mash_database.exclusively():
        removed = prune(home.open(), configured(), clock.now())
    context.log.info("removed %d snapshots of the mash", len(removed))
    return len(removed)


@dg.op(description="Packs the archived exports that are loose JSON.", pool="mash_writer")
def pack_archive(context: dg.OpExecutionContext, home: HomeResource, mash_database: MashDatabase) -> int:
    """How many exports were packed."""
    with mash_database.exclusively():
        packed = pack_exports(home.open(), clock.iso(clock.now()))
    context.log.info("packed %d archived exports", len(packed))
    return len(packed)


@dg.op(description="Takes what yesterday's sessions left into memory, once a day.")
def remember_yesterday(context: dg.OpExecutionContext, home: HomeResource) -> str:
    """What became of it."""
    place = home.open()
    if not place.moon_distillations.exists():
        return "no session was distilled"
    settings = load(place.moon_config, os.environ).settings
    done = synthesise(place, settings, os.environ, int(clock.now().timestamp()))
    context.log.info("memory of %s: %s, %d statements kept", done.day, done.outcome, done.kept)
    return done.outcome


@dg.job(
    description="Keeps the instance and the archive small, and memory up to date.", executor_def=dg.in_process_executor
)
def housekeeping() -> None:
    delete_old_runs()
    prune_snapshots()
    pack_archive()
    remember_yesterday()


def drill_is_due(size_bytes: int, weekday: int) -> bool:
    """Whether tonight is a night for the restore drill: every one for a small mash, Sunday's (6) for a large one."""
    return 0 < size_bytes <= NIGHTLY_BYTES or (size_bytes > NIGHTLY_BYTES and weekday == 6)


def restore_drills(drill_job: Job) -> dg.ScheduleDefinition:
    """The restore drill at 04:30 UTC, on by default."""

    @dg.schedule(
        name="nightly_restore_drill",
        job=drill_job,
        cron_schedule="30 4 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Restores the newest snapshot and compares; a mash beyond 256 MB on Sundays only.",
    )
    def nightly_restore_drill(
        context: dg.ScheduleEvaluationContext, home: HomeResource
    ) -> dg.RunRequest | dg.SkipReason:
        path = home.open().mash
        size = path.stat().st_size if path.exists() else 0
        if drill_is_due(size, context.scheduled_execution_time.weekday()):
            return dg.RunRequest()
        return dg.SkipReason(f"the mash has {size} bytes; larger ones than {NIGHTLY_BYTES} are drilled on Sundays")

    return nightly_restore_drill


def nightly(distil_job: Job) -> Sequence[dg.ScheduleDefinition]:
    """The schedules: distillation at 03:00 UTC, housekeeping at 04:00 UTC; both on by default."""
    return [
        dg.ScheduleDefinition(
            name="nightly_distillation",
            job=distil_job,
            cron_schedule="0 3 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            run_config={"ops": {"mash": {"config": {"whole": True}}}},
            description="Checks every row of the mash and distils it; changes nothing when nothing is new.",
        ),
        dg.ScheduleDefinition(
            name="nightly_housekeeping",
            job=housekeeping,
            cron_schedule="0 4 * * *",
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=f"Deletes records older than {KEEP_DAYS} days, prunes snapshots, packs archived exports.",
        ),
    ]
