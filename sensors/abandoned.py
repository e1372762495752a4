"""Runs whose process is gone: a kill -9 or a power cut leaves them "started" for ever, and their pool slots taken.

Dagster notices only the death of a process it launched itself, while the code server that launched it lives.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from moonshine_assets.errors import Busy
from moonshine_resources.locks import exclusive

#: Tag of a run executed in the terminal: the lock file its process holds as long as it lives.
PROCESS_TAG = "moonshine/process"
#: Tag Dagster's own launcher gives a run: the code server, on this machine, whose child executes it.
_SERVER_TAG = ".dagster/grpc_info"
_CONNECT_SECONDS = 2.0
_GONE = "The process of this run is gone. Nothing unfinished was published; run the same again."

#: Statuses of a run that is waiting or running.
UNDER_WAY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@contextmanager
def living(instance: dg.DagsterInstance) -> Iterator[dict[str, str]]:
    """The tags by which runs executed inside the block show that their process lives."""
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    path = _lock_of(instance, name)
    with exclusive(path, seconds=0, what="the sign of life of a process"):
        try:
            yield {PROCESS_TAG: name}
        finally:
            path.unlink(missing_ok=True)


def end_abandoned(instance: dg.DagsterInstance, jobs: Sequence[str] | None = None) -> list[str]:
    """Mark runs whose process is gone as failed and free their pool slots; their ids.

    Args:
        instance: the Dagster instance.
        jobs: names of the jobs whose runs are looked at; without them all.
    """
    ended = []
    for job in jobs if jobs is not None else [None]:
        for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=list(UNDER_WAY))):
            if _is_gone(instance, run):
                instance.report_run_failed(run, _GONE)
                instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
                if PROCESS_TAG in run.tags:
                    _lock_of(instance, run.tags[PROCESS_TAG]).unlink(missing_ok=True)
                ended.append(run.run_id)
    return ended


def _is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    if PROCESS_TAG in run.tags:
        return _is_free(_lock_of(instance, run.tags[PROCESS_TAG]))
    if _SERVER_TAG in run.tags:
        return _is_silent(json.loads(run.tags[_SERVER_TAG]))
    return False


def _lock_of(instance: dg.DagsterInstance, name: str) -> Path:
    return Path(instance.root_directory) / "processes" / f"{name}.lock"


def _is_free(path: Path) -> bool:
    """Whether the holder died: it left its file behind and the kernel has freed it. No file: nobody of this machine."""
    if not path.exists():
        return False
    try:
        with exclusive(path, seconds=0, what="the sign of life of a process"):
            return True
    except Busy:
        return False


def _is_silent(server: dict[str, object]) -> bool:
    """Whether nobody listens where the code server of this machine did."""
    if server.get("host") not in ("localhost", "127.0.0.1"):
        return False
    try:
        if "socket" in server:
            with socket.socket(socket.AF_UNIX) as unix:
                unix.settimeout(_CONNECT_SECONDS)
                unix.connect(str(server["socket"]))
        else:
            socket.create_connection(("127.0.0.1", int(str(server["port"]))), _CONNECT_SECONDS).close()
    except (ConnectionRefusedError, FileNotFoundError):
        return True
    except OSError:
        return False
    return False
