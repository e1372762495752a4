"""Feedback in the mash: it follows its conversation when that is superseded, and stays where it has none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from exporting import chatgpt, chatgpt_node, write_zip
from intake import MOMENT, Intake

from mash.runs import merge, read
from moonshine_assets.gates import Verdict
from moonshine_assets.mash.gates import mash_gates, merge_idempotent
from moonshine_assets.mash.merge import Merge, RunFacts
from moonshine_assets.mash.rollback import rollback_run
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.publish import publish_database
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

FIRST = "chatgpt_20260131_120000"
SECOND = "chatgpt_20260201_120000"


def rating(message_id: str, thumb: str = "thumbs_up", conversation_id: str = "talk") -> dict[str, Any]:
    return {"id": message_id, "conversation_id": conversation_id, "rating": thumb, "content": "{}"}


def variants(choice: str, updated: float) -> dict[str, Any]:
    nodes = [
        chatgpt_node("u", None, "user", "Which?"),
        chatgpt_node("a", "u", "assistant", "This"),
        chatgpt_node("b", "u", "assistant", "That"),
    ]
    nodes[0]["message"]["metadata"] = {"paragen_variant_choice": choice}
    return chatgpt("choice", nodes=nodes, current="a", updated=updated)


def exported(intake: Intake, folder: Path, conversations: list[dict[str, Any]], ratings: Any, day: int = 0) -> RunFacts:
    """A published run of an export with a feedback file."""
    members = {"conversations.json": conversations, "message_feedback.json": ratings}
    folder.mkdir(exist_ok=True)
    return published(intake, write_zip(folder / f"export-{day}.zip", members), day)


def published(intake: Intake, path: Path, day: int) -> RunFacts:
    run = intake.registered(path, MOMENT + timedelta(days=day))
    build_draft(run, read_lock(run), secure(run).path, intake.count_many)
    manifest = publish_database(run, read_lock(run), "2026-01-31T12:00:00Z")
    return RunFacts(run.run_id, run.provider, run.database, manifest["database_sha256"], 1, 1)


def counts(merged: Merge) -> tuple[int, ...]:
    return next(tuple(table)[1:6] for table in merged.tables if table.table == "feedback")


def verdicts(home: Home) -> list[Verdict]:
    with connect(home.mash, read_only=True) as connection:
        return mash_gates(connection)


def test_feedback_is_merged_and_merging_again_writes_nothing(intake: Intake, tmp_path: Path) -> None:
    run = exported(intake, tmp_path, [chatgpt("talk"), variants("b", 1.7e9)], [rating("talk-1"), rating("gone"), 5])
    assert counts(merge(intake.home, run)) == (4, 0, 0, 0, 0)
    assert merge(intake.home, run).written == 0
    assert read(intake.home, "SELECT kind, joined, count(*) FROM main.feedback GROUP BY ALL ORDER BY ALL") == [
        ("preference", True, 1),
        ("rating", False, 1),
        ("rating", True, 1),
        ("unknown", False, 1),
    ]
    assert read(intake.home, "SELECT message_id FROM main.messages WHERE feedback = 'up'") == [("talk-1",)]
    assert all(verdict.passed for verdict in verdicts(intake.home))
    with connect(intake.home.mash, read_only=True) as connection:
        assert merge_idempotent(connection, run).passed


def test_feedback_of_a_superseded_conversation_is_superseded_with_it(intake: Intake, tmp_path: Path) -> None:
    ratings = [rating("talk-1"), rating("elsewhere", conversation_id="never-exported"), {"odd": 1}]
    first = exported(intake, tmp_path, [chatgpt("talk"), variants("a", 1.7e9)], ratings)
    grown = chatgpt("talk", ["How far is the moon?", "About 384,400 km.", "And the sun?", "Far."], updated=1.8e9)
    second = exported(intake, tmp_path, [grown, variants("b", 1.8e9)], [rating("talk-1", "thumbs_down")], day=1)
    merge(intake.home, first)
    assert counts(merge(intake.home, second)) == (2, 0, 0, 2, 0)
    current = "SELECT provider_run_id, kind, message_id, value FROM main.feedback ORDER BY ALL"
    assert read(intake.home, current) == [
        (FIRST, "rating", "elsewhere", "up"),
        (FIRST, "unknown", None, None),
        (SECOND, "preference", "b", "chosen"),
        (SECOND, "rating", "talk-1", "down"),
    ]
    assert read(intake.home, "SELECT count(*) FROM store.feedback") == [(6,)]
    assert read(intake.home, "SELECT feedback FROM main.messages WHERE message_id = 'talk-1'") == [("down",)]
    assert all(verdict.passed for verdict in verdicts(intake.home))


def test_the_order_of_merging_does_not_matter_for_what_is_current(tmp_path: Path) -> None:
    origin = Intake(Home.at(tmp_path / "origin"))
    runs = [
        exported(origin, tmp_path, [chatgpt("talk", updated=1.6e9)], [rating("talk-1"), {"odd": 1}]),
        exported(origin, tmp_path, [chatgpt("talk", updated=1.8e9)], [rating("talk-1", "thumbs_down")], day=1),
    ]
    found = []
    for rank, order in enumerate((runs, runs[::-1])):
        home = Home.at(tmp_path / str(rank))
        for run in order:
            merge(home, run)
        found.append(read(home, "SELECT provider_run_id, feedback_id, superseded_by FROM store.feedback ORDER BY ALL"))
    assert found[0] == found[1]


def test_feedback_that_a_rebuilt_run_no_longer_has_is_removed(intake: Intake, tmp_path: Path) -> None:
    run = exported(intake, tmp_path, [chatgpt("talk")], [rating("talk-1"), rating("gone")])
    merge(intake.home, run)
    other = Intake(Home.at(tmp_path / "other"))
    rebuilt = exported(other, tmp_path / "other", [chatgpt("talk")], [rating("talk-1", "thumbs_down")])
    assert rebuilt.run_id == run.run_id
    assert counts(merge(intake.home, rebuilt)) == (0, 1, 0, 0, 1)
    assert read(intake.home, "SELECT value FROM main.feedback") == [("down",)]


def bare(intake: Intake, folder: Path, conversations: list[dict[str, Any]], day: int) -> RunFacts:
    """A published run of an export without a feedback file."""
    folder.mkdir(exist_ok=True)
    path = write_zip(folder / f"export-{day}.zip", {"conversations.json": conversations})
    return published(intake, path, day)


def test_ratings_hold_when_the_newer_export_has_no_file_of_them(intake: Intake, tmp_path: Path) -> None:
    ratings = [rating("talk-1"), rating("a", "thumbs_down", "choice")]
    first = exported(intake, tmp_path, [chatgpt("talk"), variants("a", 1.7e9)], ratings)
    grown = chatgpt("talk", ["How far is the moon?", "About 384,400 km.", "And the sun?", "Far."], updated=1.8e9)
    merge(intake.home, first)
    second = bare(intake, tmp_path, [grown, variants("b", 1.8e9)], 1)
    merge(intake.home, second)
    current = "SELECT provider_run_id, kind, message_id, value FROM main.feedback ORDER BY ALL"
    assert read(intake.home, current) == [
        (FIRST, "rating", "a", "down"),
        (FIRST, "rating", "talk-1", "up"),
        (SECOND, "preference", "b", "chosen"),
    ], "what stands in the conversation goes with its version"
    rated = "SELECT provider_run_id, message_id, feedback FROM main.messages WHERE feedback IS NOT NULL ORDER BY ALL"
    assert read(intake.home, rated) == [(SECOND, "a", "down"), (SECOND, "talk-1", "up")]
    assert all(verdict.passed for verdict in verdicts(intake.home))
    assert merge(intake.home, second).written == 0


def test_a_later_file_of_ratings_is_the_one_that_counts(intake: Intake, tmp_path: Path) -> None:
    first = exported(intake, tmp_path, [chatgpt("talk")], [rating("talk-1")])
    second = bare(intake, tmp_path, [chatgpt("talk", updated=1.8e9)], 1)
    third = exported(intake, tmp_path, [chatgpt("talk", updated=1.9e9)], [], day=2)
    for run in (third, first, second):
        merge(intake.home, run)
        assert all(verdict.passed for verdict in verdicts(intake.home))
    assert read(intake.home, "SELECT count(*) FROM main.feedback") == [(0,)], "the rating was taken back"
    assert read(intake.home, "SELECT superseded_by FROM store.feedback") == [(third.run_id,)]
    with connect(intake.home.mash, read_only=False) as connection:
        rollback_run(connection, "chatgpt", third.run_id, moment=MOMENT, reason="test", gates=mash_gates)
    assert read(intake.home, "SELECT feedback FROM main.messages WHERE message_id = 'talk-1'") == [("up",)]
