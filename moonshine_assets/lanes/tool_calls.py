"""Tool calls as trainers take them: arguments as objects, schemas from the calls that were observed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.trees import Part, Turn


class Call(NamedTuple):
    """One call: the message that holds it, its id in the row, the tool, its arguments as an object."""

    turn: Turn
    call_id: str
    name: str
    arguments: dict[str, Any]
    native_id: str | None

    def message(self) -> Row:
        return {
            "id": self.call_id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        }

    @property
    def fingerprint(self) -> str:
        """Equal for calls of one tool with the same arguments."""
        return json.dumps([self.name, self.arguments], sort_keys=True, ensure_ascii=False)


def call_of(turn: Turn, part: Part, call_id: str) -> Call | None:
    """The call a part makes; None when the export does not name its tool."""
    if not part.tool_name:
        return None
    return Call(turn, call_id, part.tool_name, _arguments(part), part.tool_call_id)


def _arguments(part: Part) -> dict[str, Any]:
    """The payload when it is a JSON object that can be written out unchanged, else its text under `input`.

    A call without payload has no arguments.
    """
    payload = part.arguments if part.arguments is not None else part.text
    if payload is None:
        return {}
    try:
        value = json.loads(payload, parse_constant=_refuse, object_pairs_hook=_unique)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        return {"input": payload}
    return value if isinstance(value, dict) else {"input": payload}


def _refuse(name: str) -> float:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key occurs twice")
    return value


def holds_null(value: Any) -> bool:
    """Whether a JSON value is or holds null, at any depth."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if item is None:
            return True
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def schemas(calls: Iterable[Call]) -> list[Row]:
    """One function schema a tool, by name: the properties its calls had, with the JSON types seen.

    What was not observed (which properties are required, what the tool is for) is not claimed; the description is there
    all the same, empty, because some chat templates fail without one.
    """
    tools: dict[str, dict[str, set[str]]] = {}
    for call in calls:
        properties = tools.setdefault(call.name, {})
        for key, value in call.arguments.items():
            properties.setdefault(key, set()).add(_json_type(value))
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": "",
                "parameters": {
                    "type": "object",
                    "properties": {key: {"type": _one_or_list(types)} for key, types in sorted(properties.items())},
                },
            },
        }
        for name, properties in sorted(tools.items())
    ]


def _one_or_list(types: set[str]) -> str | list[str]:
    return next(iter(types)) if len(types) == 1 else sorted(types)


def _json_type(value: Any) -> str:
    # bool first: in Python it is an int.
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object" if isinstance(value, dict) else "null"
