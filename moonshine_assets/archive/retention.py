"""Which snapshots are kept: the newest ones, one a week, one a month, and always the last good one.

A pruned snapshot's file is removed and its manifest says so; the runs' databases it would be made from stay, but for
earlier builds no kept snapshot needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from moonshine_assets.archive.snapshot import read_snapshot, snapshot_faults, snapshot_manifest
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.mash.schema import is_mash
from moonshine_resources import clock
from moonshine_resources.atomic import read_json, sync_directory, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

_SETTINGS = {
    "last": "MOONSHINE_SNAPSHOTS_LAST",
    "weekly": "MOONSHINE_SNAPSHOTS_WEEKLY",
    "monthly": "MOONSHINE_SNAPSHOTS_MONTHLY",
}


class Retention(NamedTuple):
    """How many snapshots are kept.

    Args:
        last: so many newest ones.
        weekly: the newest one of each of so many last weeks (ISO, UTC) that have one.
        monthly: the same by months.
    """

    last: int = 20
    weekly: int = 8
    monthly: int = 12


class Snapshot(NamedTuple):
    """One snapshot; `facts` is its manifest, empty when that cannot be read."""

    run_id: str
    taken_at: str
    facts: dict[str, Any]


def configured(environment: Mapping[str, str] = os.environ) -> Retention:
    """The policy in force: MOONSHINE_SNAPSHOTS_LAST, _WEEKLY, _MONTHLY, else the defaults.

    Raises:
        BadInput: a setting is no whole number, or nothing at all would be kept.
    """
    given = {name: environment[variable] for name, variable in _SETTINGS.items() if environment.get(variable)}
    for name, value in given.items():
        if not (value.isascii() and value.isdecimal()):
            raise BadInput(f"{value!r} is no number of snapshots", where=_SETTINGS[name], fix="give a whole number")
    retention = Retention(**{name: int(value) for name, value in given.items()})
    if not any(retention):
        raise BadInput("no snapshot would be kept", where=_SETTINGS["last"], fix="keep at least one")
    return retention


def snapshots(home: Home) -> list[Snapshot]:
    """Every snapshot that was taken, the newest first; also those that were pruned."""
    found = []
    for folder in (home.archive / "main").glob("*_*"):
        manifest = snapshot_manifest(home, folder.name)
        try:
            facts = read_json(manifest) if manifest.exists() else {}
        except Corruption:
            facts = {}
        found.append(Snapshot(folder.name, str(facts.get("generated_at", "")), facts))
    return sorted(found, key=lambda snapshot: (snapshot.taken_at, snapshot.run_id), reverse=True)


def retained(newest_first: Sequence[Snapshot], policy: Retention) -> list[str]:
    """Run ids of the snapshots a policy keeps."""
    ids = dict.fromkeys(snapshot.run_id for snapshot in newest_first[: policy.last])
    ids |= dict.fromkeys(_newest_by(newest_first, lambda at: str(at.isocalendar()[:2]), policy.weekly))
    ids |= dict.fromkeys(_newest_by(newest_first, lambda at: f"{at:%Y-%m}", policy.monthly))
    return list(ids)


def prune(home: Home, policy: Retention, moment: datetime) -> list[str]:
    """Remove what the policy does not keep; the run ids whose snapshot was removed. The caller holds the writer lock.

    The newest snapshot that can be restored is never removed, nor is one whose manifest cannot be read.
    """
    there = [snapshot for snapshot in snapshots(home) if home.premerge_snapshot(snapshot.run_id).exists()]
    known = [snapshot for snapshot in there if snapshot.facts and "pruned_at" not in snapshot.facts]
    kept = {*retained(known, policy), *(snapshot.run_id for snapshot in there if not snapshot.facts)}
    kept |= {next((s.run_id for s in known if not snapshot_faults(home, s.run_id, s.facts)), "")}
    removed = [snapshot for snapshot in there if snapshot.run_id not in kept]
    for snapshot in removed:
        file = home.premerge_snapshot(snapshot.run_id)
        # Said first: a crash in between leaves a file that the next time removes.
        write_json(snapshot_manifest(home, snapshot.run_id), {"pruned_at": clock.iso(moment)} | snapshot.facts)
        file.unlink()
        sync_directory(file.parent)
    _remove_unneeded_builds(home)
    return [snapshot.run_id for snapshot in removed]


def require_kept(run_id: str, facts: dict[str, Any]) -> None:
    """
    Raises:
        BadInput: the snapshot with this manifest was pruned.
    """
    if "pruned_at" in facts:
        raise BadInput(
            f"the snapshot was removed by the retention policy at {facts['pruned_at']}",
            where=run_id,
            fix="`moonshine archive list` shows those that are kept",
        )


def _newest_by(newest_first: Sequence[Snapshot], period: Callable[[datetime], str], count: int) -> list[str]:
    found: dict[str, str] = {}
    for snapshot in newest_first:
        found.setdefault(period(datetime.fromisoformat(snapshot.taken_at)), snapshot.run_id)
    return list(found.values())[:count]


def _remove_unneeded_builds(home: Home) -> None:
    """Remove earlier builds of runs that neither the mash nor a kept snapshot holds; none while one is unreadable."""
    earlier = list(home.archive.glob("*/*/builds/*.db"))
    if not earlier:
        return
    needed: set[str] = set()
    if home.mash.exists():
        with connect(home.mash, read_only=True) as connection:
            if is_mash(connection):
                needed |= {sha for (sha,) in connection.execute("SELECT database_sha256 FROM store.runs").fetchall()}
    for snapshot in snapshots(home):
        file = home.premerge_snapshot(snapshot.run_id)
        if file.exists():
            try:
                with connect(file, read_only=True) as connection:
                    needed |= {build.database_sha256 for build in read_snapshot(connection).builds}
            except Corruption:
                return
    for path in earlier:
        if path.stem not in needed:
            path.unlink()
            sync_directory(path.parent)
