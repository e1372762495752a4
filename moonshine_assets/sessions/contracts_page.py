"""docs/contracts.md out of the declarations."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Meta

from moonshine_assets.sessions.contracts import CONTRACTS, Contract

HEAD = """# Contracts

Made from the declarations in `moonshine_assets/sessions/contracts.py` by `make docs`. The field names are fixed. A
record is one JSON object; a field that is missing or not named here is refused when it is read.
"""

_BOUNDS = {"ge": "at least {}", "gt": "above {}", "min_length": "at least {} long", "pattern": "`{}`"}
_NAMES = {int: "integer", float: "number", str: "text", NoneType: "null", Any: "any JSON"}


def page() -> str:
    """The whole page, with its final line break."""
    return "\n\n".join([HEAD.rstrip("\n"), *map(section, CONTRACTS)]) + "\n"


def section(contract: type[Contract]) -> str:
    """One contract: what it is, and a row a field."""
    hints = get_type_hints(contract, include_extras=True)
    rows = [f"| {name} | {_kind(hints[name])} | {_notes(hints[name])} |" for name in contract.__struct_fields__]
    told = " ".join((contract.__doc__ or "").split())
    return "\n".join([f"## {contract.__name__}", "", told, "", "| field | type | holds |", "|---|---|---|", *rows])


def _kind(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return _kind(get_args(hint)[0])
    if get_origin(hint) is tuple:
        return f"list of {_kind(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return "object"
    if args := get_args(hint):
        return " or ".join(map(_kind, args))
    return _NAMES.get(hint) or f"[{hint.__name__}](#{hint.__name__.lower()})"


def _notes(hint: Any) -> str:
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta)]
    for part in get_args(hint) if get_origin(hint) is not Annotated else ():
        metas += [meta for meta in getattr(part, "__metadata__", ()) if isinstance(meta, Meta)]
    said = [meta.description for meta in metas if meta.description]
    for meta in metas:
        bounds = {key: value for key in _BOUNDS if (value := getattr(meta, key)) is not None}
        # a description says what a pattern spells out
        said += [_BOUNDS[key].format(value) for key, value in bounds.items() if not (key == "pattern" and said)]
    return ", ".join(said)
