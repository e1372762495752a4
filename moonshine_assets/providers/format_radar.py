"""Does a run's export hold keys, types, roles or values that nobody knows yet? Told early, by names and counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.exports.container import Container, opened
from moonshine_assets.exports.known.inventory import Known, load_known
from moonshine_assets.exports.radar import Inventory, Unseen, unseen
from moonshine_assets.exports.split import mapped
from moonshine_assets.gates import Verdict, broken, held, rows
from moonshine_resources.atomic import remove_tree, write_json_keeping
from moonshine_resources.home import RunPaths

NAME = "format_radar"
#: Up to so many bytes every conversation is looked at, beyond them one in ONE_IN.
ALL_BYTES = 20_000_000
#: Looking at a conversation costs a fifth to a third of building it (measured): one in 8 costs 3 to 4 %.
ONE_IN = 8
#: Shape under which quarantined conversations are listed.
QUARANTINED = "quarantined"


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

    There is no report for a provider without a known inventory.
    """
    known = load_known(run.provider)
    if known is None:
        return held(NAME, f"no inventory of {run.provider} exports has been made yet")
    shapes = rows(connection, "SELECT shape, count(*) AS n FROM store.conversations GROUP BY shape ORDER BY shape")
    counted = {str(row["shape"]): int(row["n"]) for row in shapes}
    step, inventories = _looked_at(connection, known, run, lock, raw)
    report = {
        "run_id": run.run_id,
        "source_sha256": lock["source_sha256"],
        "looked_at_one_in": step,
        "shapes": {
            shape: {
                "conversations": counted.get(shape, inventory.elements),
                "looked_at": inventory.elements,
                "unreadable": inventory.unreadable,
                "keys": {place.path: place.count for place in inventory.places() if place.path in known.keys},
                "unseen": [asdict(item) for item in _unseen(shape, inventory, known)],
            }
            for shape, inventory in sorted(inventories.items())
        },
    }
    write_json_keeping(radar_path(run), report)
    return _verdict(report, counted)


def _unseen(shape: str, inventory: Inventory, known: Known) -> list[Unseen]:
    new_shape = [] if shape in known.shapes or shape == QUARANTINED else [Unseen(shape, "shape", inventory.elements, 0)]
    return new_shape + unseen(inventory, known)


def _verdict(report: dict[str, Any], counted: dict[str, int]) -> Verdict:
    offenders = [
        {"shape": shape, "kind": item["kind"], "path": item["path"], "count": item["count"],
         "first_conversation": item["example_rank"]}
        for shape, seen in report["shapes"].items()
        for item in seen["unseen"]
    ]  # fmt: skip
    figures: dict[str, int | float | str] = {f"conversations {shape}": count for shape, count in counted.items()}
    looked_at = sum(seen["looked_at"] for seen in report["shapes"].values())
    figures |= {"looked_at": looked_at, "unseen": len(offenders)}
    if offenders:
        return broken(NAME, f"{len(offenders)} keys or values nobody knows yet", offenders, **figures)
    return held(NAME, f"every key and value in {looked_at} conversations is known", **figures)


def _looked_at(
    connection: duckdb.DuckDBPyConnection, known: Known, run: RunPaths, lock: dict[str, Any], raw: Path
) -> tuple[int, dict[str, Inventory]]:
    """One in how many conversations was looked at, and the inventories by shape."""
    places = rows(
        connection,
        "SELECT shape, raw_member, raw_index, raw_start, raw_end FROM store.conversations"
        " ORDER BY raw_member, raw_start, raw_end",
    )
    total = sum(place["raw_end"] - place["raw_start"] for place in places)
    step = 1 if total <= ALL_BYTES else ONE_IN
    inventories: dict[str, Inventory] = {}
    for row in rows(
        connection,
        "SELECT raw_index, raw FROM store.quarantine WHERE unit = 'conversation'"
        " AND quarantine_id % ? = 0 ORDER BY quarantine_id",
        [step],
    ):
        inventories.setdefault(QUARANTINED, Inventory(known)).add(row["raw"], row["raw_index"])
    by_member: dict[str, list[dict[str, Any]]] = {}
    for place in places:
        by_member.setdefault(place["raw_member"], []).append(place)
    try:
        with opened(raw, lock["source_path"]) as container:
            for member, there in by_member.items():
                with _sampled(container, member, there, step, run.work) as (chosen, data):
                    for place in chosen:
                        element = data[place["raw_start"] : place["raw_end"]]
                        inventories.setdefault(place["shape"], Inventory(known)).add(element, place["raw_index"])
    finally:
        remove_tree(run.work)
    return step, inventories


@contextmanager
def _sampled(
    container: Container, member: str, places: list[dict[str, Any]], step: int, work: Path
) -> Iterator[tuple[list[dict[str, Any]], memoryview]]:
    """Conversations of a file to look at, and its bytes as far as they reach.

    Unpacking costs more than looking: of a large zip's member it is those in its first part, in ChatGPT's exports the
    newest ones.
    """
    if step > 1 and container.zip is not None and not (container.read(member, 64) or b"").lstrip().startswith(b'"'):
        first = [place for place in places if place["raw_end"] * step <= container.sizes[member]] or places[:1]
        yield first, memoryview(container.read(member, first[-1]["raw_end"]) or b"")
        return
    with mapped(container.on_disk(member, work)) as view:
        yield places[::step], view
