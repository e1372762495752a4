"""What was staged, into its place: renames only, each of which may have been done before a crash."""

from __future__ import annotations

from pathlib import Path

from moonshine_assets.archive.snapshot import snapshot_manifest
from moonshine_assets.exports.register import source_record
from moonshine_assets.forget.intent import Intent
from moonshine_assets.mash.merge import merge_manifest
from moonshine_assets.mash.schema import is_mash
from moonshine_resources.atomic import publish, read_json, remove_tree, sync_directory, write_json, write_json_keeping
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths


def publish_staged(home: Home, intent: Intent) -> None:
    """Put runs, mash and snapshots into their places; what stood there is removed. Doing it again goes on."""
    staged = Home(home.forget_work)
    trash = home.forget_work / "former"
    trash.mkdir(parents=True, exist_ok=True)
    for run_id, gone in intent.runs.items():
        run, made = home.run(run_id), staged.run(run_id)
        if gone:
            _remove_run(home, run)
            continue
        if made.lock.exists():
            lock = read_json(made.lock)
            write_json(home.sources / f"{lock['source_sha256']}.json", _record(home, lock))
        # The archive first: it is the reports' folder that tells whether the run is still to be exchanged.
        _exchange(made.archive, run.archive, trash / f"{run_id}.archive")
        _exchange(made.reports, run.reports, trash / f"{run_id}.reports")
    for mash in sorted(staged.main.glob("*.db")) if staged.main.exists() else []:
        home.mash_check.unlink(missing_ok=True)
        publish(mash, home.main / mash.name)
    for snapshot in sorted((staged.archive / "main").glob("*/moonshine_mash_premerge.db")):
        run_id = snapshot.parent.name
        publish(snapshot, home.premerge_snapshot(run_id))
    for manifest in sorted((staged.archive / "main").glob("*/snapshot_manifest.json")):
        publish(manifest, snapshot_manifest(home, manifest.parent.name))
    if home.mash.exists():
        with connect(home.mash, read_only=True) as connection:
            if is_mash(connection):
                write_json_keeping(home.merge_manifest, merge_manifest(connection))
    remove_tree(home.forget_work)


def _record(home: Home, lock: dict[str, object]) -> dict[str, object]:
    """The list of sources keeps the run that read the source last."""
    known = source_record(home, str(lock["source_sha256"]))
    if known is None or known.get("run_id") == lock["run_id"]:
        return lock
    return {**known, **{name: lock[name] for name in ("members", "kept_sha256", "forgotten")}}


def _remove_run(home: Home, run: RunPaths) -> None:
    if run.lock.exists():
        (home.sources / f"{read_json(run.lock)['source_sha256']}.json").unlink(missing_ok=True)
    for folder in (run.archive, run.reports):
        remove_tree(folder)
        if folder.parent.exists():
            sync_directory(folder.parent)


def _exchange(made: Path, place: Path, former: Path) -> None:
    """Put a folder that was made into the place of another, which goes."""
    if not made.exists():
        return
    if place.exists():
        remove_tree(former)
        place.rename(former)
    place.parent.mkdir(parents=True, exist_ok=True)
    made.rename(place)
    sync_directory(place.parent)
