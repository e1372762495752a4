"""One step in a process of its own: `python -m benchmarks.mash_step snapshot|merge|rollback MASH RUN RANK`."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.generate_mash import PROVIDER, run_id_of
from moonshine_assets.archive.snapshot import describe, write_snapshot
from moonshine_assets.mash.checked import merge_checked
from moonshine_assets.mash.gates import touched_gates
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.rollback import rollback_run
from moonshine_resources.atomic import sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def main() -> None:
    what, mash, database, rank = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    run_id = run_id_of(rank)
    started = time.process_time()
    written = _snapshot(mash) if what == "snapshot" else _changed(what, mash, database, run_id)
    print(json.dumps({"rows_written": written, "cpu": time.process_time() - started}))


def _changed(what: str, mash: Path, database: Path, run_id: str) -> int:
    """Merge the run or take it out; rows written."""
    with connect(mash, read_only=False) as connection:
        if what == "merge":
            facts = RunFacts(run_id, PROVIDER, database, sha256_file(database), 1, 1)
            done, verdicts = merge_checked(connection, facts, moment=MOMENT, reason="benchmark")
            if done is None:
                raise SystemExit("; ".join(f"{verdict.gate}: {verdict.reason}" for verdict in verdicts))
        else:
            done = rollback_run(
                connection,
                PROVIDER,
                run_id,
                moment=MOMENT,
                reason="benchmark",
                gates=lambda opened: touched_gates(opened, PROVIDER, run_id, attached=False),
            )
    return done.written


def _snapshot(mash: Path) -> int:
    """Describe the mash and write that down, beside it; the rows of the snapshot's own tables.

    That the archived databases it leans on are there is not looked at: the generated runs were never archived.
    """
    with connect(mash, read_only=True) as connection:
        described = describe(connection)
    target = mash.with_name("snapshot.db")
    write_snapshot(Home.at(mash.parent / "home"), described, target)
    target.unlink()
    return len(described.contents) + len(described.builds)


if __name__ == "__main__":
    main()
