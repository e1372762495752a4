"""The manifests of the main state: what a distillation made, and which files' totals may be quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moonshine_assets.distill.band import check_band
from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.waterfall import CLEANED, SELECTED
from moonshine_assets.errors import Corruption, GateFailed
from moonshine_assets.lanes.build import LANES
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.reports.quotable import Quotable, within
from moonshine_resources.atomic import read_json, sha256_file, write_json_keeping
from moonshine_resources.home import Home

_LIKE_A_REPORT = re.compile(r"ledger|report|reconciliation", re.IGNORECASE)
_RUN_LEDGER = re.compile(r"token_ledger\..+\..+\.json")


def distillation_manifest(
    home: Home, *, policy: Policy, run_id: str, mash_state: str, generated_at: str
) -> dict[str, Any]:
    """Write `reports/moonshine_distillation_manifest.json`; what it then holds.

    Args:
        home: with the main ledger and the folder of every lane of this distillation.
        policy: the policy it was made by.
        run_id: of the distillation.
        mash_state: of the mash it was made from.
        generated_at: ISO time.

    Raises:
        GateFailed: the ledger or a lane is missing, or is of another state, policy or run.
        Corruption: a lane file is not what its lane's manifest says.
    """
    ledger = Quotable.read(home, home.token_ledger)
    same = {"run_id": run_id, "policy_version": policy.version}
    _expect(ledger, {**same, "source_sha256": mash_state})
    band = check_band(policy, ledger.document[CLEANED], ledger.document[SELECTED])
    manifest = {
        "run_id": run_id,
        "policy_version": policy.version,
        "mash_state": mash_state,
        "band": band._asdict(),
        "counters": {
            name: {"value": ledger.document[name], "cites": f"{within(home, home.token_ledger)}#/{name}"}
            for name in COUNTERS
        },
        "lanes": {lane: _lane(home, lane, same) for lane in LANES},
        "generated_at": generated_at,
    }
    return _kept(home.distillation_manifest, manifest)


def _lane(home: Home, lane: str, same: dict[str, str]) -> dict[str, Any]:
    folder = home.lane(lane, same["run_id"])
    manifest = Quotable.read(home, folder / "manifest.json")
    _expect(manifest, same)
    for file in manifest.document["files"]:
        path = folder / file["path"]
        if not path.exists() or sha256_file(path) != file["sha256"]:
            raise Corruption(
                "is not the file its lane's manifest names", where=within(home, path), fix="build the lane again"
            )
    names = ("rows", "tokens", "candidates", "candidate_unit", "dropped", "measures", "files")
    return {
        "folder": within(home, folder),
        "manifest_sha256": sha256_file(folder / "manifest.json"),
        **{name: manifest.document[name] for name in names},
    }


def authority_manifest(home: Home, generated_at: str) -> dict[str, Any]:
    """Write `reports/main/reports_authority_manifest.json`; what it then holds.

    It names the only files whose totals may be quoted, with their SHA-256, and beside them those that look like
    ledgers or reports and are none of this state (older ones, other people's, runs that are not in the mash).

    Raises:
        GateFailed: one of the files is missing, or the two copies of the main ledger differ.
    """
    ledger = Quotable.read(home, home.token_ledger).document
    copy = Quotable.read(home, home.main_ledger).document
    if {**copy, "generated_at": ledger["generated_at"]} != ledger:
        where = within(home, home.main_ledger)
        raise GateFailed("differs from token_ledger.json", where=where, fix="make the main ledger again")
    roles = {
        home.token_ledger: "canonical token ledger of the main state",
        home.main_ledger: "the same ledger, beside the mash",
        home.reconciliation: "reconciliation of the run ledgers with the main ledger",
        home.merge_manifest: "what each merge wrote",
        home.distillation_manifest: "band, counters and lanes of the distillation",
        **{home.run(run_id).ledger: f"token ledger of run {run_id}" for run_id in merged_runs(home)},
    }
    for path in roles:
        if not path.exists():
            raise GateFailed("is missing", where=within(home, path), fix="run the stage that writes it first")
    manifest = {
        "rule": "totals are quoted from the authoritative files alone, with file and field",
        "run_id": ledger["run_id"],
        "policy_version": ledger["policy_version"],
        "mash_state": ledger["source_sha256"],
        "authoritative": [
            {"path": within(home, path), "sha256": sha256_file(path), "role": role} for path, role in roles.items()
        ],
        "derived": [within(home, path) for path in _derived(home)],
        "not_authoritative": list(_others(home, {*roles, *_derived(home)})),
        "generated_at": generated_at,
    }
    return _kept(home.authority_manifest, manifest)


def merged_runs(home: Home) -> list[str]:
    """Ids of the runs in the main state, from its reconciliation.

    Raises:
        GateFailed: there is no reconciliation.
    """
    return sorted(run["run_id"] for run in Quotable.read(home, home.reconciliation).document["runs"])


def state_files(home: Home) -> list[Path]:
    """Every manifest, ledger and lane file of the main state, sorted; the databases are named by their manifests."""
    distillation = Quotable.read(home, home.distillation_manifest).document
    files = [
        home.token_ledger,
        home.main_ledger,
        home.reconciliation,
        home.merge_manifest,
        home.distillation_manifest,
        home.authority_manifest,
    ]
    for run_id in merged_runs(home):
        run = home.run(run_id)
        files += [run.lock, run.ledger, run.provenance, run.archive_manifest]
    for lane in distillation["lanes"].values():
        folder = home.root / lane["folder"]
        files += [folder / "manifest.json", *(folder / file["path"] for file in lane["files"])]
    return sorted(path for path in files if path.exists())


def manifest_documents(home: Home) -> dict[str, Any]:
    """The JSON of `state_files` by path within the home: what no_placeholder looks at."""
    return {within(home, path): read_json(path) for path in state_files(home) if path.suffix == ".json"}


def _expect(source: Quotable, expected: dict[str, str]) -> None:
    for name, value in expected.items():
        if source.document.get(name) != value:
            fix = "run the stages before this one again"
            raise GateFailed(f"its {name} is not that of this distillation", where=source.name, fix=fix)


def _derived(home: Home) -> list[Path]:
    """Reports that quote; they are never quoted themselves."""
    return [
        home.status_page,
        home.corpus_report,
        home.report_page,
        home.validation_manifest,
        home.validation_report,
        home.authority_manifest,
    ]


def _others(home: Home, known: set[Path]) -> Iterator[dict[str, str]]:
    for path in sorted(home.reports.rglob("*")):
        if path in known or path.name.startswith(".") or not {home.handoff, home.visuals}.isdisjoint(path.parents):
            continue
        if path.is_file() and _LIKE_A_REPORT.search(path.name):
            stray = home.provider_reports in path.parents and _RUN_LEDGER.fullmatch(path.name)
            reason = "ledger of a run that is not in the mash" if stray else "not written for the present state"
            yield {"path": within(home, path), "reason": reason}


def _kept(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    write_json_keeping(path, manifest)
    kept: dict[str, Any] = read_json(path)
    return kept
