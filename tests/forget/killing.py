"""Kill -9 at a random moment of some work in a process of its own, then do the same again and compare."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from forget.children import child, state, working
from moonshine_assets.mash.gates import mash_gates
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

Work = Callable[[Home], None]


class Killing:
    """A home to begin from and the work to do in copies of it.

    Args:
        base: folder for the homes; `base/home` is the one to begin from.
        work: what is done; doing it again completes it, or does nothing.
    """

    def __init__(self, base: Path, work: Work) -> None:
        self.origin, self.home, self.work = base / "home", Home.at(base / "copy"), work
        self.before = state(Home.at(self.origin))
        with self.at_work() as (_, pipe):
            begun = time.monotonic()
            assert pipe.recv() == "done"
            self.seconds = time.monotonic() - begun
        self.after = state(self.home)
        self.seen: dict[str, int] = {"before": 0, "after": 0}

    @contextmanager
    def at_work(self) -> Iterator[tuple[ForkServerProcess, Connection]]:
        shutil.rmtree(self.home.root, ignore_errors=True)
        shutil.copytree(self.origin, self.home.root)
        with child(working, self.home, self.work) as (process, pipe):
            assert pipe.recv() == "begins"
            yield process, pipe

    def killed_at(self, point: float) -> None:
        """Kill it when `point` of the time has passed that it takes undisturbed. The mash opens and holds what it held
        before or holds after; the same work completes; the mash keeps every rule and nothing is left lying about."""
        with self.at_work() as (process, _):
            time.sleep(point * self.seconds)
            process.kill()
            process.join()
        found = state(self.home)
        assert found in (self.before, self.after)
        self.seen["before" if found == self.before else "after"] += 1
        self.work(self.home)
        assert state(self.home) == self.after
        with connect(self.home.mash, read_only=True) as connection:
            assert [verdict for verdict in mash_gates(connection) if not verdict.passed] == []
        assert left_behind(self.home) == []


def left_behind(home: Home) -> list[str]:
    """Unfinished files: hidden ones, logs of databases, anything in the scratch folder."""
    return [
        str(path.relative_to(home.root))
        for path in sorted(home.root.rglob("*"))
        if path.is_file()
        and path.relative_to(home.root).parts[0] not in ("locks", "cache")
        and (path.name.startswith(".") or path.relative_to(home.root).parts[0] == "work" or path.suffix == ".wal")
    ]
