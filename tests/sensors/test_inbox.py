"""Which inbox entries become runs: decided over two looks, from plain state."""

from __future__ import annotations

import os
from pathlib import Path

from sensors.inbox import Reading, decide, read_inbox

NOW = 1_800_000_000.0
OLD = int((NOW - 60) * 1e9)


def test_a_file_seen_once_waits() -> None:
    decision = decide({}, {"a.zip": Reading(10, OLD, 1)}, NOW, most=5)
    assert decision.ready == []
    assert decision.state["a.zip"][3] == "waiting"


def test_a_file_that_looks_the_same_twice_is_ready_once() -> None:
    readings = {"a.zip": Reading(10, OLD, 1)}
    first = decide({}, readings, NOW, most=5)
    second = decide(first.state, readings, NOW + 15, most=5)
    third = decide(second.state, readings, NOW + 30, most=5)
    assert second.ready == ["a.zip"]
    assert third.ready == []


def test_a_file_that_grows_is_left_alone() -> None:
    state = decide({}, {"a.zip": Reading(10, OLD, 1)}, NOW, most=5).state
    decision = decide(state, {"a.zip": Reading(20, OLD, 1)}, NOW + 15, most=5)
    assert decision.ready == []


def test_a_file_changed_a_moment_ago_is_left_alone_even_if_it_looks_the_same() -> None:
    readings = {"a.zip": Reading(10, int((NOW + 14) * 1e9), 1)}
    state = decide({}, readings, NOW, most=5).state
    assert decide(state, readings, NOW + 15, most=5).ready == []


def test_a_done_file_that_changes_becomes_ready_again() -> None:
    state = {"a.zip": [10, OLD, 1, "done"]}
    changed = {"a.zip": Reading(11, OLD, 1)}
    waiting = decide(state, changed, NOW, most=5)
    assert waiting.ready == []
    assert decide(waiting.state, changed, NOW + 15, most=5).ready == ["a.zip"]


def test_no_more_than_asked_for_are_given_out_and_none_is_forgotten() -> None:
    readings = {f"{n}.zip": Reading(10, OLD, 1) for n in range(7)}
    state = decide({}, readings, NOW, most=5).state
    given: list[str] = []
    for tick in range(1, 4):
        decision = decide(state, readings, NOW + 15 * tick, most=3)
        given += decision.ready
        state = decision.state
    assert sorted(given) == sorted(readings)


def test_entries_that_are_gone_are_forgotten() -> None:
    assert decide({"a.zip": [10, OLD, 1, "done"]}, {}, NOW, most=5).state == {}


def test_partial_and_hidden_files_are_not_read(tmp_path: Path) -> None:
    for name in ("a.zip.part", "b.crdownload", ".hidden.json", "README.md", "c.json"):
        (tmp_path / name).write_text("[]")
    assert list(read_inbox(tmp_path)) == ["c.json"]


def test_a_folder_counts_as_one_entry_and_changes_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "conversations.json").write_text("[]")
    before = read_inbox(tmp_path)["export"]
    (folder / "more.json").write_text("[1]")
    os.utime(folder / "more.json", ns=(OLD, OLD))
    after = read_inbox(tmp_path)["export"]
    assert before.files == 1
    assert after.files == 2
    assert after.size == before.size + 3


def test_an_inbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert read_inbox(tmp_path / "none") == {}
