"""Processes that merge, read or hold a lock, started from a server that has the imports done and no database open.

A child tells its parent what it has reached through a pipe, so that no test depends on how fast it is.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

import duckdb

from mash.runs import NOW, merge, no_gates
from moonshine_assets.gates import Verdict
from moonshine_assets.mash.merge import RunFacts, merge_run
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["mash.children", "intake"])


@contextmanager
def child(body: Callable[..., None], *arguments: Any) -> Iterator[tuple[ForkServerProcess, Connection]]:
    """A process that runs `body(pipe, *arguments)`; it is gone when the block is left."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=body, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def end_self() -> None:
    """What kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def merging(pipe: Connection, home: Home, run: RunFacts) -> None:
    pipe.send("begins")
    merge(home, run, gates=no_gates)
    pipe.send("done")


def dying_inside_the_transaction(pipe: Connection, home: Home, run: RunFacts) -> None:
    def gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
        end_self()
        return []

    merge(home, run, gates=gates)


def dying_after_the_commit(pipe: Connection, home: Home, run: RunFacts) -> None:
    with connect(home.mash, read_only=False) as connection:
        merge_run(connection, run, moment=NOW, reason="test", gates=no_gates)
        end_self()


def dying_before_the_first_merge_begins(pipe: Connection, home: Home, run: RunFacts) -> None:
    home.mash.parent.mkdir(parents=True, exist_ok=True)
    with connect(home.mash, read_only=False):
        end_self()


def waiting_inside_the_merge(pipe: Connection, home: Home, run: RunFacts) -> None:
    def gates(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
        pipe.send("inside")
        pipe.recv()
        return []

    merge(home, run, gates=gates)
    pipe.send("done")


def merging_under_the_lock(pipe: Connection, home: Home, run: RunFacts) -> None:
    """Merges as mash_merge does; says when it is about to ask for the lock, has it, and has let go."""
    pipe.send("asks")
    with exclusive(home.mash_lock, seconds=120, what="the mash"):
        pipe.send("has the lock")
        pipe.recv()
        merge(home, run)
        pipe.send("merged")
