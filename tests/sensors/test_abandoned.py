"""Runs of processes that were killed are ended; runs of living ones are left alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from ticking import Ticking

from moonshine_assets.definitions import defs
from moonshine_resources.home import PROJECT_ROOT, Home
from sensors.abandoned import PROCESS_TAG, end_abandoned, living

#: A process that begins a run, takes the writer's slot, says so, and waits to be killed.
BEGINS_A_RUN = """
import sys, time
import dagster as dg
from moonshine_assets.definitions import defs
from sensors.abandoned import living
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance, living(instance) as tags:
    job = defs.resolve_job_def("chatgpt_run")
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
    instance.event_log_storage.set_concurrency_slots("mash_writer", 1)
    claim = instance.event_log_storage.claim_concurrency_slot("mash_writer", run.run_id, "chatgpt__mash_merge")
    print(run.run_id, claim.is_claimed, flush=True)
    time.sleep(600)
"""


def begun(instance: dg.DagsterInstance) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", BEGINS_A_RUN, instance.root_directory],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    assert process.stdout is not None
    run_id, claimed = process.stdout.readline().split()
    assert claimed == "True"
    return process, run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_killed_process_leaves_its_run_to_be_ended_and_its_slot_to_be_freed(
    instance: dg.DagsterInstance, home: Home
) -> None:
    process, run_id = begun(instance)
    try:
        assert end_abandoned(instance) == []
        assert status(instance, run_id) is dg.DagsterRunStatus.STARTED
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    distilling = Ticking("mash_changed", instance, home)
    instance.report_runless_asset_event(dg.AssetMaterialization(dg.AssetKey(["chatgpt", "mash_merge"]), partition="x"))
    assert len(distilling.tick()) == 1
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    assert instance.event_log_storage.get_concurrency_info("mash_writer").claimed_slots == []
    assert list(Path(instance.root_directory, "processes").iterdir()) == []


def test_runs_that_ended_or_belong_to_nobody_known_are_left_alone(instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def("chatgpt_run")
    ended = instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS, tags={PROCESS_TAG: "1-dead"})
    elsewhere = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: "1-elsewhere"})
    new = instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
    with living(instance) as tags:
        mine = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
        assert end_abandoned(instance) == []
    assert [status(instance, run.run_id).name for run in (ended, elsewhere, new, mine)] == [
        "SUCCESS",
        "STARTED",
        "NOT_STARTED",
        "STARTED",
    ]


@pytest.mark.parametrize("listens", [True, False])
def test_a_run_of_the_ui_is_ended_when_its_code_server_is_gone(
    instance: dg.DagsterInstance, tmp_path: Path, listens: bool
) -> None:
    path = str(tmp_path / "code.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    if listens:
        server.listen()
    else:
        server.close()
    tags = {".dagster/grpc_info": json.dumps({"host": "localhost", "socket": path})}
    run = instance.create_run_for_job(
        defs.resolve_job_def("chatgpt_run"), status=dg.DagsterRunStatus.STARTED, tags=tags
    )
    assert end_abandoned(instance) == ([] if listens else [run.run_id])
    server.close()
