"""Conversational lane: prose in turn, as it was shown, or a reason."""

from __future__ import annotations

import pytest
from distill.corpus import call, conversation, human, injected, model, node, result

from lanes.build import DISTILLATION, POLICY, built
from moonshine_assets.exports.records import Block, Node
from moonshine_assets.tables.provenance import record_uid

RUN = ("chatgpt", "chatgpt_20260131_120000")


def talk(*more: Node) -> list[Node]:
    """Two exchanges u1 a1 u2 a2, then `more`."""
    return [
        human("u1", None, "Hello"),
        model("a1", "u1", "Hi"),
        human("u2", "a1", "How are you?"),
        model("a2", "u2", "Fine"),
        *more,
    ]


def roles(row: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in row["messages"]]


def test_an_active_path_of_prose_becomes_one_row() -> None:
    row = built("conversational", conversation("c1", *talk())).rows[0]
    assert row == {
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "How are you?"},
            {"role": "assistant", "content": "Fine"},
        ],
        "provider": "chatgpt",
        "provider_run_id": "chatgpt_20260131_120000",
        "source_sha256": "ab" * 32,
        "policy_version": POLICY.version,
        "run_id": DISTILLATION,
        "record_uid": record_uid(*RUN, "c1"),
        "source_type": "chatgpt_export",
        "conversation_id": "c1",
        "node_ids": ["u1", "a1", "u2", "a2"],
        "lang": "und",
        "signal": "active_path",
        "signal_version": "1",
        "label_confidence": 1.0,
        "tokens_o200k": 6,
        "model_slug": "m-1",
        "tier": "core",
        "split": "train",
    }


def test_side_branches_are_left_out() -> None:
    nodes = talk()
    nodes.insert(1, model("other", "u1", "Good day"))
    assert "Good day" not in [said for _, said in roles(built("conversational", conversation("c1", *nodes)).rows[0])]


def test_injected_and_hidden_messages_thinking_and_labels_are_passed_over() -> None:
    nodes = [
        injected("s", None, "You are kind", role="system"),
        injected("i", "s", "About the person"),
        human("u1", "i", "Hello"),
        model("t1", "u1", None, Block("thinking", "They greet")),
        model("l1", "t1", None, Block("raw", payload='{"label": "Thought for 2 s"}')),
        model("a1", "l1", "Hi", Block("citation", payload="{}")),
        human("u2", "a1", "How are you?"),
        model("h2", "u2", "a hidden note", visible=False),
        model("a2", "h2", "Fine", Block("thinking", "so so")),
    ]
    row = built("conversational", conversation("c1", *nodes)).rows[0]
    assert [said for _, said in roles(row)] == ["Hello", "Hi", "How are you?", "Fine"]
    assert row["node_ids"] == ["u1", "a1", "u2", "a2"]


def test_consecutive_model_messages_are_one_message() -> None:
    nodes = talk(model("b2", "a2", "And you?", model="m-2"))
    row = built("conversational", conversation("c1", *nodes)).rows[0]
    assert roles(row)[-1] == ("assistant", "Fine\n\nAnd you?")
    assert row["model_slug"] == "m-1+m-2"


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (talk()[:2], "too_few_human_turns"),
        (talk(human("u3", "a2", "Still there?")), "ends_with_user"),
        (talk(human("u3", "a2", "One"), human("u4", "u3", "Two"), model("a4", "u4", "Yes")), "human_turns_in_a_row"),
        ([model("a0", None, "Welcome"), human("u1", "a0", "Hello"), *talk()[1:]], "starts_with_model"),
        (talk(model("b2", "a2", "And y", status="in_progress")), "incomplete_answer"),
        (talk(model("b2", "a2", "And y", stop_reason="max_tokens")), "incomplete_answer"),
        (talk(human("u3", "a2", "See", files=1), model("a3", "u3", "A tree")), "not_text_only"),
        (talk(human("u3", "a2", "See", Block("image")), model("a3", "u3", "A tree")), "not_text_only"),
        (talk(human("u3", "a2", None, Block("audio", "Hey")), model("a3", "u3", "Yes")), "not_text_only"),
        (talk(human("u3", "a2", "x", Block("raw", payload="{}")), model("a3", "u3", "Yes")), "not_text_only"),
        (talk(model("b2", "a2", "See", Block("code", "x = 1"))), "not_text_only"),
        (talk(model("b2", "a2", "Oh", Block("error", "failed"))), "not_text_only"),
        (talk(human("u3", "a2", " \n"), model("a3", "u3", "Yes")), "blank_human_turn"),
        (talk(call("c", "a2", "python", "1"), result("t", "c", "python", "1"), model("b2", "t", "1")), "tool_calls"),
        (talk(model("b2", "a2", "Here", Block("artifact", "poem", tool_name="artifacts"))), "tool_calls"),
        (talk(node("t", "a2", "tool", "tool", [Block("image")]), model("b2", "t", "Done")), "tool_calls"),
    ],
)
def test_what_is_not_a_dialogue_of_prose_is_refused_with_its_reason(nodes: list[Node], reason: str) -> None:
    result_ = built("conversational", conversation("c1", *nodes))
    assert (result_.rows, result_.dropped) == ([], {reason: 1})
    assert list(result_.reasons.values()) == [(reason,)]


def test_the_same_dialogue_twice_is_one_row() -> None:
    result_ = built("conversational", conversation("c1", *talk()), conversation("c2", *talk()))
    assert (len(result_.rows), result_.dropped) == (1, {"same_as_another_row": 1})
    assert result_.rows[0]["record_uid"] == min(record_uid(*RUN, "c1"), record_uid(*RUN, "c2"))


def test_a_model_that_is_not_named_is_unknown() -> None:
    nodes = [
        human("u", None, "a"),
        model("a", "u", "b", model=None),
        human("v", "a", "c"),
        model("b", "v", "d", model=None),
    ]
    assert built("conversational", conversation("c1", *nodes)).rows[0]["model_slug"] == "unknown"
