"""What was not taken in, over all runs: list it, hand out its bytes, and try it with the present adapters."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import duckdb

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import opened
from moonshine_assets.gates import rows
from moonshine_assets.providers.source import read_lock, secured_path
from moonshine_assets.providers.trial import Bench, Trial
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths

_PLACE = """
SELECT provider_run_id AS run, quarantine_id, unit, reason, conversation_id, message_id, raw_member AS member,
       raw_index AS "index", raw_start AS start, raw_end AS "end", octet_length(raw) AS size
FROM store.quarantine
"""


def quarantined(home: Home, run_ids: list[str]) -> list[dict[str, Any]]:
    """Every quarantined piece of the runs that are published: where it stood, why, and how large it is."""
    found = []
    for run_id in run_ids:
        run = home.run(run_id)
        if run.database.exists():
            with connect(run.database, read_only=True) as connection:
                found += rows(connection, _PLACE + "ORDER BY quarantine_id")
    return found


def piece(home: Home, run_id: str, quarantine_id: int) -> tuple[dict[str, Any], bytes]:
    """One piece: its place and reason, and the bytes that were kept.

    Raises:
        BadInput: there is no such piece.
    """
    with _published(home.run(run_id)) as connection:
        found = rows(connection, _PLACE + "WHERE quarantine_id = ?", [quarantine_id])
        if not found:
            raise _no_such_piece(run_id, [quarantine_id])
        query = "SELECT raw FROM store.quarantine WHERE quarantine_id = ?"
        ((raw,),) = connection.execute(query, [quarantine_id]).fetchall()
    return found[0], bytes(raw)


def tried(home: Home, run_id: str, quarantine_ids: list[int]) -> list[Trial]:
    """Take the kept bytes through the present adapter; nothing is written.

    A node is tried within its conversation, which is read from the archived export. An `older_copy` was readable
    before: it stays what it is.

    Args:
        home: the data home.
        run_id: a published run.
        quarantine_ids: pieces to try; none: all of the run.

    Raises:
        BadInput: the run has no such piece, or is not published.
    """
    run = home.run(run_id)
    lock = read_lock(run)
    with _published(run) as connection:
        pieces = rows(connection, "SELECT * FROM store.quarantine ORDER BY quarantine_id")
    missing = sorted(set(quarantine_ids) - {found["quarantine_id"] for found in pieces})
    if missing:
        raise _no_such_piece(run_id, missing)
    # The scratch folder is not the run's own: a build may be at work there.
    work = home.root / "work" / f"replay-{run_id}"
    try:
        with opened(secured_path(run, lock), lock["source_path"]) as container:
            bench = Bench(BY_PROVIDER[run.provider], container, lock["members"], work)
            return [
                bench.trial(found) for found in pieces if not quarantine_ids or found["quarantine_id"] in quarantine_ids
            ]
    finally:
        remove_tree(work)


def _published(run: RunPaths) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    if not run.database.exists():
        raise BadInput("the run has no database", where=run.run_id, fix="`moonshine status` lists runs and their state")
    return connect(run.database, read_only=True)


def _no_such_piece(run_id: str, ids: list[int]) -> BadInput:
    named = ", ".join(map(str, ids))
    return BadInput(f"no quarantined piece {named}", where=run_id, fix="`moonshine quarantine list` shows them")
