"""The corpus report: right counts, every total cited, nothing private, the same bytes again."""

from __future__ import annotations

import re

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_assets.ledger.record import COUNTERS
from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.corpus_report import PICTURES, corpus_report
from moonshine_assets.reports.visuals import draw_visuals
from moonshine_resources.atomic import read_json, write_json, write_text
from reports.state import CHATGPT, CLAUDE, LATER, NOW, PRIVATE, State


@pytest.fixture
def report(made: State) -> str:
    made.manifests()
    return corpus_report(made.connection, made.home, NOW)


def row(report: str, section: str, first: str) -> list[str]:
    """The cells of the first row of a section that starts with `first`."""
    text = report.split(f"## {section}\n")[1].split("\n## ")[0]
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_it_counts_what_each_provider_and_run_has_in_the_mash(report: str) -> None:
    assert row(report, "In the mash", "chatgpt") == ["1", "2", "8", "1", "1", "0"]
    assert row(report, "In the mash", CHATGPT) == ["2", "8", "1", "1", "0", "2026-01", "2026-01", "1"]
    assert row(report, "In the mash", CLAUDE) == ["1", "2", "0", "0", "0", "2026-01", "2026-01", "1"]


def test_superseded_messages_are_counted_apart(made: State) -> None:
    made.manifests()
    for table in ("conversations", "messages"):
        made.connection.execute(
            f"UPDATE store.{table} SET superseded_by = ? WHERE provider_run_id = ?", [CHATGPT, CLAUDE]
        )
    report = corpus_report(made.connection, made.home, NOW)
    assert row(report, "In the mash", CLAUDE) == ["0", "0", "0", "0", "2", "–", "–", "0"]


def test_the_receipt_of_each_run_adds_up(report: str) -> None:
    nodes, *parts = (int(cell) for cell in row(report, "Receipts", CHATGPT))
    assert (nodes, parts) == (12, [7, 1, 1, 2, 1])
    assert nodes == sum(parts)


def test_every_counter_and_reason_stands_with_its_field(made: State, report: str) -> None:
    ledger = read_json(made.home.token_ledger)
    for counter in COUNTERS:
        cell = row(report, "Tokens", f"**{counter}**")[0]
        assert cell == f"{ledger[counter]:,} [token_ledger.json#{counter}]"
    for step in ledger["waterfall"]:
        cell = row(report, "Tokens", f"less `{step['reason']}`")[0]
        assert cell == f"{step['tokens']:,} [token_ledger.json#waterfall.{step['reason']}.tokens]"


def test_its_citations_hold_until_one_number_is_changed(made: State, report: str) -> None:
    verdict = citations(made.home)
    assert verdict.passed, verdict.offenders
    assert int(verdict.figures["totals_cited"]) > 40
    raw = f"{read_json(made.home.token_ledger)['raw_json_tokens']:,}"
    write_text(made.home.corpus_report, report.replace(f"{raw} [token_ledger", "19,346 [token_ledger", 1))
    verdict = citations(made.home)
    assert [offender["printed"] for offender in verdict.offenders] == ["19,346"]


def test_taking_one_citation_away_is_found(made: State, report: str) -> None:
    cited = "[token_ledger.json#content_tokens_non_system]"
    total = read_json(made.home.token_ledger)["content_tokens_non_system"]
    assert total >= 1_000
    without = re.sub(rf"{total:,} \[[^\]]*\]", f"{total:,}", report)
    assert cited in report
    assert cited not in without
    write_text(made.home.corpus_report, without)
    assert {offender["problem"] for offender in citations(made.home).offenders} == {
        "a number about tokens without a citation"
    }


def test_lanes_are_shown_with_why_candidates_were_left_out(made: State, report: str) -> None:
    for lane, facts in read_json(made.home.distillation_manifest)["lanes"].items():
        assert row(report, "Lanes", lane)[:2] == [f"{facts['candidates']:,}", f"{facts['rows']:,}"]
        for reason, count in facts["dropped"].items():
            assert f"| {reason} | {count:,} |" in report.split(f"### {lane}\n")[1].split("###")[0]


def test_no_text_title_or_file_name_is_in_it(report: str) -> None:
    assert PRIVATE not in report


def test_the_pictures_it_shows_are_those_that_are_drawn(made: State, report: str) -> None:
    shown = re.findall(r"!\[[^\]]+\]\((visuals/[^)]+)\)", report)
    drawn = draw_visuals(made.connection, made.home)
    assert shown == [path.relative_to(made.home.reports).as_posix() for path in drawn]
    assert [path.name for path in drawn] == list(PICTURES)


def test_making_it_again_later_changes_no_byte(made: State, report: str) -> None:
    before = made.home.corpus_report.read_bytes()
    assert corpus_report(made.connection, made.home, LATER) == report
    assert made.home.corpus_report.read_bytes() == before


def test_a_changed_report_gets_a_new_time(made: State, report: str) -> None:
    made.connection.execute("UPDATE store.receipts SET nodes_duplicate = 3, nodes_in = nodes_in + 1")
    assert corpus_report(made.connection, made.home, LATER).endswith(f"\nGenerated at {LATER}.\n")
    assert report.endswith(f"\nGenerated at {NOW}.\n")


@pytest.mark.parametrize("name", ["token_ledger", "reconciliation", "distillation_manifest"])
def test_a_file_of_another_mash_is_refused(made: State, name: str) -> None:
    made.manifests()
    path = getattr(made.home, name)
    write_json(path, {**read_json(path), "mash_state": "other", "source_sha256": "other"})
    with pytest.raises(GateFailed, match="not of the mash as it is now"):
        corpus_report(made.connection, made.home, NOW)


def test_without_a_ledger_it_says_which_file_is_missing(made: State) -> None:
    with pytest.raises(GateFailed, match="moonshine_distillation_manifest"):
        corpus_report(made.connection, made.home, NOW)
