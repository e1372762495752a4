"""A snapshot of the mash brought back: beside, verified, and never over anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.archive.run_archive import archive_faults
from moonshine_assets.archive.snapshot import snapshot_manifest
from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_assets.mash.state import mash_state
from moonshine_assets.tables import RUN_TABLES
from moonshine_assets.tables.schema import Table
from moonshine_resources.atomic import copy_hashed, read_json, remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

_RUNS_SQL = "SELECT provider_run_id FROM store.runs ORDER BY provider_run_id"


def restore_snapshot(home: Home, run_id: str, target: Path) -> dict[str, Any]:
    """Write the mash as it was before the merge of a run to `target`, writable, verified by hash and by opening it.

    Args:
        home: the data home.
        run_id: the run whose merge the snapshot precedes.
        target: file to write; neither it nor a write-ahead log of it may exist. The caller puts it where it belongs.

    Returns:
        run_id, file, sha256, size_bytes, mash_state, the run ids it holds, and rows by table.

    Raises:
        BadInput: there is no snapshot of that run, or the target exists.
        Corruption: the snapshot is not what its manifest says; nothing is left at `target`.
    """
    snapshot, manifest = home.premerge_snapshot(run_id), snapshot_manifest(home, run_id)
    if not snapshot.exists() or not manifest.exists():
        raise BadInput(
            "no snapshot was taken for this run", where=run_id, fix="the folder archive/main lists those there are"
        )
    for taken in (target, target.with_name(f"{target.name}.wal")):
        if taken.exists():
            raise BadInput("exists already", where=str(taken), fix="restore beside it, or move it away first")
    facts = read_json(manifest)
    if copy_hashed(snapshot, target) != facts["sha256"]:
        target.unlink()
        raise Corruption(
            "the snapshot does not have the SHA-256 of its manifest",
            where=str(snapshot),
            fix="restore another run's snapshot, or merge the archived runs again",
        )
    target.chmod(0o644)
    try:
        restored = _read(target)
        if restored["mash_state"] != facts["mash_state"]:
            raise Corruption("holds other runs than its manifest says", where=str(snapshot), fix="check the disk")
    except Corruption:
        target.unlink()
        raise
    return {"run_id": run_id, "file": str(target), "sha256": facts["sha256"], **restored}


def restore_drill(home: Home, run_id: str) -> Verdict:
    """Restore a run's snapshot and read every row of it, and every row of the run's archived database; then tidy up."""
    work = home.root / "work" / f"drill-{run_id}"
    remove_tree(work)
    figures: dict[str, int | float | str] = {}
    try:
        offenders = archive_faults(home.run(run_id))
        facts = restore_snapshot(home, run_id, work / "mash.db")
        with connect(work / "mash.db", read_only=True) as connection:
            figures["mash_content_sha256"] = content_hash(connection, MASH_TABLES)
        with connect(home.run(run_id).archive / home.run(run_id).database.name, read_only=True) as connection:
            figures["run_content_sha256"] = content_hash(connection, RUN_TABLES)
        figures |= {"size_bytes": facts["size_bytes"], "runs": len(facts["runs"]), **facts["rows"]}
    except (BadInput, Corruption) as fault:
        offenders = [{"file": Path(fault.where).name, "problem": fault.what}]
    finally:
        remove_tree(work)
    if offenders:
        return broken("restore_drill", "the archive cannot be restored", offenders, **figures)
    return held("restore_drill", f"snapshot with {figures['runs']} runs restored, every row read", **figures)


def _read(path: Path) -> dict[str, Any]:
    with connect(path, read_only=True) as connection:
        return {
            "size_bytes": path.stat().st_size,
            "mash_state": mash_state(connection),
            "runs": [run_id for (run_id,) in connection.execute(_RUNS_SQL).fetchall()],
            "rows": {table.name: _rows(connection, table) for table in MASH_TABLES},
        }


def _rows(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    ((count,),) = connection.execute(f"SELECT count(*) FROM store.{table.name}").fetchall()  # noqa: S608 - names of our own tables
    return int(count)
