"""What a gate says: held or not, why, and the ids that offend. Plain data; `dagster_checks.py` shows it in the UI."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandera.errors
import polars as pl

from moonshine_assets.errors import GateFailed
from moonshine_assets.tables.schema import Table

#: So many offending rows are shown; their number is always given in full.
SHOWN_OFFENDERS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """One gate's answer.

    Args:
        gate: its name, as in DESIGN §6.
        passed: whether it holds.
        reason: one sentence with the counts that decided; never text of a message.
        offenders: ids and counts of what broke it, at most SHOWN_OFFENDERS.
        offender_count: how many there are in all.
        figures: numbers worth plotting over runs.
    """

    gate: str
    passed: bool
    reason: str
    offenders: list[dict[str, Any]] = field(default_factory=list)
    offender_count: int = 0
    figures: dict[str, int | float | str] = field(default_factory=dict)


def held(gate: str, reason: str, **figures: int | float | str) -> Verdict:
    return Verdict(gate, True, reason, figures=figures)


def broken(gate: str, reason: str, offenders: list[dict[str, Any]], **figures: int | float | str) -> Verdict:
    """A gate that does not hold, with what broke it."""
    return Verdict(gate, False, reason, offenders[:SHOWN_OFFENDERS], len(offenders), figures)


def require(verdicts: list[Verdict], *, where: str) -> None:
    """Raise for the gates that do not hold.

    Raises:
        GateFailed: names each of them with its reason.
    """
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        raise GateFailed(
            "; ".join(f"gate {verdict.gate}: {verdict.reason}" for verdict in failed),
            where=where,
            fix="nothing was published; mend what the offending ids show and run again",
        )


def rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: Any = None) -> list[dict[str, Any]]:
    """Result rows as dictionaries."""
    cursor = connection.execute(query, parameters) if parameters is not None else connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def schema_gate(connection: duckdb.DuckDBPyConnection, tables: tuple[Table, ...], *, prefix: str = "store.") -> Verdict:
    """Every table satisfies its declared types, nullability, value rules and unique key (pandera, and SQL for keys).

    Texts and raw bytes are left out of the frames: their rules are types, which DuckDB keeps.

    Args:
        connection: the database.
        tables: the declarations.
        prefix: what stands before a table's name in it.
    """
    offenders: list[dict[str, Any]] = []
    checked = 0
    for table in tables:
        offenders += _column_faults(connection, table, prefix)
        keys = ", ".join(table.key)
        for duplicate in rows(
            connection,
            f"SELECT {keys}, count(*) AS copies FROM {prefix}{table.name} GROUP BY {keys} HAVING copies > 1 LIMIT 10",  # noqa: S608 - names of our own tables
        ):
            offenders.append({"table": table.name, "rule": "unique key", **{k: str(v) for k, v in duplicate.items()}})
        checked += connection.execute(f"SELECT count(*) FROM {prefix}{table.name}").fetchall()[0][0]  # noqa: S608
    if offenders:
        return broken("schema", f"{len(offenders)} violations of the declared schema", offenders, rows=checked)
    return held("schema", f"{checked} rows of {len(tables)} tables satisfy their declared schema", rows=checked)


def _column_faults(connection: duckdb.DuckDBPyConnection, table: Table, prefix: str) -> list[dict[str, Any]]:
    """Pandera failures of a table by column and rule, with their number."""
    light = [column for column in table.columns if column.type != "BLOB" and column.name not in _HEAVY]
    model = table.only(light).pandera(unique_key=False)
    relation = connection.sql(f"SELECT {', '.join(column.name for column in light)} FROM {prefix}{table.name}")  # noqa: S608 - names of our own tables
    found: Counter[tuple[str, str]] = Counter()
    for batch in relation.to_arrow_reader(_FRAME_ROWS):
        try:
            model.validate(pl.DataFrame(pl.from_arrow(batch)), lazy=True)
        except pandera.errors.SchemaErrors as error:
            for case in error.failure_cases.iter_rows(named=True):
                found[(str(case["column"]), str(case["check"]))] += 1
    return [
        {"table": table.name, "column": column, "rule": rule, "rows": count}
        for (column, rule), count in sorted(found.items())
    ]


_HEAVY = frozenset({"text", "payload", "arguments"})
#: Rows of a table that are validated at once: bounds memory.
_FRAME_ROWS = 100_000
