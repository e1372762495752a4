"""Does a run's export hold keys, types, roles or values that nobody knows yet? Told early, by names and counts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Any

import duckdb

from moonshine_assets.exports.known.inventory import Known, load_known
from moonshine_assets.exports.looking import Looking
from moonshine_assets.exports.unseen import Unseen, unseen
from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_assets.providers.radar_reading import look_at_run
from moonshine_resources.atomic import read_json, write_json_keeping
from moonshine_resources.home import RunPaths

NAME = "format_radar"
#: So many findings are shown in the check's table; the report has all of them.
_SHOWN = 50
#: So many characters of what is known in the place are shown there.
_KNOWN_SHOWN = 160
#: How the figures begin that count the conversations of a shape.
_COUNT = "conversations "


def radar_path(run: RunPaths) -> Path:
    """Where the radar's report of a run is."""
    return run.reports / "format_radar.json"


def format_radar(connection: duckdb.DuckDBPyConnection, run: RunPaths, lock: dict[str, Any], raw: Path) -> Verdict:
    """Compare a run's conversations with what is known of its provider's format, and write the report.

    Args:
        connection: the run's database or draft.
        run: paths of the run.
        lock: its source lock.
        raw: the secured copy of the export.

    There is no report for a provider without a known inventory. A radar that fails is a warning too: it never keeps
    an export out.
    """
    try:
        return _format_radar(connection, run, lock, raw)
    except (MemoryError, OSError, duckdb.Error):
        raise
    except Exception as error:
        kind = type(error).__name__
        return broken(NAME, f"the export could not be compared with what is known: {kind}", [{"run_id": run.run_id}])


def _format_radar(connection: duckdb.DuckDBPyConnection, run: RunPaths, lock: dict[str, Any], raw: Path) -> Verdict:
    shapes = rows(connection, "SELECT shape, count(*) AS n FROM store.conversations GROUP BY shape ORDER BY shape")
    counted = {str(row["shape"]): int(row["n"]) for row in shapes}
    known = load_known(run.provider)
    if known is None:
        figures: dict[str, int | float | str] = {f"{_COUNT}{shape}": count for shape, count in counted.items()}
        return held(NAME, f"no inventory of {run.provider} exports has been made yet", **figures)
    step, looking = look_at_run(connection, known, run, lock, raw)
    found = {shape: _unseen(shape, looking, known, counted) for shape in sorted(counted | looking.looked_at)}
    first_runs = _first_runs(run) if any(found.values()) else {}
    report = {
        "run_id": run.run_id,
        "source_sha256": lock["source_sha256"],
        "looked_at_one_in": step,
        "shapes": {
            shape: {
                "conversations": counted.get(shape, looking.looked_at[shape]),
                "looked_at": looking.looked_at[shape],
                "unreadable": looking.inventories[shape].unreadable if shape in looking.inventories else 0,
                "unseen": [{**asdict(item), "first_run": first_runs.get(item.path, run.run_id)} for item in items],
            }
            for shape, items in found.items()
        },
    }
    write_json_keeping(radar_path(run), report)
    return _verdict(report, counted)


def shape_counts(verdict: Verdict) -> dict[str, int | float | str]:
    """How many conversations of each shape a run has, by names that can be plotted over runs."""
    return {name: count for name, count in verdict.figures.items() if name.startswith(_COUNT)}


def _unseen(shape: str, looking: Looking, known: Known, counted: dict[str, int]) -> list[Unseen]:
    inventory = looking.inventories.get(shape)
    found = unseen(inventory, known) if inventory is not None else []
    if shape in counted and not known.has_shape(shape):
        found.insert(0, Unseen(shape, "shape", "object", counted[shape], 0, " ".join(sorted(known.shapes))))
    return found


def _first_runs(run: RunPaths) -> dict[str, str]:
    """What earlier runs of the provider had that nobody knew, each with the first run that had it."""
    first: dict[str, str] = {}
    for path in sorted(run.reports.parent.glob(f"*/{radar_path(run).name}")):
        if path.parent.name < run.run_id:
            for seen in read_json(path)["shapes"].values():
                for item in seen["unseen"]:
                    first.setdefault(item["path"], path.parent.name)
    return first


def _verdict(report: dict[str, Any], counted: dict[str, int]) -> Verdict:
    offenders = [
        {"shape": shape, "kind": item["kind"], "unseen": item["path"], "json_type": item["json_type"],
         "known": shorten(item["known"], _KNOWN_SHOWN, placeholder=" …"), "count": item["count"],
         "first_run": item["first_run"], "first_conversation": item["example_rank"]}
        for shape, seen in report["shapes"].items()
        for item in seen["unseen"]
    ]  # fmt: skip
    figures: dict[str, int | float | str] = {f"{_COUNT}{shape}": count for shape, count in counted.items()}
    looked_at = sum(seen["looked_at"] for seen in report["shapes"].values())
    figures |= {"looked_at": looked_at, "unseen": len(offenders)}
    if offenders:
        reason = f"{len(offenders)} keys or values nobody knows yet"
        return Verdict(NAME, False, reason, offenders[:_SHOWN], len(offenders), figures)
    return held(NAME, f"every key and value in {looked_at} conversations or records is known", **figures)
