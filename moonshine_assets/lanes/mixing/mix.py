"""The mixed sets of a distillation: written beside their place, measured there, and renamed when they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moonshine_assets.distill.policy import Policy
from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.lanes.books import LaneResult
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.mixing.selection import Unit, distances, histograms, select
from moonshine_assets.lanes.mixing.units import units
from moonshine_assets.lanes.spill import Spill
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_assets.lanes.write import read_rows, write_folder
from moonshine_resources.atomic import publish, read_json, remove_tree, sha256_file, write_json
from moonshine_resources.home import Home

MANIFEST = "mix_manifest.json"
_DIGITS = 4


def draft_mix(home: Home, run_id: str, policy: Policy, quality: Mapping[ConversationKey, float]) -> Path:
    """Write the mixed sets of a distillation, from its published lanes, to a draft folder; that folder."""
    draft = home.mix(run_id).with_name(f".draft.{run_id}")
    remove_tree(draft)
    draft.mkdir(parents=True)
    lanes = {lane: _mix_lane(home, lane, run_id, policy, quality, draft) for lane in LANES}
    manifest = {
        "run_id": run_id,
        "policy_version": policy.version,
        "maximum_total_variation": policy.mix.maximum_total_variation,
        "cells": "tenths of quality by fifths of length, within the lane",
        "lanes": lanes,
    }
    write_json(draft / MANIFEST, manifest)
    return draft


def _mix_lane(
    home: Home, lane: str, run_id: str, policy: Policy, quality: Mapping[ConversationKey, float], draft: Path
) -> dict[str, Any]:
    spill = Spill()
    entries = [spill.add(lane, row) for row in read_rows(home.lane(lane, run_id))]
    found = units(entries, quality)
    chosen = select(found, policy.mix.maximum_total_variation, policy.mix.minimum_rows)
    after = [unit for unit in found if unit.record_uid in chosen.kept]
    told: dict[str, Any] = {
        "balanced": chosen.because is None,
        "because": chosen.because,
        "dropped": chosen.dropped,
        "before": _figures(found),
        "after": _figures(after),
        "distances_before": _distances(found),
        "distances_after": _distances(after),
    }
    if chosen.because is None:
        kept = [entry for entry in entries if entry.record_uid in chosen.kept]
        rows = spill.rows(sorted(kept, key=lambda entry: entry.record_uid))
        result = LaneResult(rows, len(entries), chosen.dropped)
        written = write_folder(draft / lane, lane, run_id, policy, result)
        told["manifest_sha256"] = sha256_file(written.folder / "manifest.json")
    return told


def _figures(found: Iterable[Unit]) -> dict[str, dict[str, Any]]:
    """By provider: rows, and how many of them fall into each tenth of quality and each fifth of length."""
    figures = {}
    for provider, cells in sorted(histograms(found).items()):
        tenths: Counter[int] = Counter()
        fifths: Counter[int] = Counter()
        for (tenth, fifth), rows in cells.items():
            tenths[tenth] += rows
            fifths[fifth] += rows
        figures[provider] = {
            "rows": cells.total(),
            "quality_deciles": [tenths[part] for part in range(10)],
            "length_quintiles": [fifths[part] for part in range(5)],
        }
    return figures


def _distances(found: Iterable[Unit]) -> list[dict[str, Any]]:
    return [
        {"providers": list(pair), "total_variation": round(distance, _DIGITS)}
        for pair, distance in distances(found).items()
    ]


def mix_balance(
    home: Home, run_id: str, draft: Path, policy: Policy, quality: Mapping[ConversationKey, float]
) -> Verdict:
    """Every set that claims balance has it, measured on the rows that were written against the lane they come from."""
    offenders: list[dict[str, Any]] = []
    measured: dict[str, float] = {}
    for lane, told in read_json(draft / MANIFEST)["lanes"].items():
        if not told["balanced"]:
            continue
        spill = Spill()
        whole = units([spill.add(lane, row) for row in read_rows(home.lane(lane, run_id))], quality)
        written = {row["record_uid"] for row in read_rows(draft / lane)}
        found = distances(unit for unit in whole if unit.record_uid in written)
        measured[lane] = max(found.values(), default=1.0)
        offenders += [
            {"lane": lane, "providers": " and ".join(pair), "total_variation": round(distance, _DIGITS)}
            for pair, distance in found.items()
            if distance > policy.mix.maximum_total_variation
        ]
        if strangers := written - {unit.record_uid for unit in whole}:
            offenders.append({"lane": lane, "providers": "", "rows_of_no_lane": len(strangers)})
        if not found:
            offenders.append({"lane": lane, "providers": "", "total_variation": 1.0})
    if offenders:
        return broken("mix_balance", f"{len(offenders)} pairs of providers differ too much", offenders)
    figures: dict[str, int | float | str] = {
        f"distance_{lane}": round(distance, _DIGITS) for lane, distance in measured.items()
    }
    return held("mix_balance", f"{len(measured)} lanes are balanced between providers", **figures)


def publish_mix(draft: Path, final: Path) -> bool:
    """Put the draft in its place; True if anything there changed. The same manifest is the same rows."""
    if final.exists():
        if sha256_file(final / MANIFEST) == sha256_file(draft / MANIFEST):
            remove_tree(draft)
            return False
        remove_tree(final)
    publish(draft, final)
    return True


def left_unbalanced(manifest: Mapping[str, Any]) -> Sequence[dict[str, str]]:
    """The lanes without a mixed set, and why."""
    return [{"lane": lane, "because": told["because"]} for lane, told in manifest["lanes"].items() if told["because"]]
