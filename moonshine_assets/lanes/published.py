"""Lanes as they were published: the newest, or those of one distillation, read back with their hashes checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from moonshine_assets.errors import BadInput, Corruption
from moonshine_assets.lanes.build import LANES, lane_named
from moonshine_assets.lanes.rows import Row
from moonshine_resources.atomic import read_json, sha256_file
from moonshine_resources.home import Home

Tier = Literal["core", "extra", "all"]


class PublishedLane(NamedTuple):
    """A lane's folder with its manifest."""

    lane: str
    run_id: str
    folder: Path
    manifest: dict[str, Any]


class LaneFile(NamedTuple):
    """One file of rows: `split` is `train` or `validation`, `tier` is `core` or `extra`."""

    path: Path
    split: str
    tier: str
    sha256: str


def published(home: Home, lane: str | None = None, run_id: str | None = None) -> list[PublishedLane]:
    """The lanes of a distillation, the newest when no run is named; all of them, or the one asked for.

    Raises:
        BadInput: unknown lane, no such distillation, or nothing has been distilled yet.
    """
    wanted = [lane] if lane else list(LANES)
    if lane:
        lane_named(lane)
    run_id = run_id or newest_run(home)
    found = []
    for name in wanted:
        folder = _folder(home, name, run_id)
        if folder is not None:
            found.append(PublishedLane(name, run_id, folder, read_json(folder / "manifest.json")))
    if not found:
        runs = sorted({path.parent.name for path in home.distillations.glob("*/*/manifest.json")})
        raise BadInput(
            f"distillation {run_id!r} has no {lane or 'lanes'}", fix="there are " + (", ".join(runs) or "none")
        )
    return found


def _folder(home: Home, lane: str, run_id: str) -> Path | None:
    """Found by listing, so that no name given can lead out of the home."""
    matches = [path.parent for path in home.distillations.glob("*/*/manifest.json")]
    return next((path for path in matches if (path.parent.name, path.name) == (lane, run_id)), None)


def newest_run(home: Home) -> str:
    """The distillation the home's manifest tells of.

    Raises:
        BadInput: nothing has been distilled yet.
    """
    if not home.distillation_manifest.exists():
        raise BadInput("there are no lanes yet", where=str(home.distillations), fix="run `moonshine run PATH` first")
    return str(read_json(home.distillation_manifest)["run_id"])


def files(lane: PublishedLane, tier: Tier = "core") -> list[LaneFile]:
    """The JSONL files of a lane, in the manifest's order."""
    found = []
    for file in lane.manifest["files"]:
        name = PurePosixPath(file["path"])
        if name.parts[0] != "jsonl" or name.suffix != ".jsonl":
            continue
        of_tier = "extra" if "extra" in name.parts[1:-1] else "core"
        split = "validation" if name.stem == "validation" else "train"
        if tier in (of_tier, "all"):
            found.append(LaneFile(lane.folder / name, split, of_tier, file["sha256"]))
    return found


def rows_of(source: Sequence[LaneFile]) -> Iterator[Row]:
    """The rows of files, as a stream.

    Raises:
        Corruption: a file is not the one its manifest tells of.
    """
    for file in source:
        if not file.path.exists() or sha256_file(file.path) != file.sha256:
            raise Corruption(
                "the lane's file is not what its manifest says",
                where=str(file.path),
                fix="`moonshine run` makes it anew",
            )
        with file.path.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield json.loads(line)
