"""`moonshine restore` and `moonshine archive` on a home of two merged runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mash.runs import FIRST, SECOND, account, archive, content, merge, publish_run
from terminal import in_process

from moonshine_resources.home import Home


@pytest.fixture
def two(home: Home) -> Home:
    for number, run_id in enumerate((FIRST, SECOND)):
        run = publish_run(home, account(2, updated=number), run_id)
        archive(home, run)
        merge(home, run)
    return home


def test_restore_puts_the_mash_back_and_says_where_the_present_one_is(two: Home) -> None:
    present = content(two.mash)
    said = in_process("restore", SECOND, home=two)
    assert said.code == 0, said
    (kept,) = two.main.glob("moonshine_mash_before_restore_*.db")
    assert content(kept) == present
    assert str(kept) in said.out
    assert "1 runs, 8 messages, verified" in said.out
    assert in_process("restore", SECOND, home=two).code == 0


def test_restore_to_a_file_leaves_the_mash_alone(two: Home, tmp_path: Path) -> None:
    present = content(two.mash)
    assert in_process("restore", FIRST, "--to", tmp_path / "then.db", home=two).code == 0
    assert content(two.mash) == present
    again = in_process("restore", FIRST, "--to", tmp_path / "then.db", home=two)
    assert (again.code, len(again.errors)) == (2, 1)


@pytest.mark.parametrize("run_id", ["chatgpt_20270101_000000", "../x"])
def test_an_unknown_run_is_bad_input(two: Home, run_id: str) -> None:
    said = in_process("restore", run_id, home=two)
    assert (said.code, len(said.errors)) == (2, 1)


def test_a_damaged_archive_is_told_in_one_line(two: Home) -> None:
    run = two.run(FIRST)
    copy = run.archive / run.database.name
    copy.chmod(0o644)
    copy.write_bytes(copy.read_bytes()[:-1])
    for words in (("restore", SECOND), ("archive", "drill")):
        said = in_process(*words, home=two)
        assert (said.code, len(said.errors)) == (1, 1)
        assert run.database.name in said.err


def test_snapshots_are_listed_drilled_and_pruned(two: Home) -> None:
    found = json.loads(in_process("archive", "list", "--json", home=two).out)
    assert [(line["run"], line["state"], line["runs_in_it"]) for line in found] == [
        (SECOND, "there", 1),
        (FIRST, "there", 0),
    ]
    assert "equals the mash" in in_process("archive", "drill", home=two).out
    assert "2 snapshots, of which the policy keeps 2" in in_process("archive", "prune", "--dry-run", home=two).out
    assert "0 snapshots removed" in in_process("archive", "prune", home=two).out


def test_a_home_without_snapshots_says_so(home: Home) -> None:
    assert "no snapshots yet" in in_process("archive", "list", home=home).out
