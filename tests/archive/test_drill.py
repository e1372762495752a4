"""The restore drill: green when the archive makes the mash, red when it does not, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from mash.runs import FIRST, SECOND, account, archive, content, merge, publish_run

from moonshine_assets.archive.assets import restore_drill_check
from moonshine_assets.archive.drill import restore_drill
from moonshine_assets.archive.restore import restore_in_place
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources import clock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.resources import HomeResource, MashDatabase


@pytest.fixture
def merged(home: Home, second: RunFacts) -> Home:
    merge(home, second)
    return home


def flip(path: Path) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_without_a_snapshot_there_is_nothing_to_drill(home: Home) -> None:
    assert restore_drill(home).passed


def test_before_the_first_merge_the_drill_holds(home: Home) -> None:
    archive(home, publish_run(home, account(1), FIRST))
    assert restore_drill(home).passed


def test_the_newest_snapshot_brought_up_to_date_equals_the_mash(merged: Home) -> None:
    verdict = restore_drill(merged)
    assert verdict.passed, verdict
    assert verdict.figures["rebuilt_content_sha256"] == content(merged.mash)
    assert list((merged.root / "work").iterdir()) == []


def test_a_mash_that_was_put_back_is_drilled_from_the_start(merged: Home) -> None:
    restore_in_place(merged, SECOND, clock.now())
    restore_in_place(merged, FIRST, clock.now())
    assert restore_drill(merged, SECOND).passed


@pytest.mark.parametrize("which", [FIRST, SECOND])
def test_a_damaged_archived_database_of_any_run_is_red(merged: Home, which: str) -> None:
    run = merged.run(which)
    flip(run.archive / run.database.name)
    verdict = restore_drill(merged)
    assert {offender["file"] for offender in verdict.offenders} == {run.database.name}


def test_a_mash_somebody_edited_is_red(merged: Home) -> None:
    with connect(merged.mash, read_only=False) as connection:
        connection.execute("UPDATE store.conversations SET title = 'edited' WHERE conversation_id = 'c0'")
    (offender,) = restore_drill(merged).offenders
    assert offender == {"file": merged.mash.name, "problem": "not what the archived runs make"}


def test_the_check_warns_of_what_the_drill_finds(merged: Home) -> None:
    place = HomeResource(root=str(merged.root))
    result = restore_drill_check(place, MashDatabase(home=place))
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed
