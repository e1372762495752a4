"""Documents that no schema describes: what is looked for in them, and how the rest of them is kept.

For adapters that decode to plain Python and look before they use. Always: no function here raises for any decoded
JSON value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports import values
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import BadNode, Block
from moonshine_assets.exports.values import ident, json_type, payload, rest, text_or_none

#: Flag of a message of which a part has a type the format does not know.
ODD_CONTENT = "odd_content"

_P = ParamSpec("_P")
_R = TypeVar("_R")


def first_text(item: dict[str, Any], *keys: str) -> str | None:
    """The first of these fields that is a text."""
    return next((text for key in keys if (text := text_or_none(item.get(key)))), None)


def first_ident(item: dict[str, Any], *keys: str) -> str | None:
    """The first of these fields that can be an id."""
    return next((name for key in keys if (name := ident(item.get(key)))), None)


def as_dict(value: Any) -> dict[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The list without its nulls; a single value as a list of one; nothing for null and empty values."""
    if isinstance(value, list):
        return [item for item in value if item is not None]
    return [value] if value else []


def moment(value: Any, flags: set[str]) -> int | None:
    """A time in any form, Mongo's `{"$date": {"$numberLong": "<ms>"}}` included, as microseconds UTC.

    Adds `time_without_zone` to `flags` where the time names none and was taken for UTC.
    """
    for key in ("$date", "$numberLong"):
        if isinstance(value, dict):
            value = value.get(key, value)
    return values.moment(value, flags)


def unknown_fields(item: dict[str, Any], known: frozenset[str]) -> list[Block]:
    """One raw block with the fields that the format does not know; none when there are none."""
    held = rest(item, known)
    return [Block("raw", payload=held)] if held else []


def odd(value: Any, flags: set[str]) -> Block:
    """A part of a type the format does not know, kept as its JSON; `odd_content` is added to `flags`."""
    flags.add(ODD_CONTENT)
    return Block("raw", payload=payload(value))


def texts(kind: str, value: Any, flags: set[str]) -> list[Block]:
    """A field that should be a text: its block, none where it is empty, a raw one for any other type."""
    if isinstance(value, str):
        return [Block(kind, value)] if value else []
    return [] if value is None else [odd(value, flags)]


def bad_node(name: str | None, value: Any, what: str = "a message") -> BadNode:
    """A node that is no object, with its JSON."""
    return BadNode(name, f"{what} must be a JSON object, this is {json_type(value)}", compact_json(value).encode())


def own_ids(ids: Sequence[str]) -> list[str]:
    """Ids that are told apart where they come again, as `<id>#<rank>`: a chain needs ids of its own."""
    taken = set(ids)
    seen: set[str] = set()
    names: list[str] = []
    for rank, name in enumerate(ids):
        own = name
        if name in seen:
            own = f"{name}#{rank}"
            while own in taken:
                own += "'"
            taken.add(own)
        seen.add(name)
        names.append(own)
    return names


def depth_guarded(parse: Callable[_P, _R]) -> Callable[_P, _R]:
    """`parse`, raising Unreadable where the JSON is nested deeper than Python can follow."""

    @wraps(parse)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return parse(*args, **kwargs)
        except RecursionError:
            raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None

    return guarded
