"""Distillation is asked for once merges have come to rest, however many there were."""

from __future__ import annotations

import dagster as dg
import pytest
from ticking import Ticking

from moonshine_assets.definitions import DISTIL_JOB, defs
from moonshine_resources.home import Home
from sensors.abandoned import living


@pytest.fixture
def ticking(instance: dg.DagsterInstance, home: Home) -> Ticking:
    return Ticking("mash_changed", instance, home)


def merge(instance: dg.DagsterInstance, provider: str, run_id: str) -> None:
    key = dg.AssetKey([provider, "mash_merge"])
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=run_id))


def under_way(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> dg.DagsterRun:
    return instance.create_run_for_job(defs.resolve_job_def("chatgpt_run"), status=status, tags=tags)


def test_an_empty_instance_asks_for_nothing(ticking: Ticking) -> None:
    assert ticking.tick() == []


def test_one_request_for_all_merges_and_none_without_a_new_one(ticking: Ticking, instance: dg.DagsterInstance) -> None:
    merge(instance, "chatgpt", "chatgpt_20260101_000000")
    merge(instance, "claude", "claude_20260101_000000")
    (request,) = ticking.tick()
    assert request.job_name in (None, DISTIL_JOB)
    assert ticking.tick() == []
    merge(instance, "chatgpt", "chatgpt_20260102_000000")
    (later,) = ticking.tick()
    assert later.run_key != request.run_key


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_is_asked_for_while_a_provider_run_is_under_way(
    ticking: Ticking, instance: dg.DagsterInstance, status: str
) -> None:
    run = under_way(instance, dg.DagsterRunStatus[status])
    merge(instance, "chatgpt", "chatgpt_20260101_000000")
    assert ticking.tick() == []
    instance.report_run_failed(run)
    assert len(ticking.tick()) == 1


def test_a_run_of_a_living_process_is_waited_for(ticking: Ticking, instance: dg.DagsterInstance) -> None:
    merge(instance, "chatgpt", "chatgpt_20260101_000000")
    with living(instance) as tags:
        under_way(instance, dg.DagsterRunStatus.STARTED, **tags)
        assert ticking.tick() == []
