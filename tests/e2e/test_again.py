"""Doing it again changes nothing: not a byte of a report, not a row of the mash, no second run for the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from intake import query
from terminal import BUNDLED, Ran, Said, copied, files_under, mash_hash, moonshine

from moonshine_assets.cli.summaries import run_ids
from moonshine_resources.home import Home


class Again(NamedTuple):
    """A home after the same command a second time, one export also given under another name."""

    home: Home
    said: Said


@pytest.fixture(scope="module")
def again(ran_home: Ran, tmp_path_factory: pytest.TempPathFactory) -> Again:
    folder = tmp_path_factory.mktemp("again")
    home = copied(ran_home, folder / "home")
    renamed = shutil.copy(ran_home.exports / "chatgpt-shards.zip", folder / "another name.bin")
    return Again(home, moonshine("run", *(ran_home.exports / name for name in BUNDLED), renamed, home=home))


def test_the_command_succeeds_and_says_that_nothing_is_new(again: Again) -> None:
    assert (again.said.code, again.said.err) == (0, "")
    assert again.said.out.count("verified again, same bytes as before") == len(BUNDLED)


def test_nothing_was_merged_again(again: Again, ran_home: Ran) -> None:
    merges = "SELECT * FROM store.merges ORDER BY ALL"
    assert query(again.home.mash, merges) == query(ran_home.home.mash, merges)
    assert mash_hash(again.home) == mash_hash(ran_home.home)


@pytest.mark.parametrize("folder", ["reports", "archive"])
def test_every_file_is_as_it_was_to_the_byte(again: Again, ran_home: Ran, folder: str) -> None:
    before = files_under([ran_home.home.root / folder])
    after = files_under([again.home.root / folder])
    moved = {name.replace(str(ran_home.home.root), str(again.home.root)): data for name, data in before.items()}
    assert sorted(after) == sorted(moved)
    assert [name for name in after if after[name] != moved[name]] == []


def test_databases_of_runs_and_their_archived_copies_are_as_they_were(again: Again, ran_home: Ran) -> None:
    def databases(home: Home) -> dict[Path, bytes]:
        folders = (home.provider_reports, home.archive)
        found = [path for folder in folders for path in folder.rglob("*.db")]
        return {path.relative_to(home.root): path.read_bytes() for path in found}

    assert databases(again.home) == databases(ran_home.home)


def test_the_same_bytes_under_another_name_are_the_same_run(again: Again, ran_home: Ran) -> None:
    assert run_ids(again.home) == run_ids(ran_home.home)
    assert len(list(again.home.sources.iterdir())) == len(BUNDLED)
