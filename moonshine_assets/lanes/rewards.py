"""Rewards of the GRPO lane, as trainers call them.

The standard library alone, and nothing of Moonshine: exports carry this very file as `moonshine_reward.py`, so that
what a trainer rewards is what the lane was verified with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

#: A reward is a pure function of (completion, ground_truth, verifier_args): 0.0 or 1.0.
Reward = Callable[[str, str, dict[str, Any]], float]

#: data_source of a row is this and the verifier's name.
DATA_SOURCE = "moonshine_"
_MAXIMUM_DIGITS = 2000
#: A number as a completion writes it: thousands in groups of three, decimals, or a fraction of whole numbers.
_NUMBER = re.compile(r"(?<![\w.,/])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:/\d+)?(?![\w/]|\.\d|,\d)")
_FENCE = re.compile(r"\s*```(?:json)?[ \t]*\n(?P<body>.*?)\n?```\s*", re.IGNORECASE | re.DOTALL)
#: Special tokens that end an answer, as a tokenizer writes them out.
_END = re.compile(r"(?:\s*(?:<[|｜][^<>]{1,40}[|｜]>|</s>|<eos>|<end_of_turn>))+\s*\Z")


def last_number(text: str) -> Fraction | None:
    """The last number a text holds, exactly as written; None without one, or when it has over 2,000 digits."""
    numbers = _NUMBER.findall(text)
    if not numbers or len(numbers[-1]) > _MAXIMUM_DIGITS:
        return None
    whole, _, below = numbers[-1].replace(",", "").replace("−", "-").partition("/")
    if below and ("." in whole or not int(below)):
        return None
    return Fraction(whole) / int(below or 1)


def arithmetic_exact(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when the completion's last number equals the truth exactly."""
    found = last_number(completion)
    return float(found is not None and found == last_number(ground_truth))


def json_object(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when the completion, minus one code fence, is one JSON object with every key of `arguments["keys"]`."""
    fenced = _FENCE.fullmatch(completion)
    try:
        value = json.loads(fenced["body"] if fenced else completion, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return 0.0
    keys = arguments.get("keys")
    return float(isinstance(value, dict) and isinstance(keys, list) and bool(keys) and all(k in value for k in keys))


def _no_constant(name: str) -> float:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def json_schema(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when the completion, minus one code fence, is JSON that satisfies `arguments["schema"]`."""
    fenced = _FENCE.fullmatch(completion)
    try:
        value = json.loads(fenced["body"] if fenced else completion, parse_constant=_no_constant)
        return float(satisfies(value, arguments["schema"]))
    except (ValueError, KeyError, RecursionError):
        return 0.0


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: not isinstance(value, bool) and (isinstance(value, int) or _whole(value)),
}


def _whole(value: Any) -> bool:
    """Whether it is a number like 2.0, which JSON does not tell from 2."""
    return isinstance(value, float) and value.is_integer()


#: The keywords of JSON Schema that are understood, each a predicate of (value, keyword's value, whole schema). The
#: others are left out on purpose: `pattern` can be made to run for ever, `$ref` leads elsewhere.
KEYWORDS: dict[str, Callable[[Any, Any, dict[str, Any]], bool]] = {
    "type": lambda value, names, _: any(_TYPES[name](value) for name in ([names] if isinstance(names, str) else names)),
    "enum": lambda value, options, _: any(_equal(value, option) for option in options),
    "const": lambda value, other, _: _equal(value, other),
    "properties": lambda value, parts, _: (
        not isinstance(value, dict) or all(satisfies(value[key], part) for key, part in parts.items() if key in value)
    ),
    "required": lambda value, keys, _: not isinstance(value, dict) or all(key in value for key in keys),
    "additionalProperties": lambda value, allowed, schema: (
        allowed is not False or not isinstance(value, dict) or set(value) <= set(schema.get("properties", {}))
    ),
    "items": lambda value, part, _: not isinstance(value, list) or all(satisfies(item, part) for item in value),
    "minItems": lambda value, least, _: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda value, most, _: not isinstance(value, list) or len(value) <= most,
    "minLength": lambda value, least, _: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most, _: not isinstance(value, str) or len(value) <= most,
    "minimum": lambda value, least, _: not _TYPES["number"](value) or value >= least,
    "maximum": lambda value, most, _: not _TYPES["number"](value) or value <= most,
}


