"""A lane's folder: JSONL for every trainer, Parquet for speed, a card, and a manifest with the books."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from moonshine_assets.distill.policy import Policy
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.build import lane_named
from moonshine_assets.lanes.card import card
from moonshine_assets.lanes.columns import JSON_LIST, arrow_schema
from moonshine_assets.lanes.rows import LaneResult, Row
from moonshine_resources.atomic import publish, remove_tree, sha256_file, sync_directory, sync_file, write_json
from moonshine_resources.home import Home

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ROW_GROUP = 1_000


class WrittenLane(NamedTuple):
    """The folder of a lane, its manifest, and whether any byte of it had to be written."""

    folder: Path
    manifest: dict[str, Any]
    changed: bool


def write_lane(home: Home, lane: str, run_id: str, policy: Policy, result: LaneResult) -> WrittenLane:
    """Write a lane to `home.lane(lane, run_id)`; the same rows give the same bytes.

    A new folder is built beside its place and renamed, so it is there whole or not at all. In a folder that exists
    only files whose bytes differ are replaced, each atomically, the manifest last.

    Raises:
        BadInput: unknown lane, a run id that is no plain name, or rows of another run or policy.
    """
    unit = lane_named(lane).unit
    if not _RUN_ID.fullmatch(run_id):
        raise BadInput(f"{run_id!r} cannot be a folder name", fix="use letters, digits, _, - and . only")
    for row in result.rows:
        if (row["run_id"], row["policy_version"]) != (run_id, policy.version):
            raise BadInput("a row was built for another run or policy", where=row["record_uid"], fix="build again")
    folder = home.lane(lane, run_id)
    draft = folder.with_name(f".draft.{run_id}")
    remove_tree(draft)
    draft.mkdir(parents=True)
    try:
        manifest = _render(draft, lane, run_id, policy, result, unit)
        changed = _place(draft, folder, [file["path"] for file in manifest["files"]])
    finally:
        remove_tree(draft)
    return WrittenLane(folder, manifest, changed)


def _render(draft: Path, lane: str, run_id: str, policy: Policy, result: LaneResult, unit: str) -> dict[str, Any]:
    rows = sorted(result.rows, key=lambda row: str(row["record_uid"]))
    jsonl, parquet, readme = (
        draft / "jsonl" / f"{lane}.jsonl",
        draft / "parquet" / f"{lane}.parquet",
        draft / "README.md",
    )
    _write_jsonl(jsonl, rows)
    _write_parquet(parquet, lane, rows)
    manifest: dict[str, Any] = {
        "lane": lane,
        "run_id": run_id,
        "policy_version": policy.version,
        "rows": len(rows),
        "tokens": sum(row["tokens_o200k"] for row in rows),
        "candidates": result.candidates,
        "candidate_unit": unit,
        "dropped": dict(sorted(result.dropped.items())),
        "measures": dict(sorted(result.measures.items())),
        "unaudited": True,
        "label_precision": None,
    }
    readme.write_text(card(manifest), "utf-8")
    manifest["files"] = [
        {
            "path": path.relative_to(draft).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": sha256_file(path),
        }
        for path in (jsonl, parquet, readme)
    ]
    write_json(draft / "manifest.json", manifest)
    for path in (jsonl, parquet, readme):
        sync_file(path)
        sync_directory(path.parent)
    return manifest


def _write_jsonl(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir()
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")


def _write_parquet(path: Path, lane: str, rows: list[Row]) -> None:
    """Message lists as `list<arrow.json>`: structs would be filled up with nulls (LANES-FACTS 0.2, 0.3)."""
    path.parent.mkdir()
    schema = arrow_schema(lane)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(rows), _ROW_GROUP):
            part = rows[start : start + _ROW_GROUP]
            writer.write_table(
                pa.Table.from_arrays([_column(field, part) for field in schema], schema=schema),
                row_group_size=_ROW_GROUP,
            )


def _column(field: pa.Field, rows: list[Row]) -> pa.Array:
    values = [row[field.name] for row in rows]
    if field.type != JSON_LIST:
        return pa.array(values, field.type)
    texts = [[json.dumps(item, ensure_ascii=False, allow_nan=False) for item in items] for items in values]
    lists = pa.array(texts, pa.list_(pa.string()))
    return pa.ListArray.from_arrays(
        lists.offsets, pa.ExtensionArray.from_storage(JSON_LIST.value_type, lists.values), type=JSON_LIST
    )


def _place(draft: Path, folder: Path, names: list[str]) -> bool:
    if not folder.exists():
        publish(draft, folder)
        return True
    changed = False
    for name in [*names, "manifest.json"]:
        new, old = draft / name, folder / name
        if not old.exists() or sha256_file(old) != sha256_file(new):
            old.parent.mkdir(exist_ok=True)
            publish(new, old)
            changed = True
    return changed
