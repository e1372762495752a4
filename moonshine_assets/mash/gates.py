"""The gates of the mash: plain functions from an open mash to a verdict, on all of it or on what a merge touches."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.gates import SHOWN_OFFENDERS, Verdict, broken, held, rows, schema_gate
from moonshine_assets.mash.merge import RunFacts, attached, merged_build
from moonshine_assets.mash.rows import count, unseen
from moonshine_assets.mash.schema import MASH_TABLES, PLAIN, VERSIONED
from moonshine_assets.mash.texts import find_texts
from moonshine_assets.mash.touched import WHOLE, Scope, touched_rows

_INTEGRITY = tuple(sorted((Path(__file__).parent / "integrity").glob("*.sql")))
#: Of everything the gates of the whole mash ask: what was found by other rules vouches for nothing.
RULES_SHA256 = sha256(
    "\n".join([repr(MASH_TABLES), *(file.read_text("utf-8") for file in _INTEGRITY)]).encode()
).hexdigest()


def mash_gates(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
    """All gates of the mash as a whole, in the order they are shown."""
    return _gates(connection, WHOLE)


def touched_gates(
    connection: duckdb.DuckDBPyConnection, provider: str, run_id: str, *, attached: bool
) -> list[Verdict]:
    """The same gates on what a merge or rollback touched, inside its transaction (see touched.py).

    With these, a mash that was whole before is whole after: no rule relates rows that were not touched to ones that
    were.
    """
    with touched_rows(connection, provider, run_id, attached=attached) as scope:
        return _gates(connection, scope)


def _gates(connection: duckdb.DuckDBPyConnection, scope: Scope) -> list[Verdict]:
    return [mash_schema(connection, scope), provider_coverage(connection, scope), mash_integrity(connection, scope)]


def mash_schema(connection: duckdb.DuckDBPyConnection, scope: Scope = WHOLE) -> Verdict:
    """Every table of the mash satisfies its declared schema, keys unique."""
    return replace(schema_gate(connection, MASH_TABLES, prefix=scope.prefix), gate="mash_schema")


def provider_coverage(connection: duckdb.DuckDBPyConnection, scope: Scope = WHOLE) -> Verdict:
    """Every row names a merged run with its provider and export, and every merged run has the rows it came with."""
    offenders: list[dict[str, Any]] = []
    total = 0
    for table in (*VERSIONED, *PLAIN):
        total += count(connection, f"SELECT count(*) FROM {scope.prefix}{table.name}")  # noqa: S608 - names of our own tables
        offenders += rows(
            connection,
            f"""
            WITH tags AS (
                SELECT provider, provider_run_id, source_file_sha256, count(*) AS rows
                FROM {scope.prefix}{table.name} GROUP BY ALL
            )
            SELECT '{table.name}' AS "table", 'names no merged run' AS problem, provider, provider_run_id, rows
            FROM tags ANTI JOIN store.runs USING (provider, provider_run_id, source_file_sha256)
            ORDER BY ALL
            """,  # noqa: S608 - names of our own tables
        )
    for table in VERSIONED[:2]:
        offenders += rows(
            connection,
            f"""
            SELECT '{table.name}' AS "table", 'run is not whole' AS problem, r.provider, r.provider_run_id,
                   r.{table.name} AS expected, count(t.provider_run_id) AS rows
            FROM store.runs r LEFT JOIN {scope.prefix}{table.name} t USING (provider, provider_run_id)
            WHERE r.provider_run_id = coalesce($run_id, r.provider_run_id)
            GROUP BY ALL HAVING rows <> expected ORDER BY ALL
            """,  # noqa: S608 - names of our own tables
            {"run_id": scope.run_id},
        )
    runs = count(connection, "SELECT count(*) FROM store.runs")
    if offenders:
        return broken("provider_coverage", "rows without a run, or runs without their rows", offenders, rows=total)
    return held("provider_coverage", f"all {total} rows belong to one of {runs} merged runs", rows=total, runs=runs)


def mash_integrity(connection: duckdb.DuckDBPyConnection, scope: Scope = WHOLE) -> Verdict:
    """No row points to nothing, token counts are those of the texts, and one version of each conversation is current.

    Each rule is a query in `integrity/` that returns what breaks it.
    """
    offenders: list[dict[str, Any]] = []
    counts = {}
    for file in _INTEGRITY:
        query = scope.rule(file.read_text("utf-8"))
        counts[file.stem] = count(connection, f"SELECT count(*) FROM ({query})")  # noqa: S608 - queries of our own
        if counts[file.stem]:
            offenders += [
                {"problem": file.stem, **row}
                for row in rows(connection, f"SELECT * FROM ({query}) ORDER BY ALL LIMIT {SHOWN_OFFENDERS}")  # noqa: S608 - queries of our own
            ]
    total = sum(counts.values())
    if total:
        problems = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        verdict = broken("mash_integrity", f"rows break the mash's rules: {problems}", offenders, **counts)
        return replace(verdict, offender_count=total)
    where = "every row" if scope is WHOLE else "every row the run touches"
    return held("mash_integrity", f"{len(counts)} rules hold on {where}", **counts)


def merge_idempotent(connection: duckdb.DuckDBPyConnection, run: RunFacts) -> Verdict:
    """The mash holds a run exactly as its database does, so that merging it again writes nothing.

    Reads only, so the mash may be open read-only. The figures are those of the run's last merge that wrote something,
    and what one more would write.
    """
    with attached(connection, run.database):
        pending = {table.name: unseen(connection, table, run.run_id) for table in (*VERSIONED, *PLAIN)}
        find_texts(connection, "known_texts", "SELECT content_sha256 FROM run.store.texts")
        pending["texts"] = count(
            connection, "SELECT count(*) FROM run.store.texts ANTI JOIN known_texts USING (content_sha256)"
        )
        connection.execute("DROP TABLE known_texts")
    pending["runs"] = int(merged_build(connection, run.run_id) != run.database_sha256)
    figures = rows(
        connection,
        """
        SELECT coalesce(sum(inserted), 0)::BIGINT AS inserted, coalesce(sum(updated), 0)::BIGINT AS updated,
               coalesce(sum(superseded), 0)::BIGINT AS superseded, coalesce(sum(skipped), 0)::BIGINT AS skipped,
               coalesce(sum(removed), 0)::BIGINT AS removed
        FROM store.merges
        WHERE provider_run_id = $run_id
          AND number = (SELECT max(number) FROM store.merges WHERE provider_run_id = $run_id)
        """,
        {"run_id": run.run_id},
    )[0]
    figures["written_by_merging_again"] = sum(pending.values())
    if figures["written_by_merging_again"]:
        offenders = [{"table": name, "rows": count, "run_id": run.run_id} for name, count in pending.items() if count]
        return broken("merge_idempotent", "the mash does not hold the run as its database does", offenders, **figures)
    return held("merge_idempotent", "merging the run again would write 0 rows", **figures)
