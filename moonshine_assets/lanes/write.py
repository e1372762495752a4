"""A lane's folder: JSONL for every trainer, Parquet for speed, cards, and a manifest with the books."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from moonshine_assets.distill.policy import Policy
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.audit.labels import Label
from moonshine_assets.lanes.audit.precision import for_manifest, precisions_of
from moonshine_assets.lanes.books import LaneResult, LeftOut
from moonshine_assets.lanes.build import lane_named
from moonshine_assets.lanes.card import card, parquet_card
from moonshine_assets.lanes.parquet import write_parquet
from moonshine_assets.lanes.rows import CORE, TIERS, Row
from moonshine_assets.lanes.spill import Rows
from moonshine_assets.lanes.splits import SPLITS
from moonshine_resources.atomic import publish, remove_tree, sha256_file, sync_directory, sync_file, write_json
from moonshine_resources.home import Home

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_BUFFER = 1 << 20
#: One line a candidate that is no row: its record_uid, conversation and reason.
LEFT_OUT = "left_out.jsonl"


class _Stamp(msgspec.Struct):
    """The columns of a row that say what made it; the others are passed over."""

    run_id: str
    policy_version: str


class WrittenLane(NamedTuple):
    """The folder of a lane, its manifest, and whether any byte of it had to be written."""

    folder: Path
    manifest: dict[str, Any]
    changed: bool


def data_file(kind: str, tier: str, split: str) -> str:
    """Path in a lane's folder of the rows of a tier and split; `kind` is jsonl or parquet."""
    return f"{kind}/{split}.{kind}" if tier == CORE else f"{kind}/{tier}/{split}.{kind}"


def read_rows(folder: Path, tier: str | None = CORE, split: str | None = None) -> Iterator[Row]:
    """The rows of a written lane: of one tier (None: all) and one split (None: both), each file by record_uid."""
    for name in (data_file("jsonl", t, s) for t in TIERS for s in SPLITS if tier in (None, t) and split in (None, s)):
        with (folder / name).open("rb") as stream:
            for line in stream:
                yield msgspec.json.decode(line)


def write_lane(
    home: Home, lane: str, run_id: str, policy: Policy, result: LaneResult, labels: Sequence[Label] = ()
) -> WrittenLane:
    """Write a lane to `home.lane(lane, run_id)`; the same rows give the same bytes.

    A new folder is built beside its place and renamed, so it is there whole or not at all. In a folder that exists
    only files whose bytes differ are replaced, each atomically, the manifest last.

    Raises:
        BadInput: unknown lane, a run id that is no plain name, or rows of another run or policy.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise BadInput(f"{run_id!r} cannot be a folder name", fix="use letters, digits, _, - and . only")
    return write_folder(home.lane(lane, run_id), lane, run_id, policy, result, labels)


def write_folder(
    folder: Path, lane: str, run_id: str, policy: Policy, result: LaneResult, labels: Sequence[Label] = ()
) -> WrittenLane:
    """`write_lane` at a place of its own.

    Raises:
        BadInput: unknown lane, or rows of another run or policy.
    """
    unit = lane_named(lane).unit
    draft = folder.with_name(f".draft.{folder.name}")
    remove_tree(draft)
    draft.mkdir(parents=True)
    try:
        audit = for_manifest(precisions_of(result.rows, lane, labels, policy.audit))
        manifest = _render(draft, lane, run_id, policy, result, unit, audit)
        changed = _place(draft, folder, [file["path"] for file in manifest["files"]])
    finally:
        remove_tree(draft)
    return WrittenLane(folder, manifest, changed)


def _render(
    draft: Path, lane: str, run_id: str, policy: Policy, result: LaneResult, unit: str, audit: Mapping[str, Any]
) -> dict[str, Any]:
    manifest = {**_manifest(lane, run_id, policy, result, unit), **audit}
    names: list[str] = []
    for tier in TIERS:
        for split in SPLITS:
            rows = result.rows.only(e for e in result.rows.entries if (e.tier, e.split) == (tier, split))
            jsonl, parquet = (data_file(kind, tier, split) for kind in ("jsonl", "parquet"))
            _write_jsonl(draft / jsonl, rows, run_id, policy)
            write_parquet(draft / parquet, lane, rows)
            names += [jsonl, parquet]
    _write_left_out(draft / LEFT_OUT, result.left_out)
    names.append(LEFT_OUT)
    for name, text in (("README.md", card(manifest)), ("parquet/README.md", parquet_card(manifest))):
        (draft / name).write_text(text, "utf-8")
        names.append(name)
    manifest["files"] = [
        {"path": name, "bytes": (draft / name).stat().st_size, "sha256": sha256_file(draft / name)} for name in names
    ]
    write_json(draft / "manifest.json", manifest)
    for name in names:
        sync_file(draft / name)
    for place in {(draft / name).parent for name in names}:
        sync_directory(place)
    return manifest


def _manifest(lane: str, run_id: str, policy: Policy, result: LaneResult, unit: str) -> dict[str, Any]:
    entries = result.rows.entries
    signals = Counter((entry.signal, entry.tier) for entry in entries)
    return {
        "lane": lane,
        "run_id": run_id,
        "policy_version": policy.version,
        "rows": len(entries),
        "tokens": sum(entry.tokens for entry in entries),
        "candidates": result.candidates,
        "candidate_unit": unit,
        "dropped": dict(sorted(result.dropped.items())),
        "tiers": {
            tier: {split: sum((e.tier, e.split) == (tier, split) for e in entries) for split in SPLITS}
            for tier in TIERS
        },
        "signals": [{"signal": signal, "tier": tier, "rows": rows} for (signal, tier), rows in sorted(signals.items())],
        "measures": dict(sorted(result.measures.items())),
    }


def _write_jsonl(path: Path, rows: Rows, run_id: str, policy: Policy) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=_BUFFER) as stream:
        for entry in rows.entries:
            line = rows.line(entry)
            stamp = msgspec.json.decode(line, type=_Stamp)
            if (stamp.run_id, stamp.policy_version) != (run_id, policy.version):
                raise BadInput("a row was built for another run or policy", where=entry.record_uid, fix="build again")
            stream.write(line + b"\n")


def _write_left_out(path: Path, left_out: Sequence[LeftOut]) -> None:
    """One line a candidate that is no row, so that two distillations can be compared."""
    with path.open("wb", buffering=_BUFFER) as stream:
        for one in left_out:
            line = {"record_uid": one.record_uid, **one.conversation._asdict(), "reason": one.reason}
            stream.write(msgspec.json.encode(line) + b"\n")


def _place(draft: Path, folder: Path, names: list[str]) -> bool:
    if not folder.exists():
        publish(draft, folder)
        return True
    changed = False
    for name in [*names, "manifest.json"]:
        new, old = draft / name, folder / name
        if not old.exists() or sha256_file(old) != sha256_file(new):
            old.parent.mkdir(parents=True, exist_ok=True)
            publish(new, old)
            changed = True
    return changed
