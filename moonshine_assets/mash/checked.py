"""A merge with its gates: either the mash holds the run and every gate, or it is as it was."""

from __future__ import annotations

from datetime import datetime

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.gates import touched_gates
from moonshine_assets.mash.journal import rolled_back
from moonshine_assets.mash.merge import Merge, RunFacts, merge_run, merged_build


def why(connection: duckdb.DuckDBPyConnection, run: RunFacts) -> str:
    """The reason the journal gives for merging a run now."""
    if run.run_id in rolled_back(connection):
        return "merged again after a rollback"
    return "new run" if merged_build(connection, run.run_id) is None else "the run was built anew"


def merge_checked(
    connection: duckdb.DuckDBPyConnection, run: RunFacts, *, moment: datetime, reason: str
) -> tuple[Merge | None, list[Verdict]]:
    """Merge a run, the gates on what it touches inside the transaction; None for the merge when one refused it."""
    verdicts: list[Verdict] = []

    def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
        verdicts.extend(touched_gates(mash, run.provider, run.run_id, attached=True))
        return verdicts

    try:
        merge = merge_run(connection, run, moment=moment, reason=reason, gates=gates)
    except GateFailed as refusal:
        if not verdicts:
            # merge_run counts a second merge before it asks the gates.
            verdicts.append(broken("merge_idempotent", refusal.what, [{"run_id": run.run_id}]))
        return None, verdicts
    counts = {
        name: sum(getattr(table, name) for table in merge.tables)
        for name in ("inserted", "updated", "skipped", "superseded", "removed", "missing")
    }
    return merge, [held("merge_idempotent", "merging the run again would write 0 rows", **counts), *verdicts]
