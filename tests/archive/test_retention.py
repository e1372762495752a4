"""Which snapshots stay: the newest, one a week, one a month, never without the last good one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mash.runs import FIRST, NOW, SECOND, STAMP, account, archive, merge, publish_run

from moonshine_assets.archive.restore import restore_snapshot
from moonshine_assets.archive.retention import Retention, Snapshot, configured, prune, retained, snapshots
from moonshine_assets.archive.run_archive import archive_run
from moonshine_assets.archive.snapshot import archived_first, snapshot_manifest, take_snapshot
from moonshine_assets.errors import BadInput
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources import clock
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home

ONE = Retention(last=1, weekly=0, monthly=0)
THIRD = "chatgpt_20260301_120000"


def daily(days: int) -> list[Snapshot]:
    """A snapshot a day, the newest first; the newest is of Sunday, 2026-03-01."""
    newest = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return [Snapshot(f"day{n}", clock.iso(newest - timedelta(days=n)), {"x": 1}) for n in range(days)]


def numbers(policy: Retention, days: int = 120) -> list[int]:
    return sorted(int(name.removeprefix("day")) for name in retained(daily(days), policy))


def test_the_newest_are_kept() -> None:
    assert numbers(Retention(last=3, weekly=0, monthly=0)) == [0, 1, 2]


def test_one_a_week_is_kept_the_newest_of_each() -> None:
    assert numbers(Retention(last=0, weekly=3, monthly=0)) == [0, 7, 14]


def test_one_a_month_is_kept_the_newest_of_each() -> None:
    assert numbers(Retention(last=0, weekly=0, monthly=3)) == [0, 1, 29]


def test_rules_add_up() -> None:
    assert numbers(Retention(last=2, weekly=2, monthly=3)) == [0, 1, 7, 29]


def test_weeks_without_a_snapshot_do_not_count() -> None:
    sparse = daily(120)[::50]
    assert retained(sparse, Retention(last=0, weekly=3, monthly=0)) == [snapshot.run_id for snapshot in sparse]


def test_settings_come_from_the_environment() -> None:
    assert configured({}) == Retention(last=20, weekly=8, monthly=12)
    assert configured({"MOONSHINE_SNAPSHOTS_LAST": "3", "MOONSHINE_SNAPSHOTS_WEEKLY": "0"}) == Retention(3, 0, 12)


@pytest.mark.parametrize("value", ["-1", "two", "1.5", "٣"])
def test_a_setting_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="MOONSHINE_SNAPSHOTS_MONTHLY"):
        configured({"MOONSHINE_SNAPSHOTS_MONTHLY": value})


def test_keeping_nothing_at_all_is_refused() -> None:
    with pytest.raises(BadInput, match="no snapshot would be kept"):
        configured({f"MOONSHINE_SNAPSHOTS_{name}": "0" for name in ("LAST", "WEEKLY", "MONTHLY")})


@pytest.fixture
def three(home: Home, second: RunFacts) -> Home:
    """Three merges, a day apart by their snapshots."""
    merge(home, second)
    third = publish_run(home, account(1, first=90), THIRD)
    archive_run(home.run(THIRD), STAMP)
    take_snapshot(home, THIRD, "2026-11-22T12:00:00Z")
    merge(home, third)
    facts = read_json(snapshot_manifest(home, SECOND))
    write_json(snapshot_manifest(home, SECOND), {**facts, "generated_at": "2026-11-21T12:00:00Z"})
    return home


def test_pruning_removes_the_files_and_says_so_in_their_manifests(three: Home, tmp_path: Path) -> None:
    assert prune(three, ONE, NOW) == [SECOND, FIRST]
    assert not three.premerge_snapshot(SECOND).exists()
    assert read_json(snapshot_manifest(three, SECOND))["pruned_at"] == STAMP
    with pytest.raises(BadInput, match="retention policy"):
        restore_snapshot(three, SECOND, tmp_path / "restored.db")
    restore_snapshot(three, THIRD, tmp_path / "restored.db")
    assert prune(three, ONE, NOW) == []


def test_a_merged_run_whose_snapshot_was_pruned_is_still_archived_first(three: Home) -> None:
    prune(three, ONE, NOW)
    take_snapshot(three, SECOND, "2027-01-01T00:00:00Z")
    assert not three.premerge_snapshot(SECOND).exists(), "a snapshot of now would not show the mash before it"
    assert archived_first(three, SECOND).passed


def test_a_run_taken_out_of_the_mash_gets_a_snapshot_again(three: Home) -> None:
    prune(three, ONE, NOW)
    three.mash.unlink()
    take_snapshot(three, SECOND, "2027-01-01T00:00:00Z")
    assert three.premerge_snapshot(SECOND).exists()
    assert archived_first(three, SECOND).passed


def test_the_last_good_snapshot_is_never_removed(three: Home, tmp_path: Path) -> None:
    newest = three.premerge_snapshot(THIRD)
    newest.chmod(0o644)
    newest.write_bytes(newest.read_bytes()[:-1])
    assert prune(three, ONE, NOW) == [FIRST]
    restore_snapshot(three, SECOND, tmp_path / "restored.db")


def test_a_snapshot_whose_manifest_cannot_be_read_is_left_alone(three: Home) -> None:
    snapshot_manifest(three, FIRST).write_bytes(b"{")
    assert prune(three, ONE, NOW) == [SECOND]
    assert three.premerge_snapshot(FIRST).exists()


def test_a_file_a_crash_left_after_its_manifest_was_marked_is_removed_the_next_time(three: Home) -> None:
    facts = read_json(snapshot_manifest(three, FIRST))
    write_json(snapshot_manifest(three, FIRST), {"pruned_at": STAMP, **facts})
    assert FIRST in prune(three, ONE, NOW)
    assert not three.premerge_snapshot(FIRST).exists()


def test_an_earlier_build_stays_as_long_as_a_snapshot_needs_it(three: Home, tmp_path: Path) -> None:
    three.run(FIRST).database.unlink()
    archive_run_again = publish_run(three, account(2), FIRST)
    archive(three, archive_run_again)
    merge(three, archive_run_again, moment=NOW.replace(day=25))
    (earlier,) = three.run(FIRST).archive.glob("builds/*.db")
    prune(three, Retention(last=9, weekly=0, monthly=0), NOW)
    assert earlier.exists()
    restore_snapshot(three, THIRD, tmp_path / "restored.db")
    last = publish_run(three, account(1, first=70), "chatgpt_20260401_120000")
    archive_run(three.run(last.run_id), STAMP)
    take_snapshot(three, last.run_id, "2026-12-01T12:00:00Z")
    prune(three, ONE, NOW)
    assert not earlier.exists()
    restore_snapshot(three, last.run_id, tmp_path / "again.db")


def test_snapshots_are_listed_newest_first(three: Home) -> None:
    assert [snapshot.run_id for snapshot in snapshots(three)] == [THIRD, SECOND, FIRST]
