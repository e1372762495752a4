"""The restore drill: bring the newest snapshot back into scratch, go on to the present, and compare with the mash."""

from __future__ import annotations

from pathlib import Path

import duckdb

from moonshine_assets.archive.restore import replay, restore_snapshot, verify
from moonshine_assets.archive.retention import snapshots
from moonshine_assets.archive.run_archive import archive_faults
from moonshine_assets.archive.snapshot import describe
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.schema import MASH_TABLES, is_mash
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

GATE = "restore_drill"


def newest_snapshot(home: Home) -> str | None:
    """The run with the newest snapshot that is there; None before the first merge."""
    there = (snapshot.run_id for snapshot in snapshots(home) if home.premerge_snapshot(snapshot.run_id).exists())
    return next(there, None)


def restore_drill(home: Home, run_id: str | None = None) -> Verdict:
    """Restore a snapshot, by default the newest, then merge what came later, and compare every row with the mash.

    Reads every archived database whole, and the run's archive with it. The caller holds the writer lock; the mash is
    only read. Needs as much free space as the mash takes.
    """
    run_id = run_id or newest_snapshot(home)
    if run_id is None:
        return held(GATE, "no snapshot was taken yet", snapshots=0)
    work = home.root / "work" / f"drill-{run_id}"
    remove_tree(work)
    figures: dict[str, int | float | str] = {}
    offenders = []
    try:
        offenders = archive_faults(home.run(run_id))
        facts = restore_snapshot(home, run_id, work / "mash.db")
        figures |= {"size_bytes": facts["size_bytes"], "runs": len(facts["runs"]), **facts["rows"]}
        figures["content_sha256"] = facts["content_sha256"]
        ours, theirs = _brought_up_to_date(home, work)
        figures |= {"mash_content_sha256": ours, "rebuilt_content_sha256": theirs}
        if ours != theirs:
            offenders.append({"file": home.mash.name, "problem": "not what the archived runs make"})
    except (BadInput, Corruption) as fault:
        offenders.append({"file": Path(fault.where).name, "problem": fault.what})
    finally:
        remove_tree(work)
    if offenders:
        return broken(GATE, "the mash cannot be restored from the archive", offenders, **figures)
    return held(
        GATE, f"snapshot with {figures['runs']} runs restored; brought up to date it equals the mash", **figures
    )


def _brought_up_to_date(home: Home, work: Path) -> tuple[str, str]:
    """Content hashes of the mash, and of the restored one after the merges that came since."""
    if not home.mash.exists():
        return "", ""
    with connect(home.mash, read_only=True) as connection:
        if not is_mash(connection):
            return "", ""
        present, ours = describe(connection), content_hash(connection, MASH_TABLES)
    restored = work / "mash.db"
    with connect(restored, read_only=True) as connection:
        went_back = not _run_ids(connection) <= {build.run_id for build in present.builds}
    # A run was taken out of the mash since: nothing to go on from.
    with connect(work / "again.db" if went_back else restored, read_only=False) as connection:
        replay(home, present, connection)
        verify(present, connection, str(home.mash))
        return ours, content_hash(connection, MASH_TABLES)


def _run_ids(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {run_id for (run_id,) in connection.execute("SELECT provider_run_id FROM store.runs").fetchall()}
