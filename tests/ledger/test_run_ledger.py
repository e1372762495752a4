"""The ledger of a run: four counters, reasons that add up, and a second count that a changed figure does not pass."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node, talks, write, write_zip
from intake import Intake

from moonshine_assets.ledger.record import COUNTERS, REQUIRED, ledger_faults
from moonshine_assets.ledger.run_ledger import ledger_complete
from moonshine_assets.providers.source import raw_path, read_lock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths
from moonshine_resources.tokenizer import TokenCounter

GREETING = "Hello, moon."


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory, counter: TokenCounter) -> Intake:
    return Intake(Home.at(tmp_path_factory.mktemp("ledger") / "home"), counter.count_many)


@pytest.fixture(scope="module")
def run(intake: Intake, tmp_path_factory: pytest.TempPathFactory) -> RunPaths:
    """Two shards with a repeated text, a system text and random talk."""
    told = chatgpt(
        "told", nodes=[chatgpt_node("s", None, "system", "Be kind."), chatgpt_node("u", "s", "user", GREETING)]
    )
    again = chatgpt("again", [GREETING, "Good evening. It isn't ſmall."])
    shards = {"conversations-000.json": [told, again], "conversations-001.json": talks(3, 3, 5)}
    return intake.published(write_zip(tmp_path_factory.mktemp("export") / "export.zip", shards))


@pytest.fixture(scope="module")
def kept(intake: Intake, run: RunPaths, counter: TokenCounter) -> dict[str, Any]:
    return intake.ledger(run, counter)


@pytest.fixture
def ledger(kept: dict[str, Any]) -> dict[str, Any]:
    """A ledger to be changed by hand."""
    return copy.deepcopy(kept)


def steps(ledger: dict[str, Any]) -> dict[str, int]:
    return {step["reason"]: step["tokens"] for step in ledger["waterfall"]}


def test_the_ledger_of_a_run_is_complete(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter
) -> None:
    assert ledger_faults(ledger) == []
    verdict = intake.ledger_verdict(run, ledger, counter)
    assert verdict.passed, verdict
    assert not run.work.exists()


def test_the_counters_are_those_of_the_reference(ledger: dict[str, Any], counter: TokenCounter) -> None:
    assert steps(ledger)["system_text"] >= counter.reference("Be kind.")
    assert steps(ledger)["exact_duplicate"] == counter.reference(GREETING)
    assert ledger["raw_json_tokens"] == sum(ledger["raw_json_tokens_by_file"].values())
    assert list(ledger["raw_json_tokens_by_file"]) == ["conversations-000.json", "conversations-001.json"]
    assert ledger["distilled_tokens_selected"] == 0


def test_a_plain_file_counts_as_it_stands(intake: Intake, counter: TokenCounter, tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf[" + write(tmp_path / "one.json", chatgpt("c", ["a\u0000b", "\ud83d"])).read_bytes() + b"]"
    run = intake.published(write(tmp_path / "conversations.json", data.replace(b"384,400", b"384\xff400")))
    ledger = intake.ledger(run, counter)
    text = (tmp_path / "conversations.json").read_bytes().decode("utf-8", errors="replace")
    assert ledger["raw_json_tokens"] == counter.reference(text)
    assert intake.ledger_verdict(run, ledger, counter).passed


@pytest.mark.parametrize("name", COUNTERS)
@pytest.mark.parametrize("change", [1, -1])
def test_a_changed_counter_turns_it_red(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter, name: str, change: int
) -> None:
    ledger[name] += change
    assert not intake.ledger_verdict(run, ledger, counter).passed


@pytest.mark.parametrize("rank", range(4))
def test_a_changed_step_turns_it_red(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter, rank: int
) -> None:
    ledger["waterfall"][rank]["tokens"] += 1
    assert not intake.ledger_verdict(run, ledger, counter).passed


def shift(ledger: dict[str, Any], changes: dict[str, int]) -> None:
    """Change counters and steps together, so that the sums still hold."""
    for name in COUNTERS:
        ledger[name] += changes.get(name, 0)
    for step in ledger["waterfall"]:
        step["tokens"] += changes.get(step["reason"], 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"system_text": 1, "json_structure_and_escaping": -1},
        {"raw_json_tokens": 1, "json_structure_and_escaping": 1},
        {"content_tokens_non_system": 1, "json_structure_and_escaping": -1, "exact_duplicate": 1},
        {"content_tokens_cleaned": 1, "exact_duplicate": -1, "not_distilled_in_a_single_run": 1},
    ],
    ids=["reasons", "raw", "content", "cleaned"],
)
def test_figures_changed_so_that_the_sums_still_hold_turn_it_red(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter, changes: dict[str, int]
) -> None:
    shift(ledger, changes)
    assert ledger_faults(ledger) == []
    assert not intake.ledger_verdict(run, ledger, counter).passed


def test_a_raw_figure_of_one_file_changed_with_the_total_turns_it_red(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter
) -> None:
    shift(ledger, {"raw_json_tokens": 1, "json_structure_and_escaping": 1})
    ledger["raw_json_tokens_by_file"]["conversations-001.json"] += 1
    verdict = intake.ledger_verdict(run, ledger, counter)
    assert [offender.get("member") for offender in verdict.offenders] == ["conversations-001.json"]


def test_figures_of_other_files_turn_it_red(
    intake: Intake, run: RunPaths, ledger: dict[str, Any], counter: TokenCounter
) -> None:
    ledger["raw_json_tokens_by_file"] = {"another.json": ledger["raw_json_tokens"]}
    assert not intake.ledger_verdict(run, ledger, counter).passed


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE store.texts SET tokens = tokens + 1 WHERE text = '{GREETING}'",
        f"UPDATE store.texts SET text = 'Hello, mood lamp.' WHERE text = '{GREETING}'",
        "UPDATE store.messages SET content_tokens = content_tokens + 1 WHERE message_id = 'u'",
        "UPDATE store.messages SET content_tokens = content_tokens + 1 WHERE message_id = 's'",
        "UPDATE store.messages SET role = 'user' WHERE conversation_id = 'told' AND message_id = 's'",
        "DELETE FROM store.messages WHERE conversation_id = 'again'",
    ],
)
def test_one_stored_figure_changed_behind_the_ledger_turns_it_red(
    run: RunPaths, ledger: dict[str, Any], counter: TokenCounter, statement: str, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.db"
    changed.write_bytes(run.database.read_bytes())
    lock = read_lock(run)
    with connect(changed, read_only=False) as connection:
        connection.execute(statement)
        verdict = ledger_complete(
            connection, ledger, raw=raw_path(run, lock), lock=lock, work=tmp_path / "work", counter=counter
        )
    assert not verdict.passed


def test_an_increasing_counter_is_named(ledger: dict[str, Any]) -> None:
    ledger["content_tokens_cleaned"] = ledger["content_tokens_non_system"] + 5
    rules = {fault["rule"] for fault in ledger_faults(ledger)}
    assert rules == {"non-increasing", "reasons add up"}


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "absent"])
def test_a_missing_field_is_named(ledger: dict[str, Any], field: str, value: str | None) -> None:
    if value == "absent":
        del ledger[field]
    else:
        ledger[field] = value
    assert {"rule": "field present", "field": field} in ledger_faults(ledger)


@pytest.mark.parametrize("value", ["12", 1.5, True, -1])
@pytest.mark.parametrize("field", COUNTERS)
def test_a_counter_that_is_no_count_is_named(ledger: dict[str, Any], field: str, value: object) -> None:
    ledger[field] = value
    assert {"rule": "a whole number, not negative", "field": field} in ledger_faults(ledger)


def test_a_reason_below_zero_is_named(ledger: dict[str, Any]) -> None:
    ledger["waterfall"][0]["tokens"] -= 10_000
    ledger["waterfall"][1]["tokens"] += 10_000
    assert [fault["field"] for fault in ledger_faults(ledger)] == ["system_text"]


def test_a_reason_between_counters_that_are_no_neighbours_is_named(ledger: dict[str, Any]) -> None:
    ledger["waterfall"].append({"from_counter": COUNTERS[0], "to_counter": COUNTERS[3], "reason": "lost", "tokens": 7})
    assert ledger_faults(ledger) == [{"rule": "between neighbouring counters", "field": "lost"}]
