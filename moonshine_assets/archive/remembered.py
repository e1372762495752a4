"""Snapshots and forgetting: what a snapshot describes, without what was forgotten since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from moonshine_assets.archive.builds import archived_copy
from moonshine_assets.archive.snapshot import Described
from moonshine_assets.exports.forgotten import gone_runs
from moonshine_assets.gates import rows
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths


class Rebuilt(NamedTuple):
    """A run as it is without what was forgotten; without `facts` nothing of it is left."""

    facts: RunFacts | None
    conversations: int = 0
    messages: int = 0


#: What became of a build (run id, SHA-256 of its database) since; None: it is as it was.
Since = Callable[[str, str], Rebuilt | None]


def rebuilt(run: RunPaths, database: Path) -> Rebuilt:
    """What the mash is to hold of a run that was built anew into `database`."""
    with connect(database, read_only=True) as connection:
        counts = rows(
            connection,
            "SELECT (SELECT count(*) FROM store.conversations) AS conversations,"
            " (SELECT count(*) FROM store.messages) AS messages",
        )[0]
    ledger = read_json(run.ledger)
    facts = RunFacts(
        run_id=run.run_id,
        provider=run.provider,
        database=database,
        database_sha256=read_json(run.provenance)["database_sha256"],
        raw_json_tokens=ledger["raw_json_tokens"],
        content_tokens_non_system=ledger["content_tokens_non_system"],
    )
    return Rebuilt(facts, **counts)


def since(home: Home) -> Since:
    """What the home's runs say of earlier builds of themselves."""
    gone = gone_runs(home)

    def asked(run_id: str, database_sha256: str) -> Rebuilt | None:
        if run_id in gone:
            return Rebuilt(None)
        run = home.run(run_id)
        told = read_json(run.lock).get("forgotten", {}) if run.lock.exists() else {}
        if database_sha256 not in told.get("from", ()):
            return None
        return rebuilt(run, archived_copy(run))

    return asked


def as_remembered(described: Described, became: Since) -> Described | None:
    """The same with the runs as they are now; None where none of them changed. Its `contents` are those of before."""
    changed = False
    kept = []
    for row in described.own["runs"].to_pylist():
        now = became(row["provider_run_id"], row["database_sha256"])
        if now is None:
            kept.append(row)
            continue
        changed = True
        if now.facts is not None:
            kept.append(
                {
                    **row,
                    "database_sha256": now.facts.database_sha256,
                    "conversations": now.conversations,
                    "messages": now.messages,
                    "raw_json_tokens": now.facts.raw_json_tokens,
                    "content_tokens_non_system": now.facts.content_tokens_non_system,
                }
            )
    if not changed:
        return None
    runs = pa.Table.from_pylist(kept, schema=described.own["runs"].schema)
    builds = {row["provider_run_id"]: row["database_sha256"] for row in kept}
    return Described(
        described.contents,
        [build._replace(database_sha256=builds[build.run_id]) for build in described.builds if build.run_id in builds],
        {**described.own, "runs": runs},
    )
