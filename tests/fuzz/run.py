"""Cases through workers: each made, judged and cleared away; what went wrong is kept."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from fuzz.cases import make, plan
from fuzz.judge import GOOD, Judgement, judge
from fuzz.workers import work_through
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import load

#: Share of the cases that the schema gate is asked about.
_EVERY_GATE = 0.1


class Result(NamedTuple):
    """What became of a case, and where its input is kept if that was not as it should be."""

    number: int
    provider: str
    mutator: str
    fixture: str
    outcome: str
    detail: str
    seconds: float
    kept: Path | None = None

    @property
    def good(self) -> bool:
        return self.outcome in GOOD


def run(
    seed: int, numbers: Iterable[int], *, scratch: Path, keep: Path, workers: int = 2, limit: int = 10
) -> Iterator[Result]:
    """Judge cases; results come in the order they are done.

    Args:
        seed: which cases; the same seed and number are the same case on every machine.
        numbers: which of them.
        scratch: folder for what is needed meanwhile.
        keep: folder for the inputs of failed cases, `<seed>-<number>`.
        workers: processes.
        limit: seconds of CPU time a case may take.
    """
    for done in work_through(numbers, functools.partial(judging, seed, scratch), workers=workers, limit=limit):
        found = plan(seed, done.number)
        judged = Judgement("crash", "died by " + done.failure) if done.failure else done.result
        if done.failure == "hang":
            judged = Judgement("hang", f"killed after {limit} s of work")
        result = Result(*found, *judged, done.seconds)
        folder = scratch / str(done.number)
        if not result.good:
            kept = keep / f"{seed}-{done.number}"
            shutil.rmtree(kept, ignore_errors=True)
            if (folder / "input").exists():
                shutil.copytree(folder / "input", kept)
            result = result._replace(kept=kept)
        shutil.rmtree(folder, ignore_errors=True)
        yield result


def judging(seed: int, scratch: Path) -> Callable[[int], Judgement]:
    """What a worker does with a case number. The vocabulary of the tokenizer is loaded once."""
    counter = load(scratch / "vocabulary")

    def work(number: int) -> Judgement:
        folder = scratch / str(number)
        shutil.rmtree(folder, ignore_errors=True)
        made = make(seed, number, folder / "input")
        every_gate = Random(f"{seed}/{number}/gates").random() < _EVERY_GATE
        home = Home.at(folder / "home")
        return judge(home, made.path, made.markers, made.size, counter.count_many, every_gate=every_gate)

    return work
