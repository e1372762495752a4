"""DPO lane, tier D1: what the person said of two answers decides, and a pair is there once."""

from __future__ import annotations

from typing import Any

import pytest
from distill.corpus import MINUTE, START, conversation, human, injected, model

from lanes.build import POLICY, built
from lanes.test_dpo import GOOD, POOR
from moonshine_assets.exports.records import Block, FeedbackRecord, Node, ParsedConversation

THIRD = " ".join(f"word{rank}" for rank in range(30))


def preferred(one: str, other: str | None, kind: str = "preference", value: str = "chosen") -> FeedbackRecord:
    return FeedbackRecord(kind, value, message_id=one, other_message_id=other)


def rated(
    a: str | None = None, b: str | None = None, /, *stated: FeedbackRecord, **changes: Node
) -> ParsedConversation:
    """u1 with the answers a and b and their thumbs; the person went on from a. `changes` replace or add nodes."""
    nodes = {
        "u1": human("u1", None, "How do gorges form?"),
        "a": model("a", "u1", GOOD, feedback=a),
        "b": model("b", "u1", POOR, feedback=b),
        "u2": human("u2", "a", "And how long does it take?"),
        "a2": model("a2", "u2", "Some million years."),
    }
    parsed = conversation("c1", *{**nodes, **changes}.values(), current="a2")
    parsed.feedback = list(stated)
    return parsed


def sides(parsed: ParsedConversation) -> tuple[str, str, str]:
    """Signal, chosen and rejected answer of the only row."""
    (row,) = built("dpo", parsed).rows
    names = {GOOD: "a", POOR: "b", THIRD: "c"}
    return row["signal"], names[row["chosen"][0]["content"]], names[row["rejected"][0]["content"]]


@pytest.mark.parametrize(
    ("parsed", "chosen", "rejected"),
    [
        (rated("up", "down"), "a", "b"),
        (rated("down", "up"), "b", "a"),
        (rated(None, None, preferred("a", "b")), "a", "b"),
        (rated(None, None, preferred("b", "a")), "b", "a"),
        (rated(None, None, preferred("b", "a", "comparison", "new")), "b", "a"),
        (rated(None, None, preferred("b", "a", "comparison", "original")), "b", "a"),
        (rated(None, None, preferred("b", None)), "b", "a"),
        (rated(None, None, preferred("b", None, value="rejected")), "a", "b"),
        (rated(None, None, preferred("b", "a", value="rejected")), "a", "b"),
    ],
    ids=[
        "thumbs",
        "thumbs against the path",
        "1st",
        "2nd",
        "new",
        "original",
        "over the only other",
        "left",
        "left for",
    ],
)
def test_what_was_said_decides(parsed: ParsedConversation, chosen: str, rejected: str) -> None:
    assert sides(parsed) == ("rated_pair", chosen, rejected)


@pytest.mark.parametrize(
    "parsed",
    [
        rated(),
        rated("up"),
        rated(None, "up"),
        rated(None, "down"),
        rated("down", "down"),
        rated(None, None, preferred("b", "a", "comparison", "skip")),
        rated(None, None, preferred("b", "a", "comparison", "same")),
        rated(None, None, preferred("b", "a", "comparison", "partial_load_comparison_original")),
        rated(None, None, preferred("b", "gone")),
        rated(None, None, preferred("gone", "a")),
        rated(None, None, preferred("u1", "a")),
        rated(None, None, preferred("u2", "b")),
        rated(None, None, preferred("a", "a")),
        rated(None, None, preferred("b", None), c=model("c", "u1", THIRD)),
        rated(None, None, FeedbackRecord("unknown", message_id="b", other_message_id="a", payload="{}")),
    ],
)
def test_where_nothing_was_said_of_two_answers_the_next_tier_is_as_it_was(parsed: ParsedConversation) -> None:
    (row,) = built("dpo", parsed).rows
    assert (row["signal"], row["chosen"][0]["content"]) == ("regen_continued", GOOD)
    assert row["label_confidence"] == POLICY.lanes.dpo.label_confidence


def test_a_rated_row_has_the_confidence_of_its_tier_and_names_its_messages() -> None:
    (row,) = built("dpo", rated("down", "up")).rows
    assert row["label_confidence"] == POLICY.lanes.dpo.rated_pair_confidence == 0.95
    assert row["node_ids"] == ["u1", "b", "a"]
    assert row["prompt"] == [{"role": "user", "content": "How do gorges form?"}]


def test_a_pair_both_tiers_would_find_is_there_once() -> None:
    assert built("dpo", rated()).rows[0]["node_ids"] == built("dpo", rated("up", "down")).rows[0]["node_ids"]
    parsed = rated("up", "down", preferred("a", "b"), preferred("a", "b", "comparison", "original"))
    result = built("dpo", parsed)
    assert (len(result.rows), result.candidates) == (1, 1)


def test_a_prompt_gives_one_row_however_many_pairs_were_stated() -> None:
    third = {"c": model("c", "u1", THIRD, feedback="down")}
    assert sides(rated("up", "down", **third)) == ("rated_pair", "a", "b")


def test_a_pair_that_is_fit_is_found_behind_one_that_is_not() -> None:
    third = {"b": model("b", "u1", "Too short", feedback="down"), "c": model("c", "u1", THIRD, feedback="down")}
    assert sides(rated("up", **third)) == ("rated_pair", "a", "c")


def test_a_choice_may_name_a_message_on_the_way_to_the_answer_or_behind_it() -> None:
    way: dict[str, Any] = {
        "t": injected("t", "u1", "context", role="system"),
        "b": model("b", "t", POOR),
        "n": model("n", "b", None, Block("thinking", "Done")),
    }
    for named in ("t", "n"):
        assert sides(rated(None, None, preferred(named, "a"), **way)) == ("rated_pair", "b", "a")


@pytest.mark.parametrize(
    ("parsed", "reason"),
    [
        (rated("up", "down", preferred("b", "a")), "contradictory_ratings"),
        (rated(None, None, preferred("b", "a"), preferred("a", "b")), "contradictory_ratings"),
        (rated("up", b=model("b", "u1", "Too short", feedback="down")), "too_short"),
        (rated("up", b=model("b", "u1", GOOD, feedback="down")), "too_similar"),
        (rated("up", b=model("b", "u1", POOR, status="in_progress", feedback="down")), "incomplete_answer"),
        (rated("up", "down", u1=human("u1", None, "How?", files=1)), "prompt_not_text_only"),
    ],
)
def test_what_was_said_is_refused_with_its_reason_and_not_tried_otherwise(
    parsed: ParsedConversation, reason: str
) -> None:
    result = built("dpo", parsed)
    assert (result.rows, result.dropped) == ([], {reason: 1})


def test_length_and_time_do_not_matter_where_nothing_is_inferred() -> None:
    late = model("b", "u1", f"{POOR} {THIRD}" * 9, feedback="up", created_at=START + 9_000 * MINUTE)
    (row,) = built("dpo", rated("down", b=late)).rows
    assert row["signal"] == "rated_pair"


def test_ratings_of_answers_to_different_prompts_make_no_pair() -> None:
    other = {"a2": model("a2", "u2", THIRD, feedback="down")}
    assert sides(rated("up", None, **other))[0] == "regen_continued"
