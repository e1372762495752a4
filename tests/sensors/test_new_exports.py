"""A file dropped into the inbox becomes one run, once it is whole; the same bytes never become a second."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import dagster as dg
import pytest
from exporting import chatgpt, claude, write
from ticking import Ticking

from moonshine_assets.providers.family import runs_of
from moonshine_resources.home import Home
from sensors.inbox import STABLE_SECONDS


@pytest.fixture
def ticking(instance: dg.DagsterInstance, home: Home) -> Ticking:
    return Ticking("new_exports", instance, home)


def aged(path: Path, seconds: float = STABLE_SECONDS + 1) -> Path:
    """The file as if nobody had touched it for a while."""
    past = time.time() - seconds
    os.utime(path, (past, past))
    return path


def dropped(home: Home, name: str, value: object) -> Path:
    return aged(write(home.inbox / name, value))


def test_a_file_that_looks_the_same_twice_becomes_one_run(
    ticking: Ticking, instance: dg.DagsterInstance, home: Home
) -> None:
    dropped(home, "export.json", [chatgpt("one")])
    assert ticking.tick() == []
    (request,) = ticking.tick()
    assert request.job_name == "chatgpt_run"
    assert request.partition_key == request.run_key
    assert home.run(str(request.run_key)).lock.exists()
    assert instance.get_dynamic_partitions(str(runs_of("chatgpt").name)) == [request.partition_key]
    assert ticking.tick() == []


def test_each_provider_gets_its_own_job(ticking: Ticking, home: Home) -> None:
    dropped(home, "a.json", [chatgpt("one")])
    dropped(home, "b.json", [claude("two")])
    ticking.tick()
    assert sorted(str(request.job_name) for request in ticking.tick()) == ["chatgpt_run", "claude_run"]


def test_the_same_bytes_under_another_name_are_the_same_run(ticking: Ticking, home: Home) -> None:
    """Until it is merged the run is asked for again under its own key, which Dagster starts only once."""
    first = dropped(home, "export.json", [chatgpt("one")])
    ticking.tick()
    (asked,) = ticking.tick()
    aged(Path(shutil.copy(first, home.inbox / "copy.json")))
    ticking.tick()
    assert {request.run_key for request in ticking.tick()} <= {asked.run_key}


def test_bytes_that_are_merged_already_ask_for_nothing(
    ticking: Ticking, instance: dg.DagsterInstance, home: Home
) -> None:
    first = dropped(home, "export.json", [chatgpt("one")])
    ticking.tick()
    (asked,) = ticking.tick()
    instance.report_runless_asset_event(
        dg.AssetMaterialization(dg.AssetKey(["chatgpt", "mash_merge"]), partition=asked.partition_key)
    )
    aged(Path(shutil.copy(first, home.inbox / "copy.json")))
    ticking.tick()
    assert ticking.tick() == []


def test_a_half_copied_file_is_left_alone_until_it_is_whole(ticking: Ticking, home: Home) -> None:
    whole = json.dumps([chatgpt("one")]).encode()
    path = home.inbox / "export.json"
    for size in (len(whole) // 3, len(whole) // 2):
        aged(write(path, whole[:size]))
        assert ticking.tick() == []
    write(path, whole)
    assert ticking.tick() == []
    assert ticking.tick() == []
    aged(path)
    assert ticking.tick() == []
    assert len(ticking.tick()) == 1
    assert list(home.sources.glob("*.json")) == [home.sources / f"{_sha256(path)}.json"]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["export.zip.crdownload", "export.zip.part", ".export.zip"])
def test_downloads_under_way_are_not_looked_at(ticking: Ticking, home: Home, name: str) -> None:
    dropped(home, name, [chatgpt("one")])
    assert [ticking.tick() for _ in range(3)] == [[], [], []]
    assert not home.sources.exists()


def test_a_refused_file_gives_no_run_and_one_warning(ticking: Ticking, home: Home) -> None:
    dropped(home, "notes.json", {"nothing": "to see"})
    for _ in range(5):
        assert ticking.tick() == []
    (warning,) = ticking.logged
    assert warning.levelname == "WARNING"
    assert "notes.json" in warning.getMessage()


def test_a_refused_file_does_not_hold_up_the_others(ticking: Ticking, home: Home) -> None:
    dropped(home, "a notes.json", {"nothing": "to see"})
    dropped(home, "b export.json", [chatgpt("one")])
    ticking.tick()
    assert len(ticking.tick()) == 1


def test_a_file_that_cannot_be_registered_now_is_tried_again_and_holds_up_nobody(ticking: Ticking, home: Home) -> None:
    damaged = dropped(home, "a damaged.json", [chatgpt("one")])
    record = write(home.sources / f"{_sha256(damaged)}.json", b"not JSON any more")
    dropped(home, "b export.json", [chatgpt("two")])
    ticking.tick()
    assert len(ticking.tick()) == 1
    assert [line.levelname for line in ticking.logged] == ["ERROR"]
    record.unlink()
    assert len([*ticking.tick(), *ticking.tick()]) == 1


def test_many_files_are_registered_a_few_at_a_tick(ticking: Ticking, home: Home) -> None:
    for number in range(12):
        dropped(home, f"{number:02}.json", [chatgpt(f"talk {number}")])
    ticking.tick()
    given = [len(ticking.tick()) for _ in range(4)]
    assert given == [5, 5, 2, 0]
