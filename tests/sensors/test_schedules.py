"""What the night removes: records of old runs, never those that say what is in the mash."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from moonshine_assets.archive.assets import NIGHTLY_BYTES
from moonshine_assets.archive.snapshot import take_snapshot
from moonshine_assets.definitions import defs
from moonshine_resources.home import Home
from moonshine_resources.resources import HomeResource, MashDatabase
from sensors.schedules import delete_old_runs, drill_is_due, housekeeping, old_runs, prune_snapshots

RUNS = dg.DynamicPartitionsDefinition(name="some_runs")
#: Everything there is counts as old.
TOMORROW = -1


@dg.asset(partitions_def=RUNS)
def merged(context: dg.AssetExecutionContext) -> None:
    if "fails" in context.run.tags:
        raise dg.Failure("meant to fail")


@dg.op
def nothing() -> None:
    """Ends at once."""


@dg.job
def other() -> None:
    nothing()


def ran(instance: dg.DagsterInstance, partition: str, **tags: str) -> str:
    instance.add_dynamic_partitions("some_runs", [partition])
    result = dg.materialize([merged], instance=instance, partition_key=partition, tags=tags, raise_on_error=False)
    return result.run_id


def test_only_finished_runs_older_than_the_retention_are_old(instance: dg.DagsterInstance) -> None:
    runs = [ran(instance, "a") for _ in range(3)]
    assert old_runs(instance) == []
    assert old_runs(instance, keep_days=TOMORROW) == runs[:2]
    assert old_runs(instance, keep_days=1) == []


def test_a_run_under_way_is_never_old(instance: dg.DagsterInstance) -> None:
    instance.create_run_for_job(other, status=dg.DagsterRunStatus.STARTED)
    other.execute_in_process(instance=instance)
    assert old_runs(instance, keep_days=TOMORROW) == []


def test_the_newest_run_of_a_job_stays_even_if_it_failed(instance: dg.DagsterInstance) -> None:
    failed = [ran(instance, "a", fails="yes") for _ in range(2)]
    assert old_runs(instance, keep_days=TOMORROW) == failed[:1]


def test_what_is_known_of_partitions_survives_the_removal(instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        for partition in ("a", "b", "c"):
            ran(instance, partition)
    ran(instance, "b", fails="yes")
    ran(instance, "c", fails="yes")
    before = instance.get_materialized_partitions(merged.key)
    old = old_runs(instance, keep_days=TOMORROW)
    for run_id in old:
        instance.delete_run(run_id)
    assert len(old) == 4
    assert instance.get_materialized_partitions(merged.key) == before == {"a", "b", "c"}
    assert old_runs(instance, keep_days=TOMORROW) == []


def test_more_old_runs_than_one_page_are_all_found(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensors.schedules._BATCH", 3)
    runs = [other.execute_in_process(instance=instance).run_id for _ in range(8)]
    assert old_runs(instance, keep_days=TOMORROW) == runs[:7]


def test_housekeeping_deletes_what_is_old_and_keeps_the_rest(
    instance: dg.DagsterInstance, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = HomeResource(root=str(home.root))
    resources = {"home": place, "mash_database": MashDatabase(home=place)}
    kept = other.execute_in_process(instance=instance).run_id
    assert (
        housekeeping.execute_in_process(instance=instance, resources=resources).output_for_node(delete_old_runs.name)
        == 0
    )
    monkeypatch.setattr("sensors.schedules.old_runs", lambda instance: [kept])
    assert (
        housekeeping.execute_in_process(instance=instance, resources=resources).output_for_node(delete_old_runs.name)
        == 1
    )
    assert instance.get_run_by_id(kept) is None


def test_housekeeping_prunes_snapshots_by_the_configured_policy(
    instance: dg.DagsterInstance, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOONSHINE_SNAPSHOTS_LAST", "1")
    monkeypatch.setenv("MOONSHINE_SNAPSHOTS_WEEKLY", "0")
    monkeypatch.setenv("MOONSHINE_SNAPSHOTS_MONTHLY", "0")
    for day in (1, 2, 3):
        take_snapshot(home, f"chatgpt_2026010{day}_120000", f"2026-01-0{day}T12:00:00Z")
    place = HomeResource(root=str(home.root))
    resources = {"home": place, "mash_database": MashDatabase(home=place)}
    result = housekeeping.execute_in_process(instance=instance, resources=resources)
    assert result.output_for_node(prune_snapshots.name) == 2
    assert home.premerge_snapshot("chatgpt_20260103_120000").exists()


@pytest.mark.parametrize("weekday", range(7))
def test_a_small_mash_is_drilled_every_night_and_a_large_one_on_sundays(weekday: int) -> None:
    assert not drill_is_due(0, weekday)
    assert drill_is_due(NIGHTLY_BYTES, weekday)
    assert drill_is_due(NIGHTLY_BYTES + 1, weekday) is (weekday == 6)


def test_a_night_without_a_drill_says_why(instance: dg.DagsterInstance, home: Home) -> None:
    schedule = next(schedule for schedule in defs.schedules or [] if schedule.name == "nightly_restore_drill")
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2026, 11, 21, 4, 30, tzinfo=UTC),
        resources={"home": HomeResource(root=str(home.root))},
    )
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert "the mash has 0 bytes" in str(schedule(context).skip_message)
    home.mash.parent.mkdir(parents=True)
    home.mash.write_bytes(b"a mash")
    assert isinstance(schedule(context), dg.RunRequest)


def test_schedules_are_between_three_and_five_utc() -> None:
    known = {schedule.name: (schedule.cron_schedule, schedule.execution_timezone) for schedule in defs.schedules or []}
    assert known == {
        "nightly_distillation": ("0 3 * * *", "UTC"),
        "nightly_housekeeping": ("0 4 * * *", "UTC"),
        "nightly_restore_drill": ("30 4 * * *", "UTC"),
    }
