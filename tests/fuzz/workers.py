"""Work in processes of their own, which can be killed: a hard limit for each piece of it."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

#: CPU time a case may take; the kernel ends the process that goes beyond it.
LIMIT_SECONDS = 10
#: A process that waits for ever uses no CPU time: it is killed after this many times the limit by the clock. More than
#: once, because other work on the machine counts there too.
_PATIENCE = 3

_READY = "ready"

Work = Callable[[int], Any]


class Done(NamedTuple):
    """A piece of work: its result, or None and why it has none ("hang", the signal that ended its process,
    or an exception of the work, whose traceback is on stderr)."""

    number: int
    result: Any
    failure: str
    seconds: float


class _Worker:
    """A process, the connection to it, and what it works on."""

    def __init__(self, make_work: Callable[[], Work], limit: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, make_work, limit), daemon=True)
        self.process.start()
        theirs.close()
        self.number: int | None = None
        #: None until the process is ready to work: loading what it needs is no part of a case.
        self.began: float | None = None
        self.is_ready = False

    def give(self, number: int) -> None:
        self.number, self.began = number, time.monotonic() if self.is_ready else None
        self.connection.send(number)

    def receive(self) -> tuple[Any, float] | None:
        """The result and its seconds; None for the message that the process is ready."""
        received = self.connection.recv()
        if received == _READY:
            self.is_ready, self.began = True, time.monotonic()
            return None
        return received[0], received[1]

    def end(self) -> int | None:
        """Kill the process if it still runs; the signal that ended it."""
        self.connection.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        code = self.process.exitcode
        return -code if code is not None and code < 0 else None


def work_through(
    numbers: Iterable[int], make_work: Callable[[], Work], *, workers: int = 2, limit: int = LIMIT_SECONDS
) -> Iterator[Done]:
    """Do work for every number, in the order it gets done; a process that was killed is replaced.

    Args:
        numbers: what to give to the work.
        make_work: picklable; called once in each process.
        workers: processes.
        limit: seconds of CPU time a piece may take.
    """
    waiting = iter(numbers)
    idle = [_Worker(make_work, limit) for _ in range(workers)]
    busy: dict[Connection, _Worker] = {}
    more = True
    try:
        while more or busy:
            while idle and more:
                number = next(waiting, None)
                if number is None:
                    more = False
                    break
                worker = idle.pop()
                worker.give(number)
                busy[worker.connection] = worker
            for done, worker in _finished(busy, limit):
                if done.failure:
                    if more or busy:
                        idle.append(_Worker(make_work, limit))
                else:
                    idle.append(worker)
                yield done
    finally:
        for worker in [*idle, *busy.values()]:
            worker.end()


def _finished(busy: dict[Connection, _Worker], limit: int) -> Iterator[tuple[Done, _Worker]]:
    ready = set(wait(list(busy), timeout=0.2)) if busy else set()
    now = time.monotonic()
    for connection, worker in list(busy.items()):
        assert worker.number is not None
        seconds = now - (worker.began or now)
        if connection in ready:
            try:
                received = worker.receive()
                if received is not None:
                    del busy[connection]
                    yield Done(worker.number, received[0], "", received[1]), worker
            except EOFError:
                del busy[connection]
                code = worker.end()
                failure = "hang" if code == signal.SIGXCPU else signal.Signals(code).name if code else "an exception"
                yield Done(worker.number, None, failure, seconds), worker
        elif seconds > limit * _PATIENCE:
            del busy[connection]
            worker.process.kill()
            worker.end()
            yield Done(worker.number, None, "hang", seconds), worker


def _serve(connection: Connection, make_work: Callable[[], Work], limit: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    work = make_work()
    connection.send(_READY)
    while True:
        try:
            number = connection.recv()
        except EOFError:
            return
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(_cpu_seconds()) + 1 + limit, hard))
        began = time.monotonic()
        connection.send((work(number), time.monotonic() - began))


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system
