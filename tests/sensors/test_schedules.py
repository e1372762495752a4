"""What the night removes: records of old runs, never those that say what is in the mash."""

import dagster as dg
import pytest

from moonshine_assets.definitions import defs
from sensors.schedules import delete_old_runs, housekeeping, old_runs

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
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = other.execute_in_process(instance=instance).run_id
    assert housekeeping.execute_in_process(instance=instance).output_for_node(delete_old_runs.name) == 0
    monkeypatch.setattr("sensors.schedules.old_runs", lambda instance: [kept])
    assert housekeeping.execute_in_process(instance=instance).output_for_node(delete_old_runs.name) == 1
    assert instance.get_run_by_id(kept) is None


def test_schedules_are_at_three_and_four_utc() -> None:
    known = {schedule.name: (schedule.cron_schedule, schedule.execution_timezone) for schedule in defs.schedules or []}
    assert known == {
        "nightly_distillation": ("0 3 * * *", "UTC"),
        "nightly_housekeeping": ("0 4 * * *", "UTC"),
    }
