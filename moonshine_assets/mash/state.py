"""Which state a mash is in, as one hash over the runs it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from moonshine_resources.duckdb import connect


def mash_state(connection: duckdb.DuckDBPyConnection) -> str:
    """Hex SHA-256 over the sorted (run id, database hash) pairs; an empty mash has a state too."""
    digest = hashlib.sha256()
    for run_id, database in connection.execute(
        "SELECT provider_run_id, database_sha256 FROM store.runs ORDER BY ALL"
    ).fetchall():
        digest.update(f"{run_id} {database}\n".encode())
    return digest.hexdigest()


def state_of(path: Path) -> str | None:
    """The state of the mash file at `path`; None when there is none."""
    if not path.exists():
        return None
    with connect(path, read_only=True) as connection:
        return mash_state(connection)


def is_merged(path: Path, run_id: str) -> bool:
    """Whether the mash file at `path` holds the run."""
    if not path.exists():
        return False
    with connect(path, read_only=True) as connection:
        return bool(
            connection.execute("SELECT count(*) FROM store.runs WHERE provider_run_id = ?", [run_id]).fetchall()[0][0]
        )
