"""A merge with its gates: either the mash holds the run and every gate, or it is as it was."""

from __future__ import annotations

from datetime import datetime

import duckdb

from moonshine_assets.errors import GateFailed
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.mash.gates import mash_gates
from moonshine_assets.mash.merge import Merge, RunFacts, merge_run


def merge_checked(
    connection: duckdb.DuckDBPyConnection, run: RunFacts, *, moment: datetime, reason: str
) -> tuple[Merge | None, list[Verdict]]:
    """Merge a run, all gates inside the transaction; None for the merge when one of them refused it."""
    verdicts: list[Verdict] = []

    def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
        verdicts.extend(mash_gates(mash))
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
        for name in ("inserted", "updated", "skipped", "superseded", "removed")
    }
    return merge, [held("merge_idempotent", "merging the run again would write 0 rows", **counts), *verdicts]
