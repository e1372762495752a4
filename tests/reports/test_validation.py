"""The validation manifest: every verdict, every file with its hash; its report passes the citations gate itself."""

from __future__ import annotations

from moonshine_assets.gates import Verdict, broken, held
from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.corpus_report import corpus_report
from moonshine_assets.reports.validation import validation_manifest
from moonshine_assets.reports.visuals import draw_visuals
from moonshine_resources.atomic import read_json, sha256_file
from reports.state import CHATGPT, DISTILLATION, LATER, NOW, State

GOOD: dict[str, list[Verdict]] = {
    f"provider_db/{CHATGPT}": [held("receipt_balances", "293480 bytes | all accounted for", bytes_in=293_480)],
    "distilled_slice": [held("token_band", "5,000 tokens are inside the band 1,000 to 20,000", selected=5_000)],
}
BAD = {**GOOD, "main_ledger": [broken("reconciliation", "12345 tokens too many", [{"counter": "a"}, {"counter": "b"}])]}


def prepared(made: State) -> None:
    made.manifests()
    draw_visuals(made.connection, made.home)
    corpus_report(made.connection, made.home, NOW)


def test_it_holds_every_verdict_with_its_stage_and_figures(made: State) -> None:
    prepared(made)
    manifest = validation_manifest(made.home, BAD, NOW)
    assert manifest == read_json(made.home.validation_manifest)
    assert manifest["passed"] is False
    assert [(gate["stage"], gate["gate"], gate["passed"]) for gate in manifest["gates"]] == [
        (f"provider_db/{CHATGPT}", "receipt_balances", True),
        ("distilled_slice", "token_band", True),
        ("main_ledger", "reconciliation", False),
    ]
    assert manifest["gates"][0]["figures"] == {"bytes_in": 293_480}
    assert manifest["gates"][2]["offender_count"] == 2


def test_it_names_the_files_of_the_state_with_their_hashes(made: State) -> None:
    prepared(made)
    files = {file["path"]: file["sha256"] for file in validation_manifest(made.home, GOOD, NOW)["files"]}
    for name in (
        "reports/token_ledger.json",
        "reports/main/reports_authority_manifest.json",
        "reports/moonshine_corpus_report.md",
        "reports/visuals/lanes.png",
        f"reports/distillations/dpo/{DISTILLATION}/parquet/train.parquet",
        made.home.run(CHATGPT).provenance.relative_to(made.home.root).as_posix(),
    ):
        assert files[name] == sha256_file(made.home.root / name)


def test_the_report_shows_every_gate_and_quotes_reasons_about_tokens(made: State) -> None:
    prepared(made)
    validation_manifest(made.home, BAD, NOW)
    report = made.home.validation_report.read_text("utf-8")
    assert "2 gates hold, 1 fail." in report
    assert f"| receipt_balances | provider_db/{CHATGPT} | holds | 293480 bytes \\| all accounted for |" in report
    assert "| **fails** | 12345 tokens too many [validation_manifest.json#gates.2.reason] |" in report
    verdict = citations(made.home)
    assert verdict.passed, verdict.offenders


def test_making_it_again_changes_no_byte_and_a_changed_verdict_changes_both(made: State) -> None:
    prepared(made)
    files = [made.home.validation_manifest, made.home.validation_report]
    validation_manifest(made.home, GOOD, NOW)
    before = [path.read_bytes() for path in files]
    validation_manifest(made.home, GOOD, LATER)
    assert [path.read_bytes() for path in files] == before
    validation_manifest(made.home, BAD, LATER)
    assert all(path.read_bytes() != old for path, old in zip(files, before, strict=True))
    assert made.home.validation_report.read_text("utf-8").endswith(f"Generated at {LATER}.\n")


def test_the_citations_gate_says_the_same_before_and_after_the_validation_report(made: State) -> None:
    prepared(made)
    others = [made.home.validation_report]
    before = citations(made.home, without=others)
    validation_manifest(made.home, {"reports": [before], **GOOD}, NOW)
    assert citations(made.home, without=others) == before
    assert citations(made.home).passed
