"""The status block: numbers of the ledger and the manifests, the text around it kept, edits and old blocks found."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.reports.citations import citations
from moonshine_assets.reports.corpus_report import corpus_report
from moonshine_assets.reports.status import status_as_written, status_faults, write_status
from moonshine_resources.atomic import read_json, write_json, write_text
from reports.state import DISTILLATION, LATER, NOW, State


@pytest.fixture
def page(made: State) -> str:
    made.manifests()
    return made.home.status_page.read_text("utf-8")


def edited(made: State, old: str, new: str) -> list[dict[str, Any]]:
    page = made.home.status_page.read_text("utf-8")
    assert page.count(old) >= 1
    write_text(made.home.status_page, page.replace(old, new, 1))
    return status_faults(made.home)


def test_it_says_date_run_counters_and_lanes_with_their_fields(made: State, page: str) -> None:
    ledger, lanes = read_json(made.home.token_ledger), read_json(made.home.distillation_manifest)["lanes"]
    assert f"| date | {NOW[:10]} |" in page
    assert f"| distillation | `{DISTILLATION}` |" in page
    assert "| runs in the mash | 2 |" in page
    raw = ledger["raw_json_tokens"]
    assert f"| raw_json_tokens | {raw:,} [token_ledger.json#raw_json_tokens] |" in page
    for lane, facts in lanes.items():
        assert f"| {lane} | {facts['rows']:,} [moonshine_distillation_manifest.json#lanes.{lane}.rows] |" in page
    assert status_faults(made.home) == []
    assert status_as_written(made.home).passed


def test_making_it_again_changes_no_byte(made: State, page: str) -> None:
    made.manifests(LATER)
    assert made.home.status_page.read_text("utf-8") == page


def test_what_stands_around_the_block_stays(made: State, page: str) -> None:
    write_text(made.home.status_page, f"# Mine\n\nBefore.\n\n{page.partition('# Corpus')[2].strip()}\n\nAfter.\n")
    write_json(made.home.token_ledger, {**read_json(made.home.token_ledger), "generated_at": LATER})
    write_status(made.home)
    text = made.home.status_page.read_text("utf-8")
    assert text.startswith("# Mine\n\nBefore.\n\n<!-- moonshine:status -->")
    assert text.endswith("-->\n\nAfter.\n")
    assert f"| date | {LATER[:10]} |" in text


@pytest.mark.parametrize(
    ("old", "new", "printed", "expected"),
    [
        ("| runs in the mash | 2 |", "| runs in the mash | 3 |", "3", "2"),
        (f"| date | {NOW[:10]} |", "| date | 2025-02-02 |", "2025-02-02", NOW[:10]),
        ("| raw_json_tokens | 19,345", "| raw_json_tokens | 19,346", "19,346", "19,345"),
    ],
)
def test_a_number_edited_by_hand_is_named_and_not_overwritten(
    made: State, page: str, old: str, new: str, printed: str, expected: str
) -> None:
    (fault,) = edited(made, old, new)
    assert (fault["problem"], fault["printed"], fault["expected"]) == (
        "the status block was edited by hand",
        printed,
        expected,
    )
    refused = status_as_written(made.home)
    assert not refused.passed
    assert refused.offenders == [fault]
    assert fault in citations(made.home).offenders


def test_words_written_into_the_block_are_found_though_no_number_changed(made: State, page: str) -> None:
    assert [fault["problem"] for fault in edited(made, "## Status", "## Status\n\nAll is well.")]
    assert not status_as_written(made.home).passed


def test_a_block_of_an_earlier_state_is_named_by_the_citations_gate_and_made_anew(made: State, page: str) -> None:
    manifest = read_json(made.home.distillation_manifest)
    rows = manifest["lanes"]["dpo"]["rows"]
    manifest["lanes"]["dpo"]["rows"] = rows + 7
    write_json(made.home.distillation_manifest, manifest)
    corpus_report(made.connection, made.home, NOW)
    refused = citations(made.home)
    found = [offender for offender in refused.offenders if offender["problem"].startswith("the status block is of")]
    assert [(fault["printed"], fault["expected"]) for fault in found] == [(str(rows), str(rows + 7))]
    assert status_as_written(made.home).passed
    write_status(made.home)
    assert status_faults(made.home) == []


def test_a_page_without_the_block_is_refused_and_gets_it(made: State, page: str) -> None:
    write_text(made.home.status_page, "# Mine\n")
    assert [fault["problem"] for fault in status_faults(made.home)] == ["there is no status block"]
    assert not citations(made.home).passed
    assert status_as_written(made.home).passed
    write_status(made.home)
    assert made.home.status_page.read_text("utf-8").startswith("# Mine\n\n<!-- moonshine:status -->")
    assert status_faults(made.home) == []
