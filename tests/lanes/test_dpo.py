"""DPO lane: only a continued answer beside one left behind, both fit to compare."""

from __future__ import annotations

import msgspec
import pytest
from distill.corpus import MINUTE, START, call, conversation, human, injected, model, result

from lanes.build import POLICY, built
from moonshine_assets.exports.records import Block, Node
from moonshine_assets.lanes import balance
from moonshine_assets.lanes.feedback import negative_rule, own_words
from moonshine_assets.lanes.similarity import jaccard
from moonshine_assets.lanes.spill import Entry
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_assets.tables.provenance import record_uid

GOOD = "Water wears the stone because sand rolls along the bed and grinds it year after year until the gorge is deep."
POOR = (
    "Stones dissolve slowly in rivers since every river carries acids that eat away whatever rock lies in its long way."
)
KEY = ConversationKey("chatgpt", "chatgpt_20260131_120000", "c1")
RULES = POLICY.lanes.dpo.negative_rules


def regenerated(**changes: Node) -> list[Node]:
    """u1 with the answers left (first) and a1, u2 after a1; `changes` replace nodes by name."""
    nodes = {
        "u1": human("u1", None, "How do gorges form?"),
        "left": model("left", "u1", POOR),
        "a1": model("a1", "u1", GOOD),
        "u2": human("u2", "a1", "And how long does it take?"),
        "a2": model("a2", "u2", "Some million years."),
    }
    return list({**nodes, **changes}.values())


def test_the_continued_answer_is_preferred_to_the_one_left_behind() -> None:
    row = built("dpo", conversation("c1", *regenerated())).rows[0]
    assert row["prompt"] == [{"role": "user", "content": "How do gorges form?"}]
    assert row["chosen"] == [{"role": "assistant", "content": GOOD}]
    assert row["rejected"] == [{"role": "assistant", "content": POOR}]
    assert row["cross_model"] is False
    assert row["record_uid"] == record_uid("chatgpt", "chatgpt_20260131_120000", "c1", "a1")
    assert row["node_ids"] == ["u1", "a1", "left"]
    assert row["signal"] == "regen_continued"


def test_a_first_answer_the_person_came_back_to_is_the_chosen_one() -> None:
    nodes = [
        human("u1", None, "How do gorges form?"),
        model("a1", "u1", GOOD),
        model("left", "u1", POOR),
        human("u2", "a1", "Thanks. And canyons?"),
    ]
    assert built("dpo", conversation("c1", *nodes)).rows[0]["chosen"][0]["content"] == GOOD


def test_system_and_thinking_nodes_may_stand_between_prompt_and_answers() -> None:
    nodes = [
        injected("s", None, "Be kind", role="system"),
        human("u1", "s", "How do gorges form?"),
        injected("i1", "u1", "context", role="system"),
        model("t1", "i1", None, Block("thinking", "Hm")),
        model("left", "t1", POOR),
        model("t2", "u1", None, Block("thinking", "Well")),
        model("a1", "t2", GOOD),
        injected("i2", "a1", "context"),
        human("u2", "i2", "And how long does it take?"),
    ]
    row = built("dpo", conversation("c1", *nodes)).rows[0]
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == (GOOD, POOR)


def test_the_prompt_is_the_whole_shared_dialogue() -> None:
    before = [human("p1", None, "Hello"), model("p2", "p1", "Hi"), model("p3", "p2", "Ask me")]
    nodes = [*before, *regenerated(u1=human("u1", "p3", "How do gorges form?"))]
    assert built("dpo", conversation("c1", *nodes)).rows[0]["prompt"] == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi\n\nAsk me"},
        {"role": "user", "content": "How do gorges form?"},
    ]


@pytest.mark.parametrize(("models", "cross"), [(("m-1", "m-2"), True), ((None, None), True), (("m-1", "m-1"), False)])
def test_a_pair_not_known_to_be_of_one_model_is_flagged(models: tuple[str | None, str | None], cross: bool) -> None:
    nodes = regenerated(left=model("left", "u1", POOR, model=models[0]), a1=model("a1", "u1", GOOD, model=models[1]))
    assert built("dpo", conversation("c1", *nodes)).rows[0]["cross_model"] is cross


