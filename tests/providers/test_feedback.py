"""Ratings, preferences and comparisons of an export, joined to the messages of its run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node, claude, write_zip
from intake import Intake, content_hash, query

from moonshine_assets.exports.adapters import claude as claude_adapter
from moonshine_resources.home import RunPaths


def rating(message_id: str, conversation_id: str = "talk", thumb: str = "thumbs_up", **more: Any) -> dict[str, Any]:
    return {"id": message_id, "conversation_id": conversation_id, "rating": thumb, "content": "{}", **more}


def drafted(intake: Intake, tmp_path: Path, conversations: list[dict[str, Any]], **sidecars: Any) -> RunPaths:
    """A draft whose gates all hold; sidecars by their name without `.json`."""
    members = {"conversations.json": conversations, **{f"{name}.json": value for name, value in sidecars.items()}}
    run = intake.drafted(write_zip(tmp_path / "export.zip", members))
    assert [verdict for verdict in intake.gates(run).values() if not verdict.passed] == []
    return run


def stated(run: RunPaths, columns: str = "conversation_id, message_id, value, joined") -> list[tuple[Any, ...]]:
    order = "source_member, length(feedback_id), feedback_id"
    return query(run.database_draft, f"SELECT {columns} FROM main.feedback ORDER BY {order}")


def rated(run: RunPaths) -> dict[str, str]:
    found = query(run.database_draft, "SELECT message_id, feedback FROM main.messages WHERE feedback IS NOT NULL")
    return dict(found)


def aliased(node_id: str, parent: str | None, own_id: str) -> dict[str, Any]:
    node = chatgpt_node(node_id, parent, "assistant", f"Answer {node_id}")
    node["message"]["id"] = own_id
    return node


def test_sixteen_of_sixteen_ratings_find_their_message_though_five_name_their_conversation(
    intake: Intake, tmp_path: Path
) -> None:
    conversations = [chatgpt(f"talk-{rank}", ["Why?", "So.", "And?", "Thus."]) for rank in range(8)]
    ratings = [
        rating(f"talk-{rank // 2}-{1 + 2 * (rank % 2)}", f"talk-{rank // 2}" if rank < 5 else f"gone-{rank}")
        for rank in range(16)
    ]
    run = drafted(intake, tmp_path, conversations, message_feedback=ratings)
    found = stated(run)
    assert len(found) == 16
    assert all(joined for *_, joined in found)
    assert {conversation for conversation, *_ in found} == {f"talk-{rank}" for rank in range(8)}
    assert rated(run) == dict.fromkeys((entry["id"] for entry in ratings), "up")


def test_a_message_is_found_by_its_node_id_and_else_by_its_alias(intake: Intake, tmp_path: Path) -> None:
    nodes = [
        chatgpt_node("u", None, "user", "Hi"),
        aliased("n1", "u", "own-1"),
        aliased("n2", "n1", "own-2"),
        aliased("own-2x", "n2", "n1"),
    ]
    ratings = [rating("own-1"), rating("n2", thumb="thumbsDown"), rating("n1")]
    run = drafted(intake, tmp_path, [chatgpt("talk", nodes=nodes, current="n2")], message_feedback=ratings)
    assert stated(run) == [("talk", "n1", "up", True), ("talk", "n2", "down", True), ("talk", "n1", "up", True)]
    assert rated(run) == {"n1": "up", "n2": "down"}


def test_an_id_of_several_conversations_is_that_of_the_one_named_or_of_none(intake: Intake, tmp_path: Path) -> None:
    def shared(name: str) -> dict[str, Any]:
        return chatgpt(name, nodes=[chatgpt_node("q", None, "user", "Hi"), chatgpt_node("a", "q", "assistant", name)])

    run = drafted(
        intake, tmp_path, [shared("one"), shared("two")], message_feedback=[rating("a", "two"), rating("a", "three")]
    )
    assert stated(run) == [("two", "a", "up", True), ("three", "a", "up", False)]
    rows = query(run.database_draft, "SELECT conversation_id FROM main.messages WHERE feedback = 'up'")
    assert rows == [("two",)]


def test_a_message_that_is_not_there_is_joined_to_nothing_not_even_by_its_conversation(
    intake: Intake, tmp_path: Path
) -> None:
    run = drafted(intake, tmp_path, [chatgpt("talk")], message_feedback=[rating("gone"), {"odd": 1}, 5])
    assert stated(run, "kind, conversation_id, message_id, joined") == [
        ("rating", "talk", "gone", False),
        ("unknown", None, None, False),
        ("unknown", None, None, False),
    ]
    assert rated(run) == {}


def test_comment_and_tags_are_in_the_table_and_in_no_verdict(intake: Intake, tmp_path: Path) -> None:
    content = json.dumps({"text": "Ganz falsch \ud83d", "tags": ["wrong"]})
    run = drafted(intake, tmp_path, [chatgpt("talk")], message_feedback=[rating("talk-1", content=content)])
    assert stated(run, "comment, tags, feedback_id") == [("Ganz falsch \ufffd", ["wrong"], "message_feedback.json#0")]
    intake.change_draft(run, "UPDATE store.feedback SET message_id = 'nowhere', kind = 'praise'")
    verdicts = intake.gates(run)
    assert [gate for gate, verdict in verdicts.items() if not verdict.passed] == ["receipt_balances", "schema"]
    assert "Ganz falsch" not in str(verdicts)


def test_the_latest_of_several_ratings_is_the_messages(intake: Intake, tmp_path: Path) -> None:
    timeless = [rating("talk-3", thumb="thumbsUp") for _ in range(10)] + [rating("talk-3", thumb="thumbsDown")]
    timed = [
        rating("talk-1", thumb="thumbs_down", create_time="2025-02-01T00:00:00Z"),
        rating("talk-1", create_time="2025-01-01T00:00:00Z"),
    ]
    conversation = chatgpt("talk", ["Why?", "So.", "And?", "Thus."])
    run = drafted(intake, tmp_path, [conversation], message_feedback=[*timed, *timeless])
    assert rated(run) == {"talk-1": "down", "talk-3": "down"}
    assert len(stated(run)) == 13


def test_a_comparison_joins_both_messages(intake: Intake, tmp_path: Path) -> None:
    nodes = [chatgpt_node("u", None, "user", "Hi"), aliased("n1", "u", "own-1"), aliased("n2", "u", "own-2")]
    entry = {"conversation_id": "gone", "original_message_id": "own-1", "new_message_id": "own-2", "rating": "new"}
    half = {**entry, "new_message_id": "never-kept", "rating": "original"}
    run = drafted(intake, tmp_path, [chatgpt("talk", nodes=nodes, current="n2")], model_comparisons=[entry, half])
    assert stated(run, "conversation_id, message_id, other_message_id, value, joined") == [
        ("talk", "n2", "n1", "new", True),
        ("talk", "n1", "never-kept", "original", True),
    ]
    assert rated(run) == {}, "a comparison is no rating"


def variants(name: str, choice: str, updated: float = 1.7e9) -> dict[str, Any]:
    nodes = [
        chatgpt_node("u", None, "user", "Which?"),
        chatgpt_node("a", "u", "assistant", "This"),
        chatgpt_node("b", "u", "assistant", "That"),
    ]
    nodes[0]["message"]["metadata"] = {"paragen_variant_choice": choice}
    return chatgpt(name, nodes=nodes, current="a", updated=updated)


def test_a_choice_in_the_mapping_is_a_row_of_its_conversation(intake: Intake, tmp_path: Path) -> None:
    run = drafted(intake, tmp_path, [chatgpt("plain"), variants("talk", "b"), variants("lost", "gone")])
    assert stated(run, "feedback_id, conversation_id, message_id, other_message_id, value, joined") == [
        ("conversations.json#1/0", "talk", "b", "a", "chosen", True),
        ("conversations.json#2/0", "lost", "gone", None, "chosen", False),
    ]


def test_a_newer_copy_of_a_conversation_brings_its_own_choices_and_keeps_its_ratings(
    intake: Intake, tmp_path: Path
) -> None:
    copies = [variants("talk", "a"), variants("talk", "b", updated=1.8e9)]
    run = drafted(intake, tmp_path, copies, message_feedback=[rating("b")])
    assert stated(run, "kind, message_id, joined") == [("preference", "b", True), ("rating", "b", True)]


@pytest.mark.parametrize(
    ("said", "rows", "column"),
    [
        ("up", [("rating", "up", None, None, [], None)], "up"),
        ({"kind": "rating", "value": "down"}, [("rating", "down", None, None, [], None)], "down"),
        (
            {"kind": "rating", "value": "up", "details": {"comment": "Nice", "tags": ["a"], "tag": "b", "score": 9}},
            [("rating", "up", None, "Nice", ["b", "a"], '{"score":9}')],
            "up",
        ),
        (
            {"kind": "rating", "value": None, "details": {"text": "Hm"}},
            [("rating", None, None, "Hm", [], None)],
            None,
        ),
        ({"kind": "preference", "chosen": False}, [("preference", "rejected", None, None, [], None)], None),
        (
            {"kind": "preference", "chosen": True, "details": {"preferenceOver": ["x", "y"]}},
            [
                ("preference", "chosen", "x", None, [], '{"preferenceOver":["x","y"]}'),
                ("preference", "chosen", "y", None, [], '{"preferenceOver":["x","y"]}'),
            ],
            None,
        ),
        (
            {"kind": "preference", "chosen": False, "details": {"preferred": "x"}},
            [("preference", "rejected", "x", None, [], '{"preferred":"x"}')],
            None,
        ),
        ("{cut", [("unknown", None, None, None, [], '"{cut"')], None),
        ("[1]", [("unknown", None, None, None, [], '"[1]"')], None),
        ({"kind": "rating", "value": 5, "details": "odd"}, [("rating", None, None, None, [], None)], None),
    ],
)
def test_feedback_beside_a_message_becomes_rows(
    intake: Intake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: Any,
    rows: list[tuple[Any, ...]],
    column: str | None,
) -> None:
    plain = claude_adapter.parse

    def with_feedback(*arguments: Any) -> Any:
        parsed = plain(*arguments)
        message = parsed.nodes[-1].message
        assert message is not None
        message.feedback = said if isinstance(said, str) else json.dumps(said)
        return parsed

    monkeypatch.setattr(claude_adapter, "parse", with_feedback)
    run = intake.drafted(write_zip(tmp_path / "export.zip", {"conversations.json": [claude("talk")]}))
    assert [verdict for verdict in intake.gates(run).values() if not verdict.passed] == []
    assert stated(run, "kind, value, other_message_id, comment, tags, payload::VARCHAR") == rows
    assert {joined for (joined,) in stated(run, "joined")} == {True}
    assert rated(run) == ({"talk-1": column} if column else {})


@pytest.mark.parametrize("data", [b"", b"[{", b"\xff\xfe", b"[" * 100_000, b"5", b"{}", b"null"])
def test_a_feedback_file_of_anything_is_accounted_for_and_stops_nothing(
    intake: Intake, tmp_path: Path, data: bytes
) -> None:
    run = drafted(intake, tmp_path, [chatgpt("talk")], message_feedback=data, model_comparisons=data)
    assert {kind for (kind,) in stated(run, "kind")} == {"unknown"}
    receipt = query(
        run.database_draft,
        "SELECT member_role, bytes_sidecar FROM main.receipts WHERE member = 'message_feedback.json'",
    )
    assert receipt == [("sidecar", len(data))]


def test_the_same_bytes_give_the_same_feedback_every_time(tmp_path: Path, intake: Intake) -> None:
    export = [variants("talk", "b"), chatgpt("other")]
    run = drafted(intake, tmp_path, export, message_feedback=[rating("other-1"), rating("a")])
    first = content_hash(run.database_draft)
    assert (
        content_hash(
            drafted(intake, tmp_path, export, message_feedback=[rating("other-1"), rating("a")]).database_draft
        )
        == first
    )
    ((rows, identities),) = query(run.database_draft, "SELECT count(*), count(DISTINCT record_uid) FROM store.feedback")
    assert rows == identities == 3
