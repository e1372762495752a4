"""citations: what a report prints is what the cited file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moonshine_assets.gates import Verdict
from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.status import write_status
from moonshine_resources.atomic import sha256_file, write_json, write_text
from moonshine_resources.home import Home

LEDGER = {
    "raw_json_tokens": 1_293_480,
    "distilled_tokens_selected": 42,
    "run_id": "main_20260131_120000",
    "waterfall": [{"reason": "system_text", "tokens": 5_120}, {"reason": "twice", "tokens": 1}, {"reason": "twice"}],
}
#: What the status block wants to know besides.
CARDS_LEDGER = {
    "generated_at": "2026-01-31T12:00:00Z",
    "source_sha256": "a1",
    "policy_version": "policy-1",
    "content_tokens_non_system": 5_120,
    "content_tokens_cleaned": 5_000,
}
RAW = "1,293,480 [token_ledger.json#raw_json_tokens]"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a ledger that may be quoted, and one that may not."""
    home = Home(tmp_path)
    write_json(home.token_ledger, LEDGER)
    write_json(home.reports / "old_ledger.json", LEDGER)
    write_json(home.validation_manifest, {"gates": [{"reason": "12,345 tokens are inside the band"}], "total": 7_000})
    listed = [{"path": "reports/token_ledger.json", "sha256": sha256_file(home.token_ledger)}]
    write_json(home.authority_manifest, {"authoritative": listed})
    return home


def read(home: Home, *lines: str) -> Verdict:
    write_text(home.corpus_report, "\n".join(lines))
    return citations(home)


def problem(verdict: Verdict) -> Any:
    assert not verdict.passed
    return verdict.offenders[0]["problem"]


@pytest.mark.parametrize(
    "line",
    [
        f"There are {RAW} tokens.",
        f"| tokens | {RAW} |",
        "1,293,480 [token_ledger.json#/raw_json_tokens] tokens, 5,120 [token_ledger.json#/waterfall/0/tokens] less",
        "**5,120** [token_ledger.json#waterfall.system_text.tokens]",
        "42 [token_ledger.json#distilled_tokens_selected]",
        f"{RAW} of 1,293,480 tokens",
        "1,204 conversations and 20260131 others, run chatgpt_20260131_120000",
        "In 2026 no tokens were counted by o200k_base.",
        "12,345 tokens are inside the band [validation_manifest.json#gates.0.reason]",
    ],
)
def test_a_vouched_number_holds(home: Home, line: str) -> None:
    verdict = read(home, line)
    assert verdict.passed, verdict.offenders


@pytest.mark.parametrize(
    "printed", ["1,293,481", "1,293", "293,480", "-1,293,480", "1.3 million", "1,293,480.5", "1,293,480k"]
)
def test_a_total_that_differs_from_its_file_is_found(home: Home, printed: str) -> None:
    verdict = read(home, f"{printed} [token_ledger.json#raw_json_tokens]")
    assert not verdict.passed
    assert verdict.offenders[0]["line"] == 1


def test_the_offender_says_what_is_printed_and_what_the_file_holds(home: Home) -> None:
    verdict = read(home, "", "1,293,481 [token_ledger.json#raw_json_tokens]")
    assert verdict.offenders == [
        {
            "report": "moonshine_corpus_report.md",
            "line": 2,
            "problem": "differs from its file",
            "cited": "token_ledger.json#raw_json_tokens",
            "printed": "1,293,481",
            "in_file": 1_293_480,
        }
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["There are 1,293,480 tokens."],
        ["There are 1293480 tokens."],
        ["There are about 1.3 million tokens."],
        [f"{RAW} of 2,000,000 tokens"],
        [f"2,000,000 or {RAW} tokens"],
        ["| lane | tokens |", "|---|---|", "| dpo | 1,204 |"],
        ["| total | 1,204 tokens |"],
        ["## Tokens", "", "- chatgpt: 293,480"],
    ],
)
def test_a_number_about_tokens_needs_a_citation(home: Home, lines: list[str]) -> None:
    assert problem(read(home, *lines)) == "a number about tokens without a citation"


