"""What the commands print, read from the home's files and databases: plain data, no printing."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.retention import retention, shown
from moonshine_assets.gates import rows
from moonshine_assets.mash.journal import rolled_back
from moonshine_assets.providers.categories import receipt_by_category
from moonshine_assets.tables.receipts import RECEIPT_COUNTS
from moonshine_resources import clock
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, provider_of

#: A run with more files than this is shown in one row.
SHOWN_FILES = 30


def run_ids(home: Home) -> list[str]:
    """Ids of every registered run, oldest first."""
    return sorted(
        (path.parent.name for path in home.provider_reports.glob("*/*/source_lock.json")),
        key=lambda run_id: run_id[len(provider_of(run_id)) :],
    )


def receipts(home: Home, only: list[str] | None = None) -> list[dict[str, Any]]:
    """Receipts of published runs, one row a conversation file, sidecars summed up per run.

    `categories` of a conversation file are its counts by category; it is empty where there is none.

    Raises:
        BadInput: one of those asked for was never registered.
    """
    found = []
    for run_id in only if only is not None else run_ids(home):
        run = home.run(run_id)
        if not run.lock.exists():
            raise BadInput("no such run", where=run_id, fix="`moonshine status` lists them")
        if not run.database.exists():
            continue
        sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name in RECEIPT_COUNTS)
        with connect(run.database, read_only=True) as connection:
            of_run = rows(
                connection,
                f"SELECT provider_run_id AS run, CASE member_role WHEN 'conversations' THEN member ELSE member_role END"  # noqa: S608 - our own column names
                f" AS file, {sums} FROM store.receipts GROUP BY ALL ORDER BY any_value(member_role), file",
            )
            categories = receipt_by_category(connection)
        found += [{**row, "categories": categories.get(row["file"], {})} for row in of_run]
    return found


def folded(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Receipts for people: the files of a run that has many of them, as agents' logs have, are summed up in one row."""
    shown: list[dict[str, Any]] = []
    for run, group in groupby(found, key=lambda row: row["run"]):
        files = list(group)
        if len(files) <= SHOWN_FILES:
            shown += files
            continue
        sums = {name: sum(row[name] for row in files) for name in RECEIPT_COUNTS}
        shown.append({"run": run, "file": f"{len(files)} files", **sums})
    return shown


def ledger(home: Home) -> dict[str, Any]:
    """The canonical ledger.

    Raises:
        BadInput: nothing has been distilled yet.
    """
    if not home.token_ledger.exists():
        raise BadInput("there is no ledger yet", where=str(home.token_ledger), fix="run `moonshine run PATH` first")
    found: dict[str, Any] = read_json(home.token_ledger)
    return found


def lanes(home: Home) -> list[dict[str, Any]]:
    """The lanes of the newest distillation: rows, candidates, why the others were dropped, folder."""
    if not home.distillation_manifest.exists():
        return []
    manifest = read_json(home.distillation_manifest)
    return [
        {
            "lane": name,
            "rows": lane["rows"],
            "candidates": lane["candidates"],
            "tokens": lane["tokens"],
            "folder": str(home.root / lane["folder"]) if not Path(lane["folder"]).is_absolute() else lane["folder"],
        }
        for name, lane in manifest["lanes"].items()
    ]


def status(home: Home) -> dict[str, Any]:
    """Where everything stands: runs by state, refused sources, mash, ledger, lanes, agent logs that may be deleted."""
    runs = []
    merged, taken_out = _merged(home)
    for run_id in run_ids(home):
        run = home.run(run_id)
        lock = read_json(run.lock)
        state = "registered"
        if run.database.exists():
            state = "published"
        if run.ledger.exists():
            state = "counted"
        if run_id in merged:
            state = "merged"
        elif run_id in taken_out:
            state = "rolled back"
        runs.append(
            {
                "run": run_id,
                "shape": lock["shape"],
                "source": lock["source_path"],
                "state": state,
                **merged.get(run_id, {}),
            }
        )
    refused = [
        {"source": Path(record["location"]).name, "reason": record["refused"]}
        for path in sorted(home.sources.glob("*.json"))
        if "refused" in (record := read_json(path))
    ]
    return {
        "home": str(home.root),
        "runs": runs,
        "refused": refused,
        "mash": str(home.mash) if home.mash.exists() else None,
        "ledger": {k: v for k, v in ledger(home).items() if isinstance(v, int)} if home.token_ledger.exists() else None,
        "lanes": lanes(home),
        "retention": shown(retention(clock.now(), Path.home(), home.archive)),
    }


def _merged(home: Home) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """What is in the mash by run, and the runs that were taken out of it."""
    if not home.mash.exists():
        return {}, set()
    with connect(home.mash, read_only=True) as connection:
        held = rows(connection, "SELECT provider_run_id, conversations, messages FROM store.runs")
        return {row.pop("provider_run_id"): row for row in held}, rolled_back(connection)