def test_of_several_answers_left_behind_one_of_the_same_model_is_taken() -> None:
    nodes = regenerated(left=model("left", "u1", POOR, model="m-2"))
    nodes.append(model("left2", "u1", POOR.upper()))
    row = built("dpo", conversation("c1", *nodes, current="a2")).rows[0]
    assert (row["rejected"][0]["content"], row["cross_model"]) == (POOR.upper(), False)


def left(words: str | None, *extra: Block, **fields: object) -> dict[str, Node]:
    return {"left": model("left", "u1", words, *extra, **fields)}


def follow_up(words: str | None) -> dict[str, Node]:
    return {"u2": human("u2", "a1", words)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (left("Water does it."), "too_short"),
        (left(GOOD + " Indeed."), "too_similar"),
        (left(POOR * 4), "lengths_too_different"),
        (left(POOR, status="in_progress"), "incomplete_answer"),
        (left(POOR, stop_reason="interrupted"), "incomplete_answer"),
        (left(POOR, Block("image")), "not_text_only"),
        (left(POOR, Block("tool_call", "{}", tool_name="web")), "tool_calls"),
        (left(POOR, created_at=START - 24 * 60 * MINUTE), "too_far_apart_in_time"),
        (
            {"left": model("left", "u1", None, Block("text", POOR, payload='{"channel": "commentary"}'))},
            "answer_in_parts",
        ),
        ({"more": model("more", "left", "And more.")}, "answer_in_parts"),
        ({"on": human("on", "left", "Go on")}, "both_continued"),
        ({"u2": injected("u2", "a1", "context"), "a2": injected("a2", "u2", "more context")}, "not_continued"),
        (follow_up(" "), "not_continued"),
        (follow_up("No, that is about something else"), "continued_with_a_complaint"),
        (follow_up("That's not what I asked"), "continued_with_a_complaint"),
        (follow_up("It still doesn't work"), "continued_with_a_complaint"),
        (follow_up("revert that please"), "continued_with_a_complaint"),
        ({"edit": human("edit", "a1", "Wrong, try again")}, "continued_with_a_complaint"),
        ({"u1": human("u1", None, "See this", files=1)}, "prompt_not_text_only"),
    ],
)
def test_a_pair_without_two_sided_evidence_is_refused_with_its_reason(changes: dict[str, Node], reason: str) -> None:
    result_ = built("dpo", conversation("c1", *regenerated(**changes), current="a2"))
    # A complaint that was answered is the candidate of a retry too, here one that came to nothing.
    assert (result_.rows, result_.dropped) in (([], {reason: 1}), ([], {reason: 1, "too_short": 1}))


def test_answers_of_unknown_time_are_refused() -> None:
    assert built("dpo", conversation("c1", *regenerated(), timed=False)).dropped == {"time_unknown": 1}


def test_tools_in_the_prompt_or_before_an_answer_are_refused() -> None:
    tools = [human("p", None, "Hi"), call("c", "p", "web", "{}"), result("t", "c", "web", "x"), model("o", "t", "Ok")]
    prompt = [*tools, *regenerated(u1=human("u1", "o", "How do gorges form?"))]
    assert built("dpo", conversation("c1", *prompt)).dropped == {"prompt_tool_calls": 1}
    between = [call("c", "u1", "web", "{}"), result("t", "c", "web", "x"), model("left", "t", POOR)]
    nodes = regenerated()
    assert built("dpo", conversation("c1", nodes[0], *between, *nodes[2:])).dropped == {"tool_calls": 1}


def test_a_leaf_answer_is_no_evidence() -> None:
    assert built("dpo", conversation("c1", *regenerated()[:3])).dropped == {"not_continued": 1}


def test_a_conversation_without_a_second_answer_says_so() -> None:
    nodes = regenerated()
    edited = [*nodes[:1], *nodes[2:], human("v1", None, "How do canyons form?"), model("b1", "v1", POOR)]
    for case in (nodes[:1] + nodes[2:], edited):
        assert built("dpo", conversation("c1", *case, current="a2")).dropped == {"no_second_answer": 1}


def test_regenerations_off_the_active_path_are_no_pair() -> None:
    nodes = [*regenerated(), human("v1", None, "How do canyons form?"), model("b1", "v1", "Likewise.")]
    assert built("dpo", conversation("c1", *nodes)).dropped == {"prompt_off_active_path": 1}


