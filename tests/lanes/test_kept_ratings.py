"""Ratings of an older export that a newer one says nothing of reach the lanes with the newest version."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from distill.corpus import POLICY, WORD_COUNTER
from exporting import chatgpt, chatgpt_node, write_zip
from intake import MOMENT, Intake
from mash.runs import merge

from moonshine_assets.distill.clean import clean
from moonshine_assets.lanes.reading import exchanges, read
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.publish import publish_database
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources.duckdb import connect

COMPARED = {
    "message_id": "x",
    "conversation_id": "talk",
    "original_message_id": "a",
    "new_message_id": "b",
    "rating": "new",
    "message_metadatas": {},
}


def talk(updated: float) -> dict[str, Any]:
    nodes = [
        chatgpt_node("u", None, "user", "Which?"),
        chatgpt_node("a", "u", "assistant", "This one"),
        chatgpt_node("b", "u", "assistant", "That one"),
    ]
    return chatgpt("talk", nodes=nodes, current="a", updated=updated)


def run(intake: Intake, folder: Path, members: dict[str, Any], day: int) -> RunFacts:
    registered = intake.registered(write_zip(folder / f"export-{day}.zip", members), MOMENT + timedelta(days=day))
    build_draft(registered, read_lock(registered), secure(registered).path, intake.count_many)
    manifest = publish_database(registered, read_lock(registered), "2026-01-31T12:00:00Z")
    return RunFacts(registered.run_id, registered.provider, registered.database, manifest["database_sha256"], 1, 1)


def stated(intake: Intake) -> dict[str, tuple[str | None, list[list[str | None]]]]:
    """What the lanes read of each model's answer: its rating and its choices."""
    with connect(intake.home.mash, read_only=False) as connection:
        clean(connection, POLICY, WORD_COUNTER)
    with connect(intake.home.mash, read_only=True) as connection:
        (conversation,) = read(connection, exchanges(connection))
    return {
        turn.message_id: (turn.rating, [list(choice) for choice in turn.choices])
        for turn in conversation.turns
        if turn.is_model
    }


def test_a_newer_export_without_files_of_ratings_leaves_them_to_the_lanes(intake: Intake, tmp_path: Path) -> None:
    ratings = [{"id": "a", "conversation_id": "talk", "rating": "thumbs_down", "content": "{}"}]
    members = {
        "conversations.json": [talk(1.7e9)],
        "message_feedback.json": ratings,
        "model_comparisons.json": [COMPARED],
    }
    merge(intake.home, run(intake, tmp_path, members, 0))
    before = stated(intake)
    assert before == {"a": ("down", []), "b": (None, [["new", "a"]])}
    merge(intake.home, run(intake, tmp_path, {"conversations.json": [talk(1.8e9)]}, 1))
    assert stated(intake) == before
