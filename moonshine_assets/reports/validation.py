"""The verdicts of every gate on the present state, for machines and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moonshine_assets.gates import Verdict
from moonshine_assets.ledger.mismatch import COMPARISONS
from moonshine_assets.reports.manifests import state_files
from moonshine_assets.reports.quotable import Quotable, within
from moonshine_assets.reports.write import says, table, write_markdown_keeping
from moonshine_resources.atomic import read_json, sha256_file, write_json_keeping
from moonshine_resources.home import Home


def validation_manifest(home: Home, verdicts: Mapping[str, Sequence[Verdict]], generated_at: str) -> dict[str, Any]:
    """Write `reports/validation_manifest.json` and `reports/validation_report.md`; what the manifest then holds.

    Args:
        home: with the ledger, the distillation and the reports that were checked.
        verdicts: of every gate, by stage, in the order they are shown; a run's gates under `<stage>/<run_id>`.
        generated_at: ISO time.

    Raises:
        GateFailed: the ledger or the distillation manifest is missing.
    """
    ledger = Quotable.read(home, home.token_ledger).document
    gates = [
        {
            "gate": verdict.gate,
            "stage": stage,
            "passed": verdict.passed,
            "reason": verdict.reason,
            "figures": dict(verdict.figures),
            "offender_count": verdict.offender_count,
        }
        for stage, of_stage in verdicts.items()
        for verdict in of_stage
    ]
    pictures = sorted(home.visuals.glob("*.png")) if home.visuals.exists() else []
    reports = [path for path in (home.status_page, home.corpus_report) if path.exists()]
    manifest = {
        "passed": all(gate["passed"] for gate in gates),
        "run_id": ledger["run_id"],
        "policy_version": ledger["policy_version"],
        "mash_state": ledger["source_sha256"],
        "gates": gates,
        "files": [
            {"path": within(home, path), "bytes": path.stat().st_size, "sha256": sha256_file(path)}
            for path in sorted([*state_files(home), *reports, *pictures])
        ],
        "generated_at": generated_at,
    }
    body = _report(home, manifest)
    if not says(home.validation_report, body):
        # A crash before the new report is written must not leave an old one that quotes the new manifest.
        home.validation_report.unlink(missing_ok=True)
    write_json_keeping(home.validation_manifest, manifest)
    kept: dict[str, Any] = read_json(home.validation_manifest)
    write_markdown_keeping(home.validation_report, body, kept["generated_at"])
    return kept


def _report(home: Home, manifest: Mapping[str, Any]) -> str:
    gates = manifest["gates"]
    failed = sum(not gate["passed"] for gate in gates)
    rows = [
        [gate["gate"], gate["stage"], "holds" if gate["passed"] else "**fails**", _reason(home, gate, rank)]
        for rank, gate in enumerate(gates)
    ]
    return "\n".join(
        [
            "# Validation report",
            "",
            f"{len(gates) - failed} gates hold, {failed} fail." if failed else f"All {len(gates)} gates hold.",
            f"Mash state `{manifest['mash_state']}`, policy `{manifest['policy_version']}`,"
            f" distillation `{manifest['run_id']}`.",
            "Figures of each gate stand in [validation_manifest.json](validation_manifest.json).",
            "",
            "## Gates",
            "",
            *table(["gate", "stage", "verdict", "reason"], rows),
            "",
            *_mismatches(Quotable.read(home, home.reconciliation)),
            "## Files",
            "",
            *table(["file", "SHA-256"], [[f"`{file['path']}`", f"`{file['sha256']}`"] for file in manifest["files"]]),
        ]
    )


def _mismatches(record: Quotable) -> list[str]:
    """Every pair of ledgers that say different numbers, with the terms that add up to the difference."""
    entries = record.document["mismatches"]
    lines = ["## Mismatches between ledgers", ""]
    if not entries:
        return [*lines, "No two ledgers say different numbers.", ""]
    lines += [
        "The two numbers differ by the sum of the terms. Where the numbers and terms can be seen stands in"
        f" [{record.name}]({record.name}), `mismatches`, by rank.",
        "",
    ]
    body: list[list[object]] = []
    for rank, entry in enumerate(entries):
        numbers = [record.total("mismatches", str(rank), side, "tokens") for side in ("left", "right")]
        difference = record.total("mismatches", str(rank), "difference")
        what = COMPARISONS[entry["comparison"]]
        body.append([rank, what, entry.get("run_id", "all"), entry["counter"], *numbers, difference, "", ""])
        for number, term in enumerate(entry["terms"]):
            place = ("mismatches", str(rank), "terms", str(number))
            because = f"{record.total(*place, 'items')} {term['because']}"
            body.append(["", "", "", "", "", "", record.total(*place, "tokens"), f"`{term['kind']}`", because])
        if entry["unexplained"]:
            rest = record.total("mismatches", str(rank), "unexplained")
            body.append(["", "", "", "", "", "", rest, "**unexplained**", ""])
    header = [
        "rank",
        "held against each other",
        "run",
        "counter",
        "the one",
        "the other",
        "difference",
        "kind",
        "because",
    ]
    return [*lines, *table(header, body), ""]


def _reason(home: Home, gate: Mapping[str, Any], rank: int) -> str:
    """The reason as the manifest has it; where it speaks of tokens it says where it is quoted from."""
    reason = str(gate["reason"])
    row = f"{gate['gate']} {gate['stage']} {reason}".lower()
    if "token" not in row or not any(letter.isdigit() for letter in reason):
        return reason
    return f"{reason} [{home.validation_manifest.name}#gates.{rank}.reason]"