def test_a_conversation_gives_at_most_four_pairs() -> None:
    nodes: list[Node] = []
    parent = None
    for turn in range(6):
        words = f"number {turn} " * 5
        nodes += [
            human(f"u{turn}", parent, f"Question {turn}"),
            model(f"l{turn}", f"u{turn}", words + POOR),
            model(f"a{turn}", f"u{turn}", words + GOOD),
        ]
        parent = f"a{turn}"
    nodes.append(human("end", parent, "Thanks"))
    result_ = built("dpo", conversation("c1", *nodes))
    assert (len(result_.rows), result_.dropped) == (4, {"conversation_cap": 2})


@pytest.mark.parametrize(
    ("words", "answer", "rule"),
    [
        ("No. I meant the other one", "Done.", "NEG_NO"),
        ("nope", "Done.", "NEG_NO"),
        ("no", "Shall I go on?", None),
        ("Nobody asked", "Done.", None),
        ("You\u2019re totally wrong there", "Done.", "NEG_WRONG2"),
        ("hm, you forgot the title", "Done.", "NEG_WRONG2"),
        ("I don't like that", "Done.", "NEG_WRONG2"),
        ("x" * 251 + " you forgot the title", "Done.", None),
        ("I get the same error", "Done.", "NEG_STILL2"),
        ("it still fails", "Done.", "NEG_STILL2"),
        ("that did nothing", "Done.", "NEG_STILL2"),
        ("Undo it", "Done.", "NEG_REVERT2"),
        ("How do I revert a commit?", "Done.", None),
        ('What does "same error" mean?', "Done.", None),
        ("> you forgot the title\nthanks, and now the rest", "Done.", None),
        ("`it still fails` is the message to print", "Done.", None),
        ("```\nsame error\n```\nshall print twice", "Done.", None),
        ("Great, thanks", "Done.", None),
    ],
)
def test_strong_negative_rules(words: str, answer: str, rule: str | None) -> None:
    assert negative_rule(words, answer, RULES) == rule


def test_a_quoted_line_ends_with_its_line() -> None:
    assert own_words("> quoted\nmine") == "mine"


def test_jaccard_is_over_word_five_grams() -> None:
    assert jaccard("a b c d e", "A, b c. d e!") == 1.0
    assert jaccard("a b c d e f", "a b c d e g") == pytest.approx(1 / 3)
    assert jaccard("a b", "a c") == 0.0
    assert jaccard("…", "!") == 1.0


@pytest.mark.parametrize(
    ("longer", "shorter", "kept"),
    [(40, 20, (30, 20)), (10, 40, (10, 15)), (25, 25, (25, 25)), (30, 0, (30, 0)), (60, 0, (0, 0))],
)
def test_length_balance_drops_the_most_unequal_pairs_of_the_side_that_is_too_many(
    longer: int, shorter: int, kept: tuple[int, int]
) -> None:
    def row(rank: int, chosen: int, rejected: int) -> Entry:
        lengths = {"chosen": chosen, "rejected": rejected}
        return Entry(f"{rank:03}", 0, 0, b"", KEY, (), "rated_pair", "core", "train", 1, lengths)

    rows = [row(rank, 101 + rank, 100) for rank in range(longer)]
    rows += [row(500 + rank, 100, 101 + rank) for rank in range(shorter)]
    unwanted = balance.excess(rows, POLICY.lanes.dpo)
    left_over = [row for row in rows if row.record_uid not in unwanted]
    sides = [balance.chosen_is_longer(row) for row in left_over]
    assert (sides.count(True), sides.count(False)) == kept
    if longer == 40:
        assert unwanted == {f"{rank:03}" for rank in range(30, 40)}


def test_balance_drops_are_in_the_books() -> None:
    dpo = msgspec.structs.replace(POLICY.lanes.dpo, balance_minimum_rows=1)
    policy = msgspec.structs.replace(POLICY, lanes=msgspec.structs.replace(POLICY.lanes, dpo=dpo))
    result_ = built("dpo", conversation("c1", *regenerated()), policy=policy)
    assert result_.dropped == {"length_balance": 1}
    assert result_.measures == {"chosen_longer_share": 0.0, "chosen_longer_share_extra": 0.0, "apology_share": 0.0}
