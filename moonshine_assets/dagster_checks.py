"""The Dagster face of gates and errors: check results with offenders, failures with what, where and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import dagster as dg

from moonshine_assets.errors import Busy, MoonshineError
from moonshine_assets.gates import Verdict
from moonshine_assets.tables.schema import Table

P = ParamSpec("P")
T = TypeVar("T")

#: Wait and number of tries when the one writer is busy.
_BUSY_RETRIES = 3
_BUSY_WAIT_SECONDS = 20
#: Rows of a table in metadata: an agent's log may have a receipt for each of ten thousand files.
_SHOWN_ROWS = 200


def check_specs(
    asset: dg.AssetKey,
    gates: Sequence[tuple[str, str]],
    partitions: dg.PartitionsDefinition[str] | None = None,
    *,
    blocking: bool = True,
) -> list[dg.AssetCheckSpec]:
    """Check specs, one a gate given as (name, what it demands); one that does not block only warns."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=rule, blocking=blocking, partitions_def=partitions)
        for name, rule in gates
    ]


def check_result(
    verdict: Verdict, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
) -> dg.AssetCheckResult:
    """A verdict as Dagster shows it: the reason, the figures (plotted over runs), a table of offending ids."""
    metadata: dict[str, Any] = {"reason": verdict.reason, **verdict.figures}
    if verdict.offender_count:
        metadata["offenders_in_all"] = verdict.offender_count
        metadata["first_offender"] = ", ".join(f"{name} {value}" for name, value in verdict.offenders[0].items())
        metadata["offenders"] = table_metadata(verdict.offenders)
    return dg.AssetCheckResult(
        check_name=verdict.gate,
        passed=verdict.passed,
        severity=severity,
        metadata=metadata,
    )


def table_metadata(rows: Sequence[dict[str, Any]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table, columns in order of first appearance; of a long one its beginning and how many more."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows[:_SHOWN_ROWS]]
    if len(rows) > _SHOWN_ROWS:
        lines += ["", f"and {len(rows) - _SHOWN_ROWS:,} more rows"]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def column_schema(table: Table) -> dg.TableSchema:
    """A declared table as Dagster's column schema."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                description=column.doc,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, other=column.constraints()),
            )
            for column in table.columns
        ]
    )


def reporting(function: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """Turn our errors into Dagster failures that say what, where and what to do; a busy writer is tried again."""

    @wraps(function)
    def reported(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        try:
            yield from function(*args, **kwargs)
        except Busy as error:
            raise dg.RetryRequested(max_retries=_BUSY_RETRIES, seconds_to_wait=_BUSY_WAIT_SECONDS) from error
        except MoonshineError as error:
            raise dg.Failure(
                description=str(error),
                metadata={
                    "what": error.what,
                    "where": error.where,
                    "fix": error.fix,
                    "error_type": type(error).__name__,
                    "exit_code": error.exit_code,
                },
                allow_retries=False,
            ) from None

    return reported