def satisfies(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a JSON value satisfies a schema of the keywords above; other keywords say nothing."""
    return all(KEYWORDS[name](value, said, schema) for name, said in schema.items() if name in KEYWORDS)


def _equal(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) or (
        _TYPES["number"](one) and _TYPES["number"](other) and one == other
    )


def exec_output(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when what the completion says is printed equals the recorded output.

    That is the whole completion, its last code block, or, for an output of one line, its last line without emphasis.
    """
    truth = ground_truth.strip()
    blocks = _BLOCK.findall(completion)
    lines = [line for line in completion.strip().splitlines() if line.strip()]
    said = [completion, *blocks[-1:]]
    if "\n" not in truth and lines:
        said.append(_LEAD.sub("", lines[-1].strip()).strip("*`\"' ").removesuffix("."))
    return float(any(_trimmed(one) == _trimmed(truth) for one in said))


_BLOCK = re.compile(r"```[^\n]*\n(.*?)\n?```", re.DOTALL)
_LEAD = re.compile(
    r"\A(?:the\s+)?(?:output|result|answer|it|this|that)(?:\s+(?:is|prints|would\s+be|will\s+be))?\s*:?\s+",
    re.IGNORECASE,
)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def regex_format(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when the completion, white space around it aside, is of the form `arguments["pattern"]`."""
    pattern = arguments.get("pattern")
    return float(
        isinstance(pattern, str)
        and len(completion) <= _LONGEST_FORM
        and bool(re.fullmatch(pattern, completion.strip()))
    )


_LONGEST_FORM = 2_000


def choice(completion: str, ground_truth: str, arguments: dict[str, Any]) -> float:  # noqa: ARG001 - one signature
    """1.0 when the completion names one option, and the right one: alone, first, or after "answer"."""
    named = _CHOSEN.findall(completion)
    letters = {letter.upper() for pair in named for letter in pair if letter}
    return float(letters == {ground_truth})


_CHOSEN = re.compile(r"\A[\W_]*([A-Ha-h])(?=[\W_]*\Z|[).:*])|\b(?:answer|option|choice)\s*(?:is|:)?\s*[(*]*([A-H])\b")

REWARDS: dict[str, Reward] = {
    "arithmetic_exact": arithmetic_exact,
    "json_object": json_object,
    "json_schema": json_schema,
    "exec_output": exec_output,
    "regex_format": regex_format,
    "choice": choice,
}


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None, **_: Any) -> float:
    """The reward as verl calls it.

    Args:
        data_source: `moonshine_<verifier>`.
        extra_info: the row's extras, of which `verifier_args` (JSON) is read.

    Raises:
        NotImplementedError: the data source is not one of Moonshine's.
    """
    name = data_source.removeprefix(DATA_SOURCE)
    if name == data_source or name not in REWARDS:
        raise NotImplementedError(f"no reward for data_source {data_source!r}; known: {', '.join(REWARDS)}")
    return REWARDS[name](solution_str, ground_truth, json.loads((extra_info or {}).get("verifier_args") or "{}"))


def moonshine_reward(
    completions: Sequence[Any],
    ground_truth: Sequence[str],
    verifier: Sequence[str],
    verifier_args: Sequence[str],
    **_: Any,
) -> list[float]:
    """Rewards as TRL's GRPOTrainer calls it: one a completion, from the columns of the lane.

    Args:
        completions: texts, or conversations whose last message is the answer.
    """
    texts = [completion if isinstance(completion, str) else completion[-1]["content"] for completion in completions]
    rows = zip(texts, ground_truth, verifier, verifier_args, strict=True)
    return [REWARDS[name](text or "", truth, json.loads(arguments)) for text, truth, name, arguments in rows]


def reward_func(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], **_: Any) -> dict[str, Any]:
    """Rewards as OpenRLHF calls it: queries are prompts with their completions, labels what the export wrote.

    A label is JSON: `{"verifier", "ground_truth", "verifier_args"}`. Special tokens at the end of a query are no part
    of the answer.
    """
    import torch  # the trainer's own

    scores = []
    for query, prompt, label in zip(queries, prompts, labels, strict=True):
        task = json.loads(label)
        completion = _END.sub("", query.removeprefix(prompt))
        scores.append(REWARDS[task["verifier"]](completion, task["ground_truth"], json.loads(task["verifier_args"])))
    rewards = torch.tensor(scores)
    return {"rewards": rewards, "scores": rewards, "extra_logs": {}}


def grade(sample: dict[str, Any], item: dict[str, Any]) -> float:
    """The reward as OpenAI's python grader calls it: the model's answer and the row's line."""
    return REWARDS[item["verifier"]](sample["output_text"], item["ground_truth"], json.loads(item["verifier_args"]))
