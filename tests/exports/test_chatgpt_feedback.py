"""ChatGPT's feedback files in their generations, and the choice between two answers in a prompt's metadata."""

from __future__ import annotations

import json
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.adapters.chatgpt import feedback, parse, sidecar
from moonshine_assets.exports.records import ExportContext, FeedbackRecord

RATINGS = "message_feedback.json"
COMPARISONS = "model_comparisons.json"


def entries(member: str, value: Any) -> list[FeedbackRecord]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(feedback({member: data}.get, {member: len(data), "conversations.json": 9}))


def turn(message_id: str, words: str) -> list[dict[str, Any]]:
    return [{"id": message_id, "author": {"role": "assistant"}, "content": {"content_type": "text", "parts": [words]}}]


def compared(rating: str) -> dict[str, Any]:
    return {
        "input": {"prompt_convo": {"messages": turn("question", "Which?")}, "conversation_id": "talk"},
        "output": {
            "feedback_step_1": {"rating": "none", "critique_text": "Too long", "tags": ["length"]},
            "feedback_step_2": {
                "original_turn": [*turn("search", ""), *turn("old", "One answer")],
                "new_turn": turn("new", "Another answer"),
                "completion_comparison_rating": rating,
            },
        },
    }


FIRST = {"message_id": "m", "conversation_id": "talk", "user_id": "user-1", "rating": "thumbsUp", "content": "{}"}
SECOND = {
    "id": "m",
    "conversation_id": "talk",
    "user_id": "user-1",
    "rating": "thumbsDown",
    "create_time": "2023-12-08T06:34:54.045039+00:00",
    "workspace_id": None,
    "content": '{"text": "Not quite", "tags": ["wrong", "slow"]}',
    "storage_protocol": "zstd::1.5.5.1",
}
THIRD = {
    **SECOND,
    "rating": "thumbs_up",
    "create_time": "2025-04-23T05:18:58.265101Z",
    "evaluation_name": "trial",
    "content": '{"text": "", "tags": [], "tag_choices": ["helpful"]}',
}


@pytest.mark.parametrize(
    ("entry", "value", "comment", "tags", "created_at"),
    [
        (FIRST, "up", None, [], None),
        (SECOND, "down", "Not quite", ["wrong", "slow"], 1_702_017_294_045_039),
        (THIRD, "up", None, [], 1_745_385_538_265_101),
    ],
    ids=["until 2023-07", "2023-08 to 2024", "from 2024-09"],
)
def test_each_generation_of_ratings_names_its_message(
    entry: dict[str, Any], value: str, comment: str | None, tags: list[str], created_at: int | None
) -> None:
    (found,) = entries(RATINGS, [entry])
    assert (found.kind, found.value, found.message_id, found.conversation_id) == ("rating", value, "m", "talk")
    assert (found.comment, found.tags, found.created_at) == (comment, tags, created_at)
    assert found.source_member == RATINGS
    assert "user-1" not in (found.payload or "")


def test_what_has_no_column_stays_in_the_payload() -> None:
    (found,) = entries(RATINGS, [THIRD])
    payload = json.loads(found.payload or "")
    assert payload["content"]["tag_choices"] == ["helpful"]
    assert (payload["evaluation_name"], payload["rating"]) == ("trial", "thumbs_up")


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ('{"text": "cut', "cut"),
        ("", ""),
        ("plain words", "plain words"),
        (5, "5"),
        (None, ""),
        (["x"], '["x"]'),
        ('"text"', '"text"'),
        ('{"text": {"a": 1}}', '{"text":{"a":1}}'),
        ('{"tags": ["a", 1]}', '{"tags":["a",1]}'),
    ],
)
def test_a_content_that_is_no_object_with_text_does_not_cost_the_rating(content: Any, kept: str) -> None:
    (found,) = entries(RATINGS, [{**FIRST, "content": content}])
    assert (found.kind, found.value, found.comment, found.tags) == ("rating", "up", None, [])
    assert kept in (found.payload or "")


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ({**compared("new"), "id": "c", "user_id": "user-1", "create_time": 1693407275.5}, "2023"),
        (
            {
                "id": "c",
                "conversation_id": "talk",
                "create_time": "2023-08-30T14:54:35.5Z",
                "content": {**compared("new"), "metadata": {"cf_headers": {"cf-ipcity": "Anytown"}, "is_paid": True}},
                "storage_protocol": "zstd",
            },
            "2024",
        ),
        (
            {
                "id": "c",
                "conversation_id": "talk",
                "create_time": "2023-08-30T14:54:35.5Z",
                "content": json.dumps(compared("new")),
            },
            "2024, content as a string",
        ),
    ],
)
def test_self_contained_comparisons_keep_both_turns(entry: dict[str, Any], source: str) -> None:
    (found,) = entries(COMPARISONS, [entry])
    assert (found.kind, found.value, found.conversation_id) == ("comparison", "new", "talk"), source
    assert (found.message_id, found.other_message_id) == ("new", "old")
    assert (found.comment, found.tags, found.created_at) == ("Too long", ["length"], 1_693_407_275_500_000)
    for words in ("Which?", "One answer", "Another answer"):
        assert words in (found.payload or "")
    assert "Anytown" not in (found.payload or "")