def test_other_columns_of_a_table_need_none(home: Home) -> None:
    assert read(home, "| rows | tokens |", "|---|---|", f"| 1,204 | {RAW} |", "", "1,204 rows").passed


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        ("[absent.json#raw_json_tokens]", "a file that is not there"),
        ("[../exports/a.json#raw_json_tokens]", "a file that is not there"),
        ("[token_ledger.json#no_such]", "a field that is not there"),
        ("[token_ledger.json#waterfall.9.tokens]", "a field that is not there"),
        ("[token_ledger.json#waterfall.twice.tokens]", "a field that is not there"),
        ("[token_ledger.json#run_id]", "a field that is no number"),
        ("[old_ledger.json#raw_json_tokens]", "does not name"),
        ("[validation_manifest.json#total]", "does not name"),
        ("[broken.json#total]", "not JSON"),
    ],
)
def test_a_citation_leads_to_a_number_that_may_be_quoted(home: Home, citation: str, expected: str) -> None:
    write_text(home.reports / "broken.json", "{")
    write_json(home.inbox / "a.json", LEDGER)
    assert expected in problem(read(home, f"1,293,480 {citation}"))


def test_a_citation_needs_its_number(home: Home) -> None:
    assert "without a number" in problem(read(home, "1,293,480", "[token_ledger.json#raw_json_tokens]"))
    assert "without a number" in problem(read(home, "1,293,480 or so [token_ledger.json#raw_json_tokens]"))


def test_a_quoted_reason_is_quoted_as_it_stands(home: Home) -> None:
    verdict = read(home, "12,346 tokens are inside the band [validation_manifest.json#gates.0.reason]")
    assert problem(verdict) == "differs from the text it cites"


def test_a_file_that_changed_after_it_was_listed_may_not_be_quoted(home: Home) -> None:
    write_json(home.token_ledger, {**LEDGER, "more": 1})
    assert "changed since" in problem(read(home, f"{RAW} tokens"))


def test_without_an_authority_manifest_nothing_may_be_quoted(home: Home) -> None:
    home.authority_manifest.unlink()
    assert "does not name" in problem(read(home, f"{RAW} tokens"))


def test_every_report_of_the_folder_is_read(home: Home) -> None:
    write_text(home.reports / "notes.md", "I counted 9,999 tokens.")
    verdict = read(home, f"{RAW} tokens")
    assert verdict.offenders[0]["report"] == "notes.md"


def test_no_report_at_all_is_not_a_pass(home: Home) -> None:
    assert not citations(home).passed


def packet(home: Home, reason: str, decision: str = "forward", run_id: str | None = None) -> Verdict:
    check = {"gate": "token_band", "passed": True, "blocking": True, "reason": reason}
    write_json(home.handoff / "stage.json", {"decision": decision, "run_id": run_id, "checks": [check]})
    return read(home, f"{RAW} tokens")


@pytest.mark.parametrize(
    "reason", ["1,293,480 tokens are there", "5,120 tokens of system text", "12,345 messages", "300 tokens"]
)
def test_a_packet_may_say_what_the_ledger_says(home: Home, reason: str) -> None:
    assert packet(home, reason).passed


def test_a_total_in_an_accepted_packet_that_no_ledger_holds_is_named(home: Home) -> None:
    (offender,) = packet(home, "1,293,481 tokens are there").offenders
    assert (offender["report"], offender["printed"]) == ("reports/handoff/stage.json", "1,293,481")
    assert packet(home, "1,293,481 tokens are there", decision="revision_request").passed


def test_a_packet_of_a_run_speaks_of_the_runs_ledger(home: Home) -> None:
    run_id = "chatgpt_20260131_120000"
    write_json(home.run(run_id).ledger, {"raw_json_tokens": 70_000})
    assert packet(home, "70,000 tokens", run_id=run_id).passed
    assert not packet(home, "1,293,480 tokens", run_id=run_id).passed


def card(home: Home, text: str) -> Verdict:
    folder = home.lane("dpo", "main_20260131_120000")
    write_json(folder / "manifest.json", {"tokens": 8_000, "rows": 1_200, "run_id": "main_20260131_120000"})
    write_json(home.distillation_manifest, {"run_id": "main_20260131_120000", "lanes": {}})
    write_json(home.reconciliation, {"runs": []})
    write_json(home.token_ledger, {**LEDGER, **CARDS_LEDGER})
    listed = [{"path": "reports/token_ledger.json", "sha256": sha256_file(home.token_ledger)}]
    write_json(home.authority_manifest, {"authoritative": listed})
    write_status(home)
    write_text(folder / "README.md", text)
    return read(home, f"{RAW} tokens")


def test_a_card_says_what_its_manifest_says(home: Home) -> None:
    assert card(home, "- rows: 1,200, tokens: 8,000\n- 9,999 candidates").passed


def test_a_total_in_a_card_that_its_manifest_does_not_hold_is_named(home: Home) -> None:
    (offender,) = card(home, "- rows: 1,200, tokens: 8,001").offenders
    assert offender["report"] == "distillations/dpo/main_20260131_120000/README.md"
    assert offender["printed"] == "8,001"
