"""The Dagster face of gates and errors: check results with offenders, failures with what, where and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import dagster as dg

from moonshine_assets.errors import Busy, MoonshineError, StorageFull
from moonshine_assets.gates import Verdict
from moonshine_assets.reports import handoff
from moonshine_assets.tables.schema import Table
from moonshine_resources import clock
from moonshine_resources.home import RUN_ID, Home
from moonshine_resources.resources import HomeResource

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


class GateResult(dg.AssetCheckResult):
    """A check result that keeps the verdict it shows, for the handoff packet."""

    verdict: Verdict


def check_result(verdict: Verdict, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> GateResult:
    """A verdict as Dagster shows it: the reason, the figures (plotted over runs), a table of offending ids."""
    metadata: dict[str, Any] = {"reason": verdict.reason, **verdict.figures}
    if verdict.offender_count:
        metadata["offenders_in_all"] = verdict.offender_count
        metadata["first_offender"] = ", ".join(f"{name} {value}" for name, value in verdict.offenders[0].items())
        metadata["offenders"] = table_metadata(verdict.offenders)
    result = GateResult(check_name=verdict.gate, passed=verdict.passed, severity=severity, metadata=metadata)
    result.verdict = verdict
    return result


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
    """Report what an asset decided, in one place.

    Our errors become Dagster failures that say what, where and what to do; a busy writer is tried again. Every decision
    is written as a handoff packet: forward before the materialization is told, a revision request for gates that
    refused, an escalation for damage. Only inside a Dagster step is there a stage to speak for.
    """

    @wraps(function)
    def reported(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        decision = _Decision(_home_of(kwargs))
        try:
            for event in function(*args, **kwargs):
                decision.heard(event)
                yield event
            decision.made()
        except Busy as error:
            raise dg.RetryRequested(max_retries=_BUSY_RETRIES, seconds_to_wait=_BUSY_WAIT_SECONDS) from error
        except MoonshineError as error:
            decision.ended_by(error)
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


class _Decision:
    """What a stage has answered so far, and its packet once that is a decision."""

    def __init__(self, home: Home | None) -> None:
        self._home = None
        with suppress(dg.DagsterInvariantViolationError):  # outside a step nobody decides
            context = dg.AssetExecutionContext.get()
            run_id = context.partition_key if context.has_partition_key else None
            self._stage = handoff.Stage("/".join(context.asset_key.path), run_id)
            # what is decided of live sessions stands in their audit log
            self._home = home if run_id is None or RUN_ID.fullmatch(run_id) else None
        self._answers: list[handoff.Answer] = []
        self._told = False

    def heard(self, event: object) -> None:
        if isinstance(event, GateResult):
            self._answers.append(handoff.Answer(event.verdict, event.severity is dg.AssetCheckSeverity.ERROR))
        elif isinstance(event, dg.MaterializeResult):
            self._write(event.data_version.value if event.data_version else None)

    def made(self) -> None:
        """The stage has ended; without a result some gate has refused it, or there was nothing to decide."""
        if not self._told and not all(answer.verdict.passed for answer in self._answers if answer.blocking):
            self._write(None)

    def ended_by(self, error: MoonshineError) -> None:
        if self._home is not None:
            # The failure itself is what counts: a packet that cannot be written must not hide it.
            with suppress(OSError, StorageFull):
                handoff.handed_back(self._home, self._stage, self._answers, error, generated_at=clock.iso(clock.now()))

    def _write(self, data_version: str | None) -> None:
        self._told = True
        if self._home is not None:
            handoff.handed_on(
                self._home,
                self._stage,
                self._answers,
                generated_at=clock.iso(clock.now()),
                data_version=data_version,
            )


def _home_of(resources: Mapping[str, object]) -> Home | None:
    """The data home of an asset, from whichever of its resources knows it."""
    home = resources.get("home") or getattr(resources.get("mash_database"), "home", None)
    return home.open() if isinstance(home, HomeResource) else None
