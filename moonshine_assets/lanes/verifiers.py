"""Verifiers of the GRPO lane: does the prompt ask for something that can be checked, and is an answer right?

Each is a pure function of its texts. `ask` is strict: a prompt it is not sure about has no verifier.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple

from moonshine_assets.distill.policy import VerifierName
from moonshine_assets.lanes.asking import ask_choice, ask_form, ask_output, ask_schema
from moonshine_assets.lanes.expressions import evaluate, written
from moonshine_assets.lanes.rewards import REWARDS, Reward
from moonshine_assets.lanes.task import Context, Task


class Verifier(NamedTuple):
    """`ask(last user message, context)` finds the task; `reward(completion, ground_truth, arguments)` is 0.0 or 1.0."""

    ask: Callable[[str, Context], Task | None]
    reward: Reward


_SUM = re.compile(
    r"""\s*(?P<verb>(?:please\s+)?(?:calculate|compute|evaluate|work\s+out)|what(?:\s+is|'s|’s)|how\s+much\s+is)?
    \s*(?:the\s+value\s+of)?\s*:?\s*
    (?P<expression>[-−(]?\s*[0-9(][0-9.+\-−*/×÷^() ]*[0-9)])
    \s*(?P<equals>=\s*\??)?\s*[?.!]?
    (?:\s*(?:please\s+)?(?:(?:just|only)\s+(?:give\s+(?:me\s+)?)?(?:the\s+)?(?:number|result|answer)
        |(?:answer|reply|respond)\s+(?:only\s+)?with\s+(?:just\s+|only\s+)?(?:the\s+)?(?:number|result)(?:\s+only)?)\.?)?
    \s*""",
    re.IGNORECASE | re.VERBOSE,
)
#: A longer prompt asks for more than one sum; exchanges.sql passes over it as well.
_MAXIMUM_PROMPT = 400
#: "What is 24/7?" and "what is 9-11?" name things as often as sums.
_NAME_LIKE = re.compile(r"\d+(?:[/\-−]\d+)+")
_CALCULATES = re.compile(r"calculate|compute|evaluate|work\s+out", re.IGNORECASE)

_JSON_ONLY = re.compile(
    r"\b(?:only|just)\s+(?:with\s+)?(?:a\s+|one\s+|the\s+)?(?:single\s+|valid\s+)*json\b"
    r"|\bjson(?:\s+object)?\s+(?:only|and\s+nothing\s+else|and\s+no\s+other\s+text)\b",
    re.IGNORECASE,
)
_OTHER_SHAPE = re.compile(
    r"\b(?:arrays?|lists?|json\s*l|jsonl|ndjson|nested|optional(?:ly)?|objects|if)\b", re.IGNORECASE
)
_KEY = r"(?:\"[^\"\n]{1,64}\"|'[^'\n]{1,64}'|`[^`\n]{1,64}`|[A-Za-z_]\w{0,63})"
_KEYS = re.compile(
    rf"\b(?:keys|fields|properties)\s*:?\s*(?P<keys>{_KEY}(?:\s*,\s*(?:and\s+)?{_KEY}|\s+and\s+{_KEY})*)\s*(?=[.;\n)]|\Z)",
    re.IGNORECASE,
)


def _ask_sum(prompt: str, context: Context) -> Task | None:  # noqa: ARG001 - one signature
    """The prompt is nothing but the request for the value of one expression."""
    asked = _SUM.fullmatch(prompt) if len(prompt) <= _MAXIMUM_PROMPT else None
    if asked is None:
        return None
    expression = asked["expression"].strip()
    certain = bool(asked["equals"]) or bool(asked["verb"] and _CALCULATES.search(asked["verb"]))
    if not certain and (asked["verb"] is None or _NAME_LIKE.fullmatch(expression)):
        return None
    value = evaluate(expression)
    return None if value is None else Task(written(value), {"expression": expression})


def _ask_json(prompt: str, context: Context) -> Task | None:  # noqa: ARG001 - one signature
    """The prompt wants one JSON object and nothing else, and lists its keys."""
    if not _JSON_ONLY.search(prompt) or _OTHER_SHAPE.search(prompt):
        return None
    lists = list(_KEYS.finditer(prompt))
    if len(lists) != 1:
        return None
    keys = sorted({key.strip("\"'`") for key in re.findall(_KEY, lists[0]["keys"]) if key.lower() != "and"})
    return Task(json.dumps(keys, ensure_ascii=False), {"keys": keys})


VERIFIERS: dict[VerifierName, Verifier] = {
    "arithmetic_exact": Verifier(_ask_sum, REWARDS["arithmetic_exact"]),
    "json_schema": Verifier(ask_schema, REWARDS["json_schema"]),
    "json_object": Verifier(_ask_json, REWARDS["json_object"]),
    "exec_output": Verifier(ask_output, REWARDS["exec_output"]),
    "choice": Verifier(ask_choice, REWARDS["choice"]),
    "regex_format": Verifier(ask_form, REWARDS["regex_format"]),
}
