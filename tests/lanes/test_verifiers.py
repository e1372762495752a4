"""Verifiers beyond sums and keys: they know their prompts, pass the right answer, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import fastjsonschema
import pytest
from distill.corpus import call, conversation, human, model, result
from hypothesis import given
from hypothesis import strategies as st

from lanes.build import built
from moonshine_assets.exports.records import Node
from moonshine_assets.lanes.rewards import REWARDS, satisfies
from moonshine_assets.lanes.task import NOTHING, Context
from moonshine_assets.lanes.verifiers import VERIFIERS

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}
CODE = "for n in range(3):\n    print(n * n)"
OPTIONS = "Which is a river?\nA) Elbe\nB) Etna\nC) Eiger\nAnswer with only the letter."


def wanted(schema: dict[str, Any]) -> str:
    return f"Describe Ida as JSON only, valid against this schema:\n```json\n{json.dumps(schema)}\n```"


def asked(prompt: str, *answers: str, then: str | None = None) -> list[Node]:
    nodes = [human("u", None, prompt), *(model(f"a{rank}", "u", words) for rank, words in enumerate(answers))]
    return [*nodes, human("u2", nodes[-1].node_id, then)] if then else nodes


def rewards(nodes: list[Node]) -> tuple[str, list[float]]:
    row = built("grpo", conversation("c", *nodes)).rows[0]
    return row["verifier"], [one["reward"] for one in row["reference_group"]]


def test_json_by_a_schema_in_the_prompt() -> None:
    nodes = asked(wanted(SCHEMA), '{"name": ""}', '```json\n{"name": "Ida", "age": 3}\n```')
    assert rewards(nodes) == ("json_schema", [0.0, 1.0])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/definitions/x"}}},
        {"type": "object", "properties": {"a": {"type": "text"}}},
        {"type": "object", "properties": {"a": {"type": {"x": 1}}}},
        {"type": "object", "properties": {"a": {"minimum": "1"}}},
        {"type": "object", "properties": {}},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_a_schema_that_is_not_wholly_understood_is_no_task(schema: dict[str, Any]) -> None:
    assert VERIFIERS["json_schema"].ask(wanted(schema), NOTHING) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 2.5, "", "a", "abc"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["object", "array", "string", "boolean", "null", "number", "integer"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": NAMES | st.lists(NAMES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "additionalProperties": st.booleans(),
            "items": inner,
        },
    ),
    max_leaves=4,
)


@given(SCHEMAS, VALUES)
def test_a_value_satisfies_a_schema_when_a_library_says_so(schema: dict[str, Any], value: Any) -> None:
    try:
        fastjsonschema.validate(schema, value)
        expected = True
    except fastjsonschema.JsonSchemaValueException:
        expected = False
    assert satisfies(value, schema) is expected


def test_printed_output_that_was_recorded() -> None:
    prompt = f"What does this print?\n```python\n{CODE}\n```"
    nodes = [
        human("u", None, prompt),
        model("a0", "u", "It prints:\n```\n1\n2\n3\n```"),
        call("c", "u", "python", CODE),
        result("t", "c", "python", "0\n1\n4\n", False),
        model("a1", "t", "It prints:\n```\n0\n1\n4\n```"),
    ]
    assert rewards(nodes) == ("exec_output", [0.0, 1.0])


@pytest.mark.parametrize(
    ("prompt", "runs"),
    [
        (f"What does this print?\n```\n{CODE}\n```", ()),
        (f"What does this print?\n```\n{CODE}\n```", (("print(1)", "1"),)),
        (f"What does this print?\n```\n{CODE}\n```", ((CODE, "0"), (CODE, "1"))),
        (f"Make this faster\n```\n{CODE}\n```", ((CODE, "0"),)),
    ],
)
def test_output_nobody_recorded_is_no_task(prompt: str, runs: tuple[tuple[str, str], ...]) -> None:
    assert VERIFIERS["exec_output"].ask(prompt, Context(runs)) is None


@pytest.mark.parametrize(
    ("completion", "reward"),
    [
        ("42", 1.0),
        ("It prints 42.", 1.0),
        ("The output is: `42`", 1.0),
        ("It prints 43", 0.0),
        ("42 or 43", 0.0),
        ("", 0.0),
    ],
)
def test_one_line_of_output(completion: str, reward: float) -> None:
    assert REWARDS["exec_output"](completion, "42\n", {}) == reward


def test_a_choice_whose_key_the_person_told() -> None:
    nodes = asked(OPTIONS, "B", "A) Elbe", then="Thanks, the correct answer is A.")
    assert rewards(nodes) == ("choice", [0.0, 1.0])


@pytest.mark.parametrize(
    ("prompt", "said_next"),
    [
        (OPTIONS, "Thanks"),
        (OPTIONS, "The correct answer is D."),
        (OPTIONS.replace("C)", "D)"), "The correct answer is A."),
        ("Is it A or B?", "The correct answer is A."),
    ],
)
def test_a_choice_without_a_key_is_no_task(prompt: str, said_next: str) -> None:
    assert VERIFIERS["choice"].ask(prompt, Context((), said_next)) is None


@pytest.mark.parametrize(
    ("completion", "reward"),
    [
        ("A", 1.0),
        ("(A)", 1.0),
        ("**A**", 1.0),
        ("a", 1.0),
        ("The answer is A.", 1.0),
        ("A or B", 0.0),
        ("A river", 0.0),
        ("B) A", 0.0),
    ],
)
def test_the_letter_must_stand_for_itself(completion: str, reward: float) -> None:
    assert REWARDS["choice"](completion, "A", {}) == reward


def test_a_form_named_in_the_prompt() -> None:
    nodes = asked("When was it? Reply with only the date as YYYY-MM-DD.", "On 2026-01-31.", "2026-01-31")
    assert rewards(nodes) == ("regex_format", [0.0, 1.0])


@pytest.mark.parametrize("prompt", ["Write YYYY-MM-DD", "Only HH:MM or YYYY-MM-DD please", "Only the date please"])
def test_a_form_that_is_not_certain_is_no_task(prompt: str) -> None:
    assert VERIFIERS["regex_format"].ask(prompt, NOTHING) is None


@given(st.text(max_size=60), st.sampled_from(sorted(REWARDS)))
def test_whatever_a_completion_says_the_reward_is_zero_or_one_and_the_same_again(text: str, name: str) -> None:
    arguments = {"keys": ["a"], "schema": SCHEMA, "pattern": r"\d{4}", "options": ["A", "B"]}
    first = REWARDS[name](text, "1", arguments)
    assert first in (0.0, 1.0) and first == REWARDS[name](text, "1", arguments)
