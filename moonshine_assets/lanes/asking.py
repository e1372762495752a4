"""Prompts that a program can check, beyond sums and keys: schemas, formats, options, printed output.

Each is strict: a prompt it is not sure about asks for nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moonshine_assets.lanes.rewards import KEYWORDS
from moonshine_assets.lanes.task import Context, Task

_BLOCK = re.compile(r"```(?P<kind>[^\n]*)\n(?P<body>.*?)\n?```", re.DOTALL)
_NAMES_SCHEMA = re.compile(r"\bschema\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(?:only|just|nothing\s+(?:else|but))\b", re.IGNORECASE)
_LARGEST_SCHEMA = 8_000
_TYPES = frozenset({"object", "array", "string", "boolean", "null", "number", "integer"})

#: Forms of which the name says everything, with the pattern of it.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<![\w-]){name}(?![\w-])"), pattern)
    for name, pattern in (
        (r"YYYY-MM-DD", r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"),
        (r"DD\.MM\.YYYY", r"(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.\d{4}"),
        (r"DD/MM/YYYY", r"(?:0[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])/\d{4}"),
        (r"MM/DD/YYYY", r"(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])/\d{4}"),
        (r"HH:MM:SS", r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"),
        (r"HH:MM", r"(?:[01]\d|2[0-3]):[0-5]\d"),
        (r"#RRGGBB", r"#[0-9A-Fa-f]{6}"),
    )
)
_LONGEST = 600

_OPTION = re.compile(r"^\s*\(?(?P<letter>[A-H])[).:]\s+\S", re.MULTILINE)
_LETTER_ONLY = re.compile(r"\b(?:only|just)\b[^.\n]{0,30}\bletter\b|\bletter\s+only\b", re.IGNORECASE)
_KEY = re.compile(
    r"\b(?:correct|right)\s+(?:answer|option|choice|one)\s+(?:is|was|would\s+be)\s*:?\s*\(?(?P<letter>[A-H])\b"
)

_PRINTS = re.compile(r"\bwhat\b[^.?\n]{0,40}\b(?:prints?|printed|outputs?|displays?)\b", re.IGNORECASE)


def ask_schema(prompt: str, context: Context) -> Task | None:  # noqa: ARG001 - one signature
    """The prompt wants JSON alone, by the one schema that it holds."""
    if not (_ONLY.search(prompt) and _NAMES_SCHEMA.search(_BLOCK.sub(" ", prompt))):
        return None
    found = [schema for block in _BLOCK.finditer(prompt) if (schema := _schema(block["body"])) is not None]
    if len(found) != 1:
        return None
    return Task(json.dumps(found[0], ensure_ascii=False, sort_keys=True), {"schema": found[0]})


def _schema(text: str) -> dict[str, Any] | None:
    """A JSON Schema of an object, if the verifier knows every keyword of it."""
    try:
        schema = json.loads(text) if len(text) <= _LARGEST_SCHEMA else None
        known = isinstance(schema, dict) and schema.get("type") == "object" and bool(schema.get("properties"))
        return schema if known and _understood(schema) else None
    except (ValueError, RecursionError):
        return None


def _understood(schema: Any) -> bool:
    if not isinstance(schema, dict) or not set(schema) <= {*KEYWORDS, "title", "description", "$schema"}:
        return False
    names = schema.get("type", [])
    types = [names] if isinstance(names, str) else names
    properties, required = schema.get("properties", {}), schema.get("required", [])
    bounds = [schema.get(f"{side}{what}", 0) for side in ("min", "max") for what in ("imum", "Items", "Length")]
    return (
        isinstance(types, list)
        and set(map(str, types)) <= _TYPES
        and isinstance(properties, dict)
        and all(_understood(part) for part in properties.values())
        and isinstance(required, list)
        and all(isinstance(key, str) for key in required)
        and isinstance(schema.get("enum", []), list)
        and isinstance(schema.get("additionalProperties", True), bool)
        and ("items" not in schema or _understood(schema["items"]))
        and all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds)
    )


def ask_form(prompt: str, context: Context) -> Task | None:  # noqa: ARG001 - one signature
    """The prompt wants one date, time or colour in a form it names, and nothing else."""
    if len(prompt) > _LONGEST or not _ONLY.search(prompt):
        return None
    found = [pattern for name, pattern in _FORMS if name.search(prompt)]
    return Task(found[0], {"pattern": found[0]}) if len(found) == 1 else None


def ask_choice(prompt: str, context: Context) -> Task | None:
    """The prompt lists options by letter and wants the letter; the person says afterwards which one is right."""
    letters = [option["letter"] for option in _OPTION.finditer(prompt)]
    expected = [chr(ord("A") + rank) for rank in range(len(letters))]
    told = {key["letter"] for key in _KEY.finditer(context.said_next)}
    if len(letters) < 2 or letters != expected or not _LETTER_ONLY.search(prompt) or len(told) != 1:
        return None
    (truth,) = told
    return Task(truth, {"options": letters}) if truth in letters else None


def ask_output(prompt: str, context: Context) -> Task | None:
    """The prompt asks what the code in it prints, and that code was run: the recorded output is the truth."""
    blocks = [block["body"] for block in _BLOCK.finditer(prompt)]
    if len(blocks) != 1 or not _PRINTS.search(_BLOCK.sub(" ", prompt)):
        return None
    code = _plain(blocks[0])
    outputs = {output for ran, output in context.runs if _plain(ran) == code and output.strip()}
    return Task(outputs.pop(), {"code": blocks[0]}) if len(outputs) == 1 else None


def _plain(code: str) -> str:
    return "\n".join(line.rstrip() for line in code.strip().splitlines())
