"""DPO lane, tier D3: a retry is a pair only when the complaint told nothing new and the second answer was accepted."""

from __future__ import annotations

import pytest
from distill.corpus import conversation, human, model

from lanes.build import POLICY, built
from lanes.test_dpo import GOOD, POOR
from moonshine_assets.exports.records import Node
from moonshine_assets.lanes.corrections import new_words, quotes, repeats
from moonshine_assets.lanes.edits import same_prompt
from moonshine_assets.lanes.feedback import positive_rule, without_apology

PROMPT = "How do gorges form?"
RULES = POLICY.lanes.dpo


def retry(complaint: str, second: str = GOOD, then: str | None = "Perfect, thanks!", *more: str) -> list[Node]:
    nodes = [
        human("u1", None, PROMPT),
        model("a1", "u1", POOR),
        human("u2", "a1", complaint),
        model("a2", "u2", second),
    ]
    for rank, words in enumerate([then, *more] if then is not None else [], 3):
        nodes += [human(f"u{rank}", nodes[-1].node_id, words), model(f"a{rank}", f"u{rank}", "Fine.")]
    return nodes


def test_a_retry_that_was_accepted_is_a_pair_on_the_first_prompt() -> None:
    row = built("dpo", conversation("c", *retry("No, that's wrong. Please try again."))).rows[0]
    assert row["prompt"] == [{"role": "user", "content": PROMPT}]
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == (GOOD, POOR)
    assert (row["signal"], row["tier"], row["stripped_characters"]) == ("retry_accepted", "extra", 0)
    assert row["node_ids"] == ["u1", "a2", "a1"]


@pytest.mark.parametrize(
    "then", ["Great, that works.", "Now tell me of canyons", "Ok, next question", "Also, the moon?"]
)
def test_approval_or_going_on_accepts_it(then: str) -> None:
    assert built("dpo", conversation("c", *retry("That is not correct.", then=then))).rows


def test_a_leading_apology_is_cut_off_and_counted() -> None:
    apology = "You're right, I apologize for that. "
    row = built("dpo", conversation("c", *retry("That is wrong.", apology + GOOD))).rows[0]
    assert (row["chosen"][0]["content"], row["stripped_characters"]) == (GOOD, len(apology))


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (retry("No, glaciers and meltwater carved them."), "correction_adds_information"),
        (retry("That's wrong, see `erosion` instead: rivers"), "correction_adds_information"),
        (
            [
                human("u0", None, "Hello"),
                model("a0", "u0", "Hello."),
                human("u1", "a0", PROMPT),
                *retry("That's wrong.", then=None)[1:],
            ],
            "retry_not_continued",
        ),
        (retry("That's wrong.", then="What is a gorge?"), "retry_not_accepted"),
        (retry("That's wrong.", then="Thanks, but no"), "retry_not_accepted"),
        (retry("That's wrong.", GOOD, "Now the next one", "No, the gorge was wrong"), "retry_rejected_again"),
        (retry("That's wrong.", "I'm sorry, " + " ".join(["really"] * 25) + "."), "nothing_but_apology"),
        (retry("That's wrong.", GOOD + " As you said, it was wrong."), "answer_quotes_the_complaint"),
        (retry("That's wrong.", "Water."), "too_short"),
        (retry("That's wrong.", POOR), "too_similar"),
    ],
)
def test_a_retry_without_evidence_for_both_sides_is_refused(nodes: list[Node], reason: str) -> None:
    result = built("dpo", conversation("c", *nodes))
    assert result.rows == []
    assert reason in result.dropped


def test_the_prompt_said_again_tells_nothing_new() -> None:
    assert repeats("No! How do gorges form?", PROMPT)
    assert not repeats("No! How do stars form in the sky?", PROMPT)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("No, that's wrong. Try again.", 0),
        ("Wrong, how do gorges form", 0),
        ("No, it was the glacier", 1),
        ("No, it was 1815", 1),
        ("That's wrong: `x = 3` is not what I asked", 1),
    ],
)
def test_words_a_complaint_adds(complaint: str, words: int) -> None:
    assert new_words(complaint, PROMPT) == words


def test_an_answer_quotes_five_words_in_a_row() -> None:
    assert quotes("Indeed it does not work at all here", "it does not work at night")
    assert not quotes("It works at night", "it does not work at night")


def test_apologies_come_off_one_after_the_other() -> None:
    assert (
        without_apology("Sorry! You are absolutely right. I apologize. Water wears stone.", RULES)
        == "Water wears stone."
    )
    assert without_apology("Sorrow wears stone.", RULES) == "Sorrow wears stone."


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Perfect, thank you!", "POS_HEAD60"),
        ("Thanks, but it still fails", None),
        ("Great. Yet it doesn't start", None),
        ("x" * 61 + " thanks", None),
        ("Danke, perfekt", "POS_OTHER_LANGUAGES"),
        ("Danke, aber es geht nicht", None),
        ("谢谢，很好", "POS_OTHER_LANGUAGES"),
        ("And now?", None),
    ],
)
def test_approval(words: str, rule: str | None) -> None:
    assert positive_rule(words, RULES.positive_rules) == rule


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("How do gorges form in the hills?", "How do gorges form in the hill?", True),
        ("How do  gorges\nform", "how do gorges form", True),
        ("How do gorges form?", "How do canyons form?", False),
        ("", "How?", False),
        ("x" * 5_000, "x" * 4_999, False),
    ],
)
def test_wordings_of_one_prompt(one: str, other: str, same: bool) -> None:
    assert same_prompt(one, other, RULES.edited_prompt_similarity) is same
