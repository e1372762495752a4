"""Snapshots without what is forgotten: each is restored from the runs as they are now, and described anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from moonshine_assets.archive.builds import Build, archived_database
from moonshine_assets.archive.contents import combined
from moonshine_assets.archive.remembered import Rebuilt, as_remembered
from moonshine_assets.archive.restore import replay
from moonshine_assets.archive.retention import snapshots
from moonshine_assets.archive.snapshot import Described, describe, read_snapshot, snapshot_manifest, write_snapshot
from moonshine_assets.errors import Corruption
from moonshine_assets.mash.state import mash_state
from moonshine_resources.atomic import remove_tree, sha256_file, write_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: Called with (snapshots done, snapshots in total).
Progress = Callable[[int, int], None]


def stage_snapshots(home: Home, runs: dict[str, Rebuilt], progress: Progress) -> list[str]:
    """Write the snapshots that hold one of the runs anew into `home.forget_work`; their run ids.

    Raises:
        Corruption: an archived database a snapshot needs is not what it was.
        StorageFull: there is no space.
    """
    staged = Home(home.forget_work)
    there = [one for one in reversed(snapshots(home)) if one.facts and home.premerge_snapshot(one.run_id).exists()]
    scratch = home.forget_work / "replayed"
    written = []
    held: set[Build] = set()
    for number, snapshot in enumerate(there):
        progress(number, len(there))
        with connect(home.premerge_snapshot(snapshot.run_id), read_only=True) as connection:
            described = read_snapshot(connection)
        changed = as_remembered(described, lambda run_id, _: runs.get(run_id))
        if changed is None:
            continue
        if not held <= set(changed.builds):
            remove_tree(scratch)
            held = set()
        scratch.mkdir(parents=True, exist_ok=True)
        anew = _described(home, changed, scratch / "mash.db", runs)
        held = set(changed.builds)
        target = staged.premerge_snapshot(snapshot.run_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_snapshot(home, anew, target)
        with connect(target, read_only=True) as connection:
            state = mash_state(connection)
        facts = {
            **snapshot.facts,
            "sha256": sha256_file(target),
            "size_bytes": target.stat().st_size,
            "mash_state": state,
            "content_sha256": combined(anew.contents),
            "runs": len(anew.builds),
            "forgotten_from": [*snapshot.facts.get("forgotten_from", []), snapshot.facts["sha256"]],
        }
        write_json(snapshot_manifest(staged, snapshot.run_id), facts)
        written.append(snapshot.run_id)
    remove_tree(scratch)
    return written


def _described(home: Home, changed: Described, scratch: Path, runs: dict[str, Rebuilt]) -> Described:
    def database_of(place: Home, build: Build) -> Path:
        now = runs.get(build.run_id)
        if now is None:
            return archived_database(place, build)
        if now.facts is None:
            raise Corruption("a run of which nothing is left is in a snapshot", where=build.run_id, fix="report this")
        return now.facts.database

    with connect(scratch, read_only=False) as connection:
        replay(home, changed, connection, database_of)
        return describe(connection)
