"""GRPO lane: a prompt is a row only where its verifier has passed an answer that was recorded."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from distill.corpus import call, conversation, human, model, result
from hypothesis import given
from hypothesis import strategies as st

from lanes.build import POLICY, built
from moonshine_assets.exports.records import Block, Node
from moonshine_assets.lanes import verifiers
from moonshine_assets.lanes.expressions import evaluate, written
from moonshine_assets.lanes.grpo import advantages
from moonshine_assets.lanes.rewards import last_number
from moonshine_assets.lanes.task import NOTHING
from moonshine_assets.lanes.verifiers import VERIFIERS, Verifier


def asked(prompt: str, *answers: str) -> list[Node]:
    return [human("u", None, prompt), *(model(f"a{rank}", "u", words) for rank, words in enumerate(answers))]


def test_a_sum_with_a_right_and_a_wrong_answer() -> None:
    row = built("grpo", conversation("c1", *asked("What is 17 * 23?", "It is 390.", "17 * 23 = 391"))).rows[0]
    assert (row["ground_truth"], row["verifier"], row["data_source"]) == (
        "391",
        "arithmetic_exact",
        "moonshine_arithmetic_exact",
    )
    assert json.loads(row["verifier_args"]) == {"expression": "17 * 23"}
    assert row["prompt"] == [{"role": "user", "content": "What is 17 * 23?"}]
    group = row["reference_group"]
    assert [(entry["completion"], entry["reward"], entry["advantage"]) for entry in group] == [
        ("It is 390.", 0.0, -0.9998),
        ("17 * 23 = 391", 1.0, 0.9998),
    ]
    assert row["node_ids"] == ["u", "a0", "a1"]


def test_json_with_named_keys() -> None:
    prompt = "Reply with only JSON with the keys name, age."
    fenced = '```json\n{"name": "Ida", "age": 3, "more": null}\n```'
    row = built("grpo", conversation("c1", *asked(prompt, "Here: {}", fenced))).rows[0]
    assert (row["verifier"], json.loads(row["verifier_args"])) == ("json_object", {"keys": ["age", "name"]})
    assert [entry["reward"] for entry in row["reference_group"]] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        (asked("What is 17 * 23?", "It is 390."), "no_answer_passes"),
        (asked("What is the capital of France?", "Paris, 2 + 2"), "no_verifiable_prompt"),
        (asked("What is 17 * 23 in a nutshell?", "391"), "no_verifiable_prompt"),
        ([*asked("What is 2 + 2?", "4"), model("more", "a0", "Or 5?")], "no_plain_answer"),
        (
            [
                human("u", None, "What is 2 + 2?"),
                call("c", "u", "python", "2+2"),
                result("t", "c", "python", "4"),
                model("a", "t", "4"),
            ],
            "no_plain_answer",
        ),
        ([human("u", None, "What is 2 + 2?", files=1), model("a", "u", "4")], "prompt_not_text_only"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_its_reason(nodes: list[Node], reason: str) -> None:
    result_ = built("grpo", conversation("c1", *nodes))
    assert (result_.rows, result_.dropped) == ([], {reason: 1})


def test_a_verifier_that_changes_its_mind_never_gives_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rewards = iter([1.0, 0.0, 1.0])
    fickle = Verifier(VERIFIERS["arithmetic_exact"].ask, lambda *_: next(rewards))
    monkeypatch.setitem(verifiers.VERIFIERS, "arithmetic_exact", fickle)
    assert built("grpo", conversation("c1", *asked("What is 2 + 2?", "4"))).dropped == {"verifier_not_deterministic": 1}


@pytest.mark.parametrize(
    "wrong", ["It is 392.", "391 or 390", "-391", "391.5", "3910", "around 4e2", "391/2", "none", "391%2"]
)
def test_a_wrong_recorded_answer_never_enters_as_reference(wrong: str) -> None:
    assert built("grpo", conversation("c1", *asked("What is 17 * 23?", wrong))).rows == []


def test_equal_prompts_give_one_row() -> None:
    one, two = (conversation(name, *asked("What is 2 + 2?", "4")) for name in ("c1", "c2"))
    assert built("grpo", one, two).dropped == {"same_as_another_row": 1}


@pytest.mark.parametrize(
    ("prompt", "truth"),
    [
        ("What is 2+2?", "4"),
        ("what's 3.5 × 2", "7"),
        ("Calculate (1 + 2) * 3 - 4", "5"),
        ("compute 2^10", "1024"),
        ("How much is 10 ÷ 4?", "2.5"),
        ("1 / 3 =", "1/3"),
        ("Please calculate 24/7", "24/7"),
        ("What is 0.1 + 0.2? Just the number.", "0.3"),
        ("What is 0.1 * 0.1 * -1?", "-0.01"),
        ("What is -5 + 2?", "-3"),
        ("What is 2 + 2? Answer with the number only.", "4"),
        ("What is 24/7?", None),
        ("What is 9-11?", None),
        ("2 + 2", None),
        ("What is 1,000 + 1?", None),
        ("What is 10% of 50?", None),
        ("What is 007 + 1?", None),
        ("What is 5?", None),
        ("What is 5/0 + 1?", None),
        ("compute 9^9^9", None),
        ("compute 2 ** 0.5", None),
        ("Calculate __import__('os')", None),
        ("What is 2 + 2 and 3 + 3?", None),
        ("Calculate " + "1+" * 300 + "1", None),
    ],
)
def test_only_the_plain_request_for_one_value_has_a_truth(prompt: str, truth: str | None) -> None:
    task = VERIFIERS["arithmetic_exact"].ask(prompt, NOTHING)
    assert (task.ground_truth if task else None) == truth


@pytest.mark.parametrize(
    ("completion", "number"),
    [
        ("The answer is 42.", Fraction(42)),
        ("**1,234,567**", Fraction(1234567)),
        ("\\boxed{-3}", Fraction(-3)),
        ("so 7 − 10 = −3", Fraction(-3)),
        ("4.25", Fraction("4.25")),
        ("10/3", Fraction(10, 3)),
        ("5-8", Fraction(8)),
        ("1.5e10", None),
        ("10/0", None),
        ("1.5/2", None),
        ("no number", None),
        ("9" * 3000, None),
    ],
)
def test_the_last_number_is_read_exactly(completion: str, number: Fraction | None) -> None:
    assert last_number(completion) == number


@given(st.fractions())
def test_a_truth_can_be_read_back(value: Fraction) -> None:
    assert last_number(written(value)) == value


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        max_leaves=8,
    )
)
def test_expressions_have_the_value_arithmetic_gives_them(expression: str) -> None:
    value = evaluate(expression)
    assert value == (eval(expression) if any(sign in expression for sign in "+-*") and len(expression) <= 200 else None)


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        ("Return only JSON with the keys name and age.", ["age", "name"]),
        ('Answer in JSON only, keys: "first name", `b`, and c', ["b", "c", "first name"]),
        ("Give me just a valid JSON object with fields a, b", ["a", "b"]),
        ("Return JSON with the keys name and age.", None),
        ("Return only JSON with everything you know", None),
        ("Return only JSON with the keys name and age for each person.", None),
        ("Return only a JSON array of objects with the keys name and age.", None),
        ("Return only JSON with the keys a. Then the fields b.", None),
    ],
)
def test_only_a_request_for_one_object_with_named_keys_is_checked(prompt: str, keys: list[str] | None) -> None:
    task = VERIFIERS["json_object"].ask(prompt, NOTHING)
    assert (task.arguments["keys"] if task else None) == keys


@pytest.mark.parametrize(
    ("completion", "reward"),
    [
        ('{"a": 1, "b": null}', 1.0),
        ('```\n{"a": 1, "b": 2}\n```', 1.0),
        (' ```json\n{"a": 1, "b": 2}\n``` ', 1.0),
        ('{"a": 1}', 0.0),
        ('[{"a": 1, "b": 2}]', 0.0),
        ('{"a": NaN, "b": 2}', 0.0),
        ('Sure:\n```json\n{"a": 1, "b": 2}\n```', 0.0),
        ('{"a": 1, "b": 2} Done.', 0.0),
        ("[" * 100_000, 0.0),
    ],
)
def test_json_answers_are_parsed_not_guessed(completion: str, reward: float) -> None:
    assert VERIFIERS["json_object"].reward(completion, '["a", "b"]', {"keys": ["a", "b"]}) == reward


def test_advantages_are_centred_and_scaled() -> None:
    assert advantages([1.0]) == [0.0]
    assert advantages([1.0, 1.0]) == [0.0, 0.0]
    assert advantages([1.0, 0.0, 0.0, 0.0]) == [1.731651, -0.577217, -0.577217, -0.577217]


def test_commentary_is_no_answer() -> None:
    nodes = [
        human("u", None, "What is 2 + 2?"),
        model("a", "u", None, Block("text", "4", payload='{"channel": "commentary"}')),
    ]
    assert built("grpo", conversation("c1", *nodes)).dropped == {"no_plain_answer": 1}


def test_the_verifiers_of_the_policy_exist() -> None:
    assert set(POLICY.lanes.grpo.verifiers) == set(VERIFIERS)