@pytest.mark.parametrize(
    ("rating", "message", "other"),
    [
        ("new", "b", "a"),
        ("original", "a", "b"),
        ("same", "a", "b"),
        ("skip", "a", "b"),
        ("partial_load_comparison_original", "a", "b"),
        ("partial_load_comparison_new", "b", "a"),
    ],
)
def test_flat_comparisons_put_the_preferred_message_first(rating: str, message: str, other: str) -> None:
    entry = {"message_id": "x", "conversation_id": "talk", "original_message_id": "a", "new_message_id": "b"}
    (found,) = entries(COMPARISONS, [{**entry, "rating": rating, "message_metadatas": {"a": {"load_end_time": 1}}}])
    assert (found.kind, found.value) == ("comparison", rating)
    assert (found.message_id, found.other_message_id) == (message, other)


@pytest.mark.parametrize("member", [RATINGS, COMPARISONS])
@pytest.mark.parametrize(
    "entry",
    [
        {"stars": 5, "message_id": "m", "conversation_id": "talk"},
        {"message_id": "m", "rating": "meh"},
        {"rating": "thumbsUp"},
        {"id": "c", "output": {"feedback_step_2": {"completion_comparison_rating": "new"}}},
        {"id": "c", "content": '{"output": 5}'},
        "a string",
        7,
        None,
        ["thumbsUp"],
    ],
)
def test_an_entry_of_no_known_generation_is_kept_as_it_stands(member: str, entry: Any) -> None:
    found = entries(member, [FIRST, entry, FIRST])
    assert len(found) == 3
    assert (found[1].kind, json.loads(found[1].payload or "")) == ("unknown", entry)


@pytest.mark.parametrize("member", [RATINGS, COMPARISONS])
@pytest.mark.parametrize(
    "data", [b"version https://git-lfs", b'[{"id": "m"', b"\xff\xfe[", b"", b"[" * 100_000, b'[{"id": "\\ud83d"}]']
)
def test_a_file_that_is_no_json_costs_itself_alone(member: str, data: bytes) -> None:
    (found,) = entries(member, data)
    assert found.kind == "unknown"
    assert found.payload is not None
    found.payload.encode()


def test_a_file_that_cannot_be_read_costs_itself_alone() -> None:
    def read(member: str) -> bytes:
        raise BadInput("damaged", where=member)

    assert [found.kind for found in feedback(read, {RATINGS: 5})] == ["unknown"]


def test_numbered_parts_and_folders_are_read_and_still_sidecars() -> None:
    members = {f"export/message_feedback-{rank:03}.json": json.dumps([FIRST]).encode() for rank in range(2)}
    found = list(feedback(members.get, {name: len(data) for name, data in members.items()}))
    assert [record.source_member for record in found] == list(members)
    assert all(sidecar(name) for name in members)


def side_by_side(choice: Any, *more: dict[str, Any], info: Any = None) -> list[FeedbackRecord]:
    """A prompt with two variants (a1 below a thinking node) and what it says was chosen."""
    nodes = [
        chatgpt_node("u1", None, "user", "Which is better?"),
        chatgpt_node("t1", "u1", "system", ""),
        chatgpt_node("a1", "t1", "assistant", "This one."),
        chatgpt_node("a2", "u1", "assistant", "That one."),
        chatgpt_node("u2", "a1", "user", "Thanks."),
        *more,
    ]
    nodes[0]["message"]["metadata"] = {
        "paragen_variants_info": info or {"type": "num_variants_in_stream", "num_variants_in_stream": 2},
        "paragen_variant_choice": choice,
    }
    return parse(json.dumps(chatgpt("talk", nodes=nodes, current="u2")).encode(), ExportContext()).feedback


@pytest.mark.parametrize(
    ("choice", "other"),
    [("a1", "a2"), ("a2", "a1"), ("t1", "a2"), ("u2", "a2")],
    ids=["1st", "2nd", "on the way", "after"],
)
def test_a_choice_between_variants_names_the_answer_that_lost(choice: str, other: str) -> None:
    (found,) = side_by_side(choice)
    assert (found.kind, found.value) == ("preference", "chosen")
    assert (found.message_id, found.other_message_id) == (choice, other)


def test_a_choice_by_the_messages_own_id_is_that_of_its_node() -> None:
    node = chatgpt_node("a3", "u1", "assistant", "The other.")
    node["message"]["id"] = "own-id"
    (found,) = side_by_side("own-id", node)
    assert (found.message_id, found.other_message_id) == ("a3", "a1")


def test_an_answer_generated_again_later_is_no_variant() -> None:
    (found,) = side_by_side("a1", chatgpt_node("a3", "u1", "assistant", "Once more."))
    assert found.other_message_id == "a2"


def test_of_three_variants_the_chosen_one_beat_two() -> None:
    third = chatgpt_node("a3", "u1", "assistant", "Third.")
    found = side_by_side("a2", third, info={"num_variants_in_stream": 3})
    assert [record.other_message_id for record in found] == ["a1", "a3"]


@pytest.mark.parametrize(("choice", "count"), [("gone", 1), (None, 0), ("", 0), ([], 0), ({"a": 1}, 0)])
def test_a_choice_that_leads_nowhere_is_kept_and_none_is_no_row(choice: Any, count: int) -> None:
    found = side_by_side(choice, info="odd")
    assert [(record.message_id, record.other_message_id) for record in found] == [("gone", None)] * count


def test_a_choice_is_read_where_the_mapping_does_not_fit() -> None:
    broken = chatgpt_node("odd", "a1", "user", "x")
    broken["message"]["metadata"] = "no object"
    (found,) = side_by_side("a1", broken)
    assert found.other_message_id == "a2"
