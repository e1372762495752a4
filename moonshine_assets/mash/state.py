"""Which state a mash is in, as one hash over the runs it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from moonshine_assets.mash.merge import merged_build
from moonshine_assets.mash.schema import is_mash
from moonshine_resources.duckdb import connect

#: State of a mash without runs.
EMPTY_STATE = hashlib.sha256().hexdigest()


def mash_state(connection: duckdb.DuckDBPyConnection) -> str:
    """Hex SHA-256 over the sorted (run id, database hash) pairs; an empty mash has a state too."""
    digest = hashlib.sha256()
    for run_id, database in connection.execute(
        "SELECT provider_run_id, database_sha256 FROM store.runs ORDER BY ALL"
    ).fetchall():
        digest.update(f"{run_id} {database}\n".encode())
    return digest.hexdigest()


def state_of(path: Path) -> str | None:
    """The state of the mash file at `path`; None when there is none, or only the file a killed first merge left."""
    if not path.exists():
        return None
    with connect(path, read_only=True) as connection:
        return mash_state(connection) if is_mash(connection) else None


def is_merged(path: Path, run_id: str, database_sha256: str | None) -> bool:
    """Whether the mash file at `path` holds the run as that database has it; a run built anew is not merged yet."""
    if not path.exists():
        return False
    with connect(path, read_only=True) as connection:
        return database_sha256 is not None and merged_build(connection, run_id) == database_sha256


def settle(path: Path) -> None:
    """Fold in what a killed process committed to the log beside the file, so that a copy of the file holds it.

    For the one writer alone.
    """
    if path.exists() and path.with_name(f"{path.name}.wal").exists():
        with connect(path, read_only=False):
            pass
