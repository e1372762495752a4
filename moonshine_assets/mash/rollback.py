"""One run out of the mash again: one transaction, and what it superseded is current as before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from moonshine_assets.archive.run_archive import archive_faults
from moonshine_assets.errors import BadInput
from moonshine_assets.gates import Verdict, broken, require
from moonshine_assets.mash.gates import touched_gates
from moonshine_assets.mash.journal import ROLLBACK, merge_manifest, record
from moonshine_assets.mash.merge import Merge, with_marks
from moonshine_assets.mash.rows import TableMerge, remove_run
from moonshine_assets.mash.schema import MASH_TABLES, PLAIN, RUNS, TEXTS, VERSIONED, is_mash, require_layout
from moonshine_assets.mash.search.build import forget_run
from moonshine_assets.mash.texts import remember_texts, remove_unused_texts
from moonshine_assets.mash.touched import tracking
from moonshine_assets.mash.vouched import carried
from moonshine_resources.atomic import write_json_keeping
from moonshine_resources.duckdb import connect, transaction
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

#: How long to wait for another writer, seconds.
_WRITER_WAIT = 600.0
Gates = Callable[[duckdb.DuckDBPyConnection], list[Verdict]]


def take_out(home: Home, run_id: str, *, moment: datetime, reason: str, wait_seconds: float = _WRITER_WAIT) -> Merge:
    """Roll a run back in the home's mash, with the gates on what that touches, and bring the merge manifest up to date.

    Raises:
        BadInput: no run id, or the mash does not hold the run.
        GateFailed: the run's archive, from which alone it could come back, is not whole; or a gate does not hold.
        Busy: another process kept the mash.
    """
    run = home.run(run_id)
    with exclusive(home.mash_lock, seconds=wait_seconds, what="the mash"):
        if not home.mash.exists():
            raise BadInput("nothing has been merged yet", where=run_id, fix="`moonshine status` lists the runs")
        with connect(home.mash, read_only=True) as connection:
            require_merged(connection, run_id)
        faults = archive_faults(run)
        if faults:
            require([broken("archived_first", "the run's archive is not whole", faults)], where=run_id)
        with carried(home), connect(home.mash, read_only=False) as connection:
            taken_out = rollback_run(
                connection,
                run.provider,
                run_id,
                moment=moment,
                reason=reason,
                gates=lambda mash: touched_gates(mash, run.provider, run_id, attached=False),
            )
            write_json_keeping(home.merge_manifest, merge_manifest(connection))
    return taken_out


def rollback_run(
    connection: duckdb.DuckDBPyConnection,
    provider: str,
    run_id: str,
    *,
    moment: datetime,
    reason: str,
    gates: Gates,
    operation: str = ROLLBACK,
) -> Merge:
    """Take a run out of the open mash; all of it or nothing.

    Afterwards the tables of content (all but the journal) are those of a mash that never had the run. Its archive and
    its database stay, so that merging it again brings it back.

    Args:
        connection: the mash, open for writing.
        provider: the run's provider.
        run_id: the run.
        moment: time, UTC.
        reason: why, for the journal.
        gates: checks on the mash as it would be, while touched.py's tables are there.
        operation: what the journal calls it.

    Returns:
        The rows removed and marked again, by table.

    Raises:
        BadInput: the mash does not hold the run.
        GateFailed: a gate does not hold; the mash is as it was.
    """
    require_merged(connection, run_id)
    with transaction(connection), tracking(connection, run_id, attached=False):
        remember_texts(connection, run_id)
        tables = [
            TableMerge(table.name, 0, 0, 0, removed=remove_run(connection, table, run_id))
            for table in (*VERSIONED, *PLAIN, RUNS)
        ]
        texts = TableMerge(TEXTS.name, 0, 0, 0, removed=remove_unused_texts(connection))
        taken_out = Merge(run_id, [texts, *with_marks(connection, provider, run_id, tables)])
        forget_run(connection, run_id)
        record(
            connection,
            provider=provider,
            run_id=run_id,
            operation=operation,
            tables=taken_out.tables,
            moment=moment,
            reason=reason,
        )
        require(gates(connection), where=run_id)
    return taken_out


def require_merged(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """The open mash holds the run.

    Raises:
        BadInput: it does not.
        Corruption: the mash was written by another version.
    """
    merged = []
    if is_mash(connection):
        require_layout(connection, MASH_TABLES)
        merged = [
            row[0] for row in connection.execute("SELECT provider_run_id FROM store.runs ORDER BY ALL").fetchall()
        ]
    if run_id not in merged:
        raise BadInput(
            f"the run is not in the mash, which holds {len(merged)} runs",
            where=run_id,
            fix="`moonshine status` lists the runs and which of them are merged",
        )
