"""What `moonshine run` does: register sources, run each provider's job, then distil, all on the home's instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from moonshine_assets.cli.progress_bar import without_standard_error
from moonshine_assets.definitions import DISTIL_JOB, defs
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters import ADAPTERS
from moonshine_assets.exports.container import opened
from moonshine_assets.exports.detect_logs import is_log_folder
from moonshine_assets.exports.register import Registration, register
from moonshine_assets.mash.journal import rolled_back
from moonshine_assets.mash.order import by_order, configured_order
from moonshine_assets.providers.family import merge_key, runs_of
from moonshine_resources import clock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from sensors.inbox import read_inbox
from sensors.new_exports import job_name

#: Dagster's own console log would drown the progress bar; everything is in the instance's event log.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
#: What DuckDB makes of Ctrl-C during a query, as a RuntimeError; Dagster has it as the cause of its own.
_QUERY_INTERRUPTED = "Query interrupted"


class Trouble(NamedTuple):
    """A step or gate that did not hold: one line for the person and the exit code it asks for."""

    line: str
    exit_code: int


def sources(home: Home, paths: tuple[Path, ...]) -> Iterator[Path]:
    """The exports to take in: those given, or everything in the inbox.

    A folder that is an export itself is one source; any other folder stands for the files and folders in it.
    """
    if not paths:
        yield from (home.inbox / name for name in read_inbox(home.inbox))
        return
    for path in paths:
        if path.is_dir() and not _is_export(path):
            yield from (entry for entry in sorted(path.iterdir()) if not entry.name.startswith("."))
        else:
            yield path


def _is_export(folder: Path) -> bool:
    """Whether the folder is one export; one that cannot be listed counts as such, so that it is refused by itself."""
    try:
        with opened(folder) as container:
            return any(
                adapter.conversation_members(container.sizes, container.read) for adapter in ADAPTERS
            ) or is_log_folder(container, folder)
    except BadInput:
        return True


def registered(home: Home, paths: tuple[Path, ...], refuse: Callable[[BadInput], None]) -> list[Registration]:
    """Register every source; one that cannot be taken in goes to `refuse` and the rest goes on."""
    runs: dict[str, Registration] = {}
    for path in sources(home, paths):
        try:
            run = register(home, path, moment=clock.now())
        except BadInput as refusal:
            refuse(refusal)
            continue
        runs.setdefault(run.run_id, run)
    return list(runs.values())


def in_order(runs: list[Registration]) -> list[Registration]:
    """The runs in the order the merge lock asks for, else as given."""
    return [runs[place] for place in by_order([run.provider for run in runs], configured_order())]


def taken_out(home: Home) -> set[str]:
    """Runs that were rolled back and not merged again since."""
    if not home.mash.exists():
        return set()
    with connect(home.mash, read_only=True) as connection:
        return rolled_back(connection)


def is_merged(instance: dg.DagsterInstance, run: Registration) -> bool:
    """Whether an earlier command or the UI has merged the run."""
    return run.run_id in instance.get_materialized_partitions(merge_key(run.provider))


def take_in(instance: dg.DagsterInstance, run: Registration, tags: Mapping[str, str]) -> list[Trouble]:
    """Run one export through its provider's job; what went wrong, empty when all gates hold."""
    partitions = runs_of(run.provider).name
    assert partitions is not None
    instance.add_dynamic_partitions(partitions, [run.run_id])
    return _execute(instance, job_name(run.provider), tags, partition_key=run.run_id)


def distil(instance: dg.DagsterInstance, tags: Mapping[str, str]) -> list[Trouble]:
    """The mash to lanes and reports; what went wrong."""
    return _execute(instance, DISTIL_JOB, tags)


def _execute(
    instance: dg.DagsterInstance, job: str, tags: Mapping[str, str], partition_key: str | None = None
) -> list[Trouble]:
    with without_standard_error():
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=partition_key, tags=dict(tags), run_config=_QUIET, raise_on_error=False
        )
    if result.success:
        return []
    failures = [event.step_failure_data for event in result.all_node_events if event.is_step_failure]
    errors = [data.error for data in failures if data.error is not None]
    if any(error.cls_name == _INTERRUPTED or _QUERY_INTERRUPTED in str(error) for error in errors):
        # Dagster keeps Ctrl-C for the run alone; it was meant for the command.
        raise KeyboardInterrupt
    troubles = [
        Trouble(_gate_line(check), exit_code=1)
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    ]
    if troubles:
        return troubles
    return [_failure(data) for data in failures] or [
        Trouble(f"job {job} failed; its events are in the UI", exit_code=1)
    ]


def _gate_line(check: Any) -> str:
    said = {name: check.metadata[name].value for name in ("reason", "first_offender") if name in check.metadata}
    where = "/".join(check.asset_key.path)
    key = f" ({check.partition})" if getattr(check, "partition", None) else ""
    return f"gate {check.check_name} on {where}{key}: {'; first: '.join(said.values())}"


def _failure(data: Any) -> Trouble:
    failure = data.user_failure_data
    if failure is not None:
        code = failure.metadata.get("exit_code")
        return Trouble(failure.description or "failed", exit_code=int(code.value) if code else 1)
    error = data.error.cause or data.error
    return Trouble(f"{error.cls_name}: {error.message.splitlines()[0] if error.message else ''}", exit_code=1)
