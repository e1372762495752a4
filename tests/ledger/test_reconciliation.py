"""Reconciliation: every difference between two ledgers has a kind and terms that add up, and a rest is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from mash.runs import FIRST, MEMBER, SECOND, talk

from ledger.books import RAW, Books, terms, verdict
from moonshine_assets.ledger.explain import CLEANED, CONTENT, SELECTED
from moonshine_assets.ledger.explain import RAW as RAW_COUNTER
from moonshine_assets.ledger.mismatch import KINDS, mismatch_faults
from moonshine_assets.ledger.states import against_earlier_state
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import PROJECT_ROOT, Home

THIRD = "chatgpt_20260301_120000"
TEA = talk("tea", "one two three", "four five")
TEA_WENT_ON = talk("tea", "one two three", "four five", "six", "seven eight", updated=3)
MILK = talk("milk", "nine ten", "eleven twelve thirteen")
GONE = talk("gone", "fourteen fifteen", "sixteen")


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(Home.at(tmp_path / "home"))


@pytest.fixture
def two(books: Books) -> Books:
    """Two exports of an account: tea went on, gone is gone, milk is new."""
    books.merged(FIRST, [TEA, GONE])
    books.merged(SECOND, [TEA_WENT_ON, MILK], raw=RAW + 700)
    return books


def test_a_run_the_next_export_supersedes_is_explained(two: Books) -> None:
    record = two.settled()
    assert verdict(record).passed, verdict(record).offenders
    assert terms(record, "run_ledger_and_mash", CONTENT, FIRST) == {"superseded": 5}
    assert terms(record, "run_ledger_and_mash", CLEANED, FIRST) == {"superseded": 5}
    assert terms(record, "run_ledgers_and_main_ledger", CONTENT) == {"superseded": 5}


def test_a_newer_export_is_held_against_the_one_before_it(two: Books) -> None:
    record = two.settled()
    entry = next(
        entry
        for entry in record["mismatches"]
        if (entry["comparison"], entry["counter"]) == ("run_ledger_and_earlier_export", CONTENT)
    )
    assert (entry["run_id"], entry["left"]["tokens"], entry["right"]["tokens"]) == (SECOND, 13, 8)
    assert {term["because"]: (term["kind"], term["items"], term["tokens"]) for term in entry["terms"]} == {
        "conversations were continued or edited": ("source_changed", 1, 3),
        "conversations are new": ("source_changed", 1, 5),
        "conversations are no longer in the export": ("source_changed", 1, -3),
    }
    assert terms(record, "run_ledger_and_earlier_export", RAW_COUNTER, SECOND) == {"source_changed": 700}
    assert terms(record, "run_ledger_and_earlier_export", CLEANED, SECOND) == {"source_changed": 5}


def test_a_text_that_two_runs_have_is_counted_with_one(books: Books) -> None:
    books.merged(FIRST, [TEA])
    books.merged(SECOND, [talk("other", "one two three", "seventeen")])
    record = books.settled()
    assert terms(record, "run_ledger_and_mash", CLEANED, SECOND) == {"duplicate": 3}
    assert terms(record, "run_ledgers_and_main_ledger", CLEANED) == {"duplicate": 3}


def test_runs_that_share_no_conversation_are_not_held_against_each_other(books: Books) -> None:
    books.merged(FIRST, [TEA])
    books.merged(SECOND, [MILK])
    record = books.settled()
    assert [entry for entry in record["mismatches"] if entry["comparison"] == "run_ledger_and_earlier_export"] == []


def test_a_conversation_that_did_not_parse_is_quarantined_not_gone(two: Books) -> None:
    columns = "provider, provider_run_id, source_file_sha256, source_path, ingested_at, record_uid, conversation_id"
    two.changed(
        f"INSERT INTO store.quarantine BY NAME SELECT {columns.replace('provider_run_id', '? AS provider_run_id')},"
        " 0 AS quarantine_id, 'conversation' AS unit, 'broken' AS reason, ''::BLOB AS raw, raw_member, raw_index,"
        " raw_start, raw_end FROM store.conversations WHERE conversation_id = 'gone'",
        SECOND,
    )
    found = terms(two.settled(), "run_ledger_and_earlier_export", CONTENT, SECOND)
    assert found == {"source_changed": 8, "quarantined": -3}


def test_the_same_bytes_read_otherwise_are_no_new_source(books: Books) -> None:
    books.merged(FIRST, [TEA, GONE])
    books.merged(SECOND, [TEA, GONE, MILK])
    for table in ("conversations", "messages"):
        books.changed(
            f"UPDATE store.{table} SET source_file_sha256 = (SELECT any_value(source_file_sha256)"
            " FROM store.runs WHERE provider_run_id = ?)",
            FIRST,
        )
    two_words = "SELECT content_sha256 FROM store.texts WHERE text = 'one two three'"
    books.changed(
        f"UPDATE store.messages SET content_sha256 = (SELECT content_sha256 FROM store.texts WHERE text = 'nine ten'),"
        f" content_tokens = 2 WHERE provider_run_id = ? AND content_sha256 = ({two_words})",
        FIRST,
    )
    run = books.home.run(FIRST)
    write_json(run.ledger, {**read_json(run.ledger), CONTENT: 7, CLEANED: 7})
    assert terms(books.settled(), "run_ledger_and_earlier_export", CONTENT, SECOND) == {
        "parsing_scope_changed": 1,
        "source_changed": 5,
    }


def test_a_run_taken_out_is_outside_and_explains_the_state_since(two: Books) -> None:
    two.settled()
    two.rolled_back(SECOND)
    record = two.settled()
    assert verdict(record).passed, verdict(record).offenders
    assert terms(record, "run_ledger_outside_the_mash", CONTENT, SECOND) == {"rolled_back": 13}
    assert terms(record, "main_ledger_and_earlier_state", RAW_COUNTER) == {"rolled_back": -(RAW + 700)}
    assert terms(record, "main_ledger_and_earlier_state", CONTENT) == {"rolled_back": -13, "superseded": 5}
    assert terms(record, "main_ledger_and_earlier_state", CLEANED) == {"rolled_back": -13, "superseded": 5}


def test_a_counted_run_that_waits_for_its_merge_is_staged(two: Books) -> None:
    two.published(THIRD, [MILK])
    record = two.settled()
    assert terms(record, "run_ledger_outside_the_mash", CONTENT, THIRD) == {"staged": 5}
    assert verdict(record).passed


def test_a_run_that_came_explains_the_state_since_and_the_record_keeps_it(books: Books) -> None:
    books.merged(FIRST, [TEA, GONE])
    assert books.settled()["earlier"] is None
    books.merged(SECOND, [TEA_WENT_ON, MILK])
    record = books.settled()
    assert terms(record, "main_ledger_and_earlier_state", CONTENT) == {"merged": 13, "superseded": -5}
    again = books.settled(stamp="2026-11-21T12:00:00Z")
    assert {**again, "generated_at": record["generated_at"]} == record


def test_what_another_policy_leaves_out_is_named(books: Books) -> None:
    books.merged(FIRST, [TEA, MILK])
    before = books.settled()
    now = copy.deepcopy(before)
    now["policy_version"] = "other"
    now["left_out"]["no_exchange"] += 4
    next(entry for entry in now["counters"] if entry["counter"] == SELECTED)["main_ledger"] -= 4
    found = against_earlier_state(now, before, taken_out=())
    assert terms({"mismatches": found}, "main_ledger_and_earlier_state", SELECTED) == {"policy_changed": -4}
    assert mismatch_faults(found) == []


def test_a_new_count_by_another_tokenizer_is_explained_by_the_ledger_it_replaced(two: Books) -> None:
    two.settled()
    two.counted(SECOND, {MEMBER: RAW + 900}, version="2")
    record = two.settled()
    assert verdict(record).passed, verdict(record).offenders
    assert terms(record, "run_ledger_and_mash", RAW_COUNTER, SECOND) == {"tokenizer_changed": 200}
    assert terms(record, "run_ledgers_and_main_ledger", RAW_COUNTER) == {"tokenizer_changed": 200}


def test_a_new_count_of_other_files_is_another_scope(two: Books) -> None:
    two.counted(SECOND, {MEMBER: RAW + 700, "more.json": 50})
    assert terms(two.settled(), "run_ledger_and_mash", RAW_COUNTER, SECOND) == {"parsing_scope_changed": 50}


def test_a_new_count_that_nothing_explains_is_refused(two: Books) -> None:
    two.counted(SECOND, {MEMBER: RAW + 701})
    refused = verdict(two.settled())
    assert not refused.passed
    assert {offender.get("unexplained") for offender in refused.offenders} >= {1}


@pytest.mark.parametrize("counter", [CONTENT, CLEANED])
def test_a_ledger_changed_by_hand_is_refused_with_the_run_and_the_rest(two: Books, counter: str) -> None:
    run = two.home.run(FIRST)
    ledger = read_json(run.ledger)
    write_json(run.ledger, {**ledger, counter: ledger[counter] + 1})
    refused = verdict(two.settled())
    assert not refused.passed
    found = [offender for offender in refused.offenders if offender.get("run_id") == FIRST]
    assert {(offender["comparison"], offender["unexplained"]) for offender in found} == {
        ("run_ledger_and_mash", 1),
        ("run_ledger_and_recount", 1),
    }


def test_rows_that_vanish_from_the_mash_are_refused(two: Books) -> None:
    two.changed("DELETE FROM store.messages WHERE provider_run_id = ? AND message_id = 'milk-0'", SECOND)
    refused = verdict(two.settled())
    assert not refused.passed
    assert {offender.get("unexplained") for offender in refused.offenders} >= {2}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda entry: entry["left"].update(tokens=entry["left"]["tokens"] + 1), "does not add up"),
        (lambda entry: entry["terms"].pop(), "does not add up"),
        (lambda entry: entry["terms"][0].update(kind="bad_luck"), "no such kind: bad_luck"),
    ],
)
def test_a_record_that_was_written_into_is_refused(two: Books, change: Any, problem: str) -> None:
    record = copy.deepcopy(two.settled())
    change(record["mismatches"][0])
    assert [fault["problem"] for fault in mismatch_faults(record["mismatches"])] == [problem]
    assert not verdict(record).passed


def test_every_term_is_of_a_known_kind_and_says_where_to_look(two: Books) -> None:
    two.settled()
    two.rolled_back(FIRST)
    for entry in two.settled()["mismatches"]:
        assert entry["left"]["look"] and entry["right"]["look"]
        for term in entry["terms"]:
            assert term["kind"] in KINDS
            assert term["look"] and term["because"]


def test_the_page_of_the_ledger_lists_every_kind() -> None:
    page = (PROJECT_ROOT / "docs" / "ledger.md").read_text("utf-8")
    for kind, meaning in KINDS.items():
        assert f"| `{kind}` | {meaning} |" in page


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("export"), st.lists(st.sampled_from([TEA, TEA_WENT_ON, MILK, GONE]), max_size=3)),
        st.tuples(st.just("rollback"), st.integers(0, 5)),
    ),
    min_size=2,
    max_size=4,
)


def _reconciles_after_each(books: Books, steps: list[tuple[str, Any]]) -> None:
    merged: list[str] = []
    for number, (what, value) in enumerate(steps):
        if what == "export":
            run_id = f"chatgpt_202601{number + 1:02d}_120000"
            # A conversation of every export, so that they are of one account.
            talks = {one.conversation_id: one for one in [talk("all", "always there", "yes"), *value]}
            nodes = sum(len(one.nodes) for one in talks.values())
            books.merged(run_id, talks.values(), raw=RAW + nodes)
            merged.append(run_id)
        elif len(merged) > 1:
            books.rolled_back(merged.pop(value % len(merged)))
        if merged:
            found = verdict(books.settled())
            assert found.passed, found.offenders


_SETTINGS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None, max_examples=2
)


@_SETTINGS
@given(steps=STEPS)
def test_the_ledgers_reconcile_after_every_step(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    _reconciles_after_each(Books(Home.at(tmp_path_factory.mktemp("books") / "home")), steps)


@pytest.mark.slow
@settings(_SETTINGS, max_examples=60)
@given(steps=STEPS)
def test_the_ledgers_reconcile_after_every_step_of_many_histories(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    _reconciles_after_each(Books(Home.at(tmp_path_factory.mktemp("books") / "home")), steps)
