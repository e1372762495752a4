"""A merge that is killed leaves the mash as before or as after, and the next one completes it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mash.children import (
    child,
    dying_after_the_commit,
    dying_before_the_first_merge_begins,
    dying_inside_the_transaction,
    merging,
)
from mash.runs import FIRST, SECOND, STAMP, account, archive, content, merge, no_gates, publish_run
from moonshine_assets.archive.restore import restore_snapshot
from moonshine_assets.archive.snapshot import archived_first, take_snapshot
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.state import state_of
from moonshine_resources.home import Home


class Killing:
    """A mash with one run and a second run to merge, and how long an undisturbed merge takes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        merge(home, publish_run(home, account(300, turns=10), FIRST), gates=no_gates)
        self.run: RunFacts = publish_run(home, account(400, turns=10, first=100, updated=3), SECOND)
        self.base = home.mash.with_name("base.db")
        shutil.copy(home.mash, self.base)
        self.before = content(home.mash)
        with child(merging, home, self.run) as (_, pipe):
            assert pipe.recv() == "begins"
            begun = time.monotonic()
            assert pipe.recv() == "done"
            self.seconds = time.monotonic() - begun
        self.after = content(home.mash)

    def reset(self) -> None:
        for leftover in self.home.mash.parent.glob(f"{self.home.mash.name}*"):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        shutil.copy(self.base, self.home.mash)


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Killing:
    return Killing(Home.at(tmp_path_factory.mktemp("killing")))


def kill_at(killing: Killing, point: float) -> None:
    killing.reset()
    with child(merging, killing.home, killing.run) as (process, pipe):
        assert pipe.recv() == "begins"
        time.sleep(point * killing.seconds)
        process.kill()
        process.join()
    assert content(killing.home.mash) in (killing.before, killing.after)
    merge(killing.home, killing.run, gates=no_gates)
    assert content(killing.home.mash) == killing.after
    assert [path.name for path in killing.home.mash.parent.glob(f"{killing.home.mash.name}.*")] == []


@pytest.mark.parametrize("seed", range(8))
def test_a_merge_killed_at_any_time_is_whole_or_not_there(killing: Killing, seed: int) -> None:
    kill_at(killing, (seed + random.Random(seed).random()) / 8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_a_merge_killed_at_sixty_times_is_whole_or_not_there(killing: Killing, seed: int) -> None:
    kill_at(killing, random.Random(1000 + seed).uniform(0, 1.1))


@pytest.mark.parametrize("die", [dying_inside_the_transaction, dying_after_the_commit])
def test_the_snapshot_after_a_killed_merge_holds_what_was_committed(
    home: Home, die: Callable[..., None], tmp_path: Path
) -> None:
    merge(home, publish_run(home, account(3), FIRST))
    run = publish_run(home, account(3, updated=2), SECOND)
    archive(home, run)
    before = state_of(home.mash)
    with child(die, home, run) as (process, _):
        process.join()
    after = state_of(home.mash)
    assert (after == before) is (die is dying_inside_the_transaction)
    third = publish_run(home, account(1, first=50), "chatgpt_20260301_120000")
    archive(home, third)
    assert archived_first(home, third.run_id).passed
    restore_snapshot(home, third.run_id, tmp_path / "restored.db")
    assert content(tmp_path / "restored.db") == content(home.mash)
    assert merge(home, run).written == (0 if after != before else 3 + 12 + 12 + 12 + 1 + 1 + 1 + 3 + 12 + 12)


def test_what_a_killed_first_merge_leaves_is_no_mash_yet(home: Home) -> None:
    run = publish_run(home, account(2), FIRST)
    with child(dying_before_the_first_merge_begins, home, run) as (process, _):
        process.join()
    assert home.mash.exists()
    assert state_of(home.mash) is None
    archive(home, run)
    assert take_snapshot(home, FIRST, STAMP)["mash_existed"] is False
    assert archived_first(home, FIRST).passed
    merge(home, run)
