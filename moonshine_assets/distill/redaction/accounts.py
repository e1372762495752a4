"""The accounts whose exports are in the mash: who they belong to is read from the archived exports themselves."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

import duckdb

from moonshine_assets.distill.redaction.identity import USER_FILES, Identity, identities
from moonshine_assets.exports.container import opened
from moonshine_assets.providers.source import raw_path, read_lock
from moonshine_resources.home import Home, RunPaths


class Accounts(NamedTuple):
    """What the exports say of their owners, and the runs whose export is not in the archive any more."""

    identities: list[Identity]
    unread_runs: list[str]


def account_identities(connection: duckdb.DuckDBPyConnection, home: Home) -> Accounts:
    """Of every run in the mash, name, address and number from the user file of its export.

    Only zips and folders have one; a plain file of conversations says nothing of its owner.
    """
    found: set[Identity] = set()
    unread: list[str] = []
    for (run_id,) in connection.execute("SELECT provider_run_id FROM store.runs ORDER BY ALL").fetchall():
        run = home.run(run_id)
        files = _user_files(run) if run.lock.exists() else None
        if files is None:
            unread.append(run_id)
        else:
            found |= identities(files)
    return Accounts(sorted(found), unread)


def _user_files(run: RunPaths) -> dict[str, bytes] | None:
    """The user files of an archived export, by member; None when the export is not there."""
    lock = read_lock(run)
    if lock["kind"] == "file":
        return {}
    path = raw_path(run, lock)
    if not path.exists():
        return None
    with opened(path, lock["source_path"]) as container:
        names = [name for name in container.sizes if PurePosixPath(name).name.lower() in USER_FILES]
        return {name: container.read(name) or b"" for name in names}
