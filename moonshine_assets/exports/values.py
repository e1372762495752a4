"""Leaves of an export, which may have any type, read as what they should be (EXPORT-FORMATS §0.6, §0.12).

In: a value as `decode` gives it. Out: the value in the type wanted, or None. Never raises for a type.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import compact_json, decode
from moonshine_assets.exports.records import ANONYMOUS
from moonshine_assets.exports.times import lacks_zone, to_micros

TIME_WITHOUT_ZONE = "time_without_zone"

_LARGEST_SIZE = 2**63 - 1
_ADDRESS = re.compile(r"(https?://[^\s\"\\?]{1,2000}+)\?([^\s\"\\<>`]*)", re.IGNORECASE)
#: Names and values by which a query string is known to open a door: signatures, tokens, keys of object stores.
_SIGNED = re.compile(
    r"(?:^|[&;])(?:key|[\w-]*token|sig|[\w-]*signature|auth\w*|[\w-]*accesskeyid|[\w-]*credential|policy|jwt|secret"
    r"|x-(?:amz|goog|oss|cos|tos)-[\w-]+|q-sign-[\w-]+)=|=eyJ",
    re.IGNORECASE,
)
#: The bytes of a file inside JSON text; short ones stay.
_INLINE = re.compile(r"(data:[\w.+/-]{0,100};base64,)([A-Za-z0-9+/=_-]{256,})")
#: Fields of a search result that are read, in this order.
_RESULT_FIELDS = (("title", "name"), ("url", "link", "href"), ("snippet", "content", "text", "description"))


def text_or_none(value: Any) -> str | None:
    """A string that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def ident(value: Any) -> str | None:
    """An id as text: a string that is not empty, or an integer; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_or_none(value)


def byte_size(value: Any) -> int | None:
    """A count of bytes: a whole number that fits 64 bits; else None."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _LARGEST_SIZE else None


def moment(value: Any, flags: set[str]) -> int | None:
    """Microseconds UTC; adds `time_without_zone` to `flags` where UTC had to be assumed."""
    micros = to_micros(value)
    if micros is not None and isinstance(value, str) and not _shows_zone(value) and lacks_zone(value):
        flags.add(TIME_WITHOUT_ZONE)
    return micros


def _shows_zone(value: str) -> bool:
    """Whether a time ends in `Z` or `+08:00`, without parsing it."""
    return value.endswith("Z") or (value[-3:-2] == ":" and value[-6:-5] in ("+", "-"))


def json_type(value: Any) -> str:
    """What a JSON value is, in words for a message."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def is_blank(wire: msgspec.Struct) -> bool:
    """Whether none of the fields that are read was in the JSON: it is something else under another name."""
    return all(getattr(wire, name) is None for name in wire.__struct_fields__)


def anonymous_id(data: bytes | memoryview) -> str:
    """The id of a conversation that the export gives none."""
    return ANONYMOUS + hashlib.sha256(data).hexdigest()[:16]


def unsigned(text: str) -> str:
    """The same text with the query strings of signed addresses cut off: such an address opens the file for anybody.

    Takes JSON text too: nothing beyond a string's end is touched.
    """
    if "?" not in text or "://" not in text:
        return text
    return _ADDRESS.sub(_bare, text)


def _bare(found: re.Match[str]) -> str:
    """An address without its query, if that is signed; a bracket that the query does not open ends it."""
    query, depth = found[2], 0
    if _SIGNED.search(query) is None:
        return found[0]
    for rank, character in enumerate(query):
        depth += (character in "([") - (character in ")]")
        if depth < 0:
            return found[1] + query[rank:]
    return found[1]


def payload(value: Any) -> str:
    """A value as JSON text without signatures, and with the bytes of inline files replaced by their size and SHA-256
    (the export keeps them)."""
    text = unsigned(compact_json(value))
    return _INLINE.sub(_described, text) if ";base64," in text else text


def _described(found: re.Match[str]) -> str:
    encoded = found[2]
    return f"{found[1]}sha256={hashlib.sha256(encoded.encode()).hexdigest()};characters={len(encoded)}"


def rest(item: dict[str, Any], left_out: Iterable[str]) -> str | None:
    """What an object holds besides the keys left out and empty values, as JSON; None when that is nothing."""
    kept = {key: value for key, value in item.items() if value and key not in left_out}
    return payload(kept) if kept else None


def texts_of(value: Any) -> tuple[list[str], list[Any]]:
    """The texts of a content that may be a string, a part or a list of parts; and what else those parts hold.

    A part has its text in `text` (a string or `{"value": string}`) or `content`.
    """
    texts: list[str] = []
    others: list[Any] = []
    for part in value if isinstance(value, list) else [value]:
        said, more = part, None
        if isinstance(part, dict):
            key = "content" if part.get("text") is None else "text"
            said = part.get(key)
            more = {name: item for name, item in part.items() if item and name not in ("type", key)}
            if isinstance(said, dict):
                beside = {name: item for name, item in said.items() if item and name != "value"}
                more |= {key: beside} if beside else {}
                said = said.get("value")
        if isinstance(said, str):
            texts += [said] if said else []
            others += [more] if more else []
        elif part is not None:
            others.append(part)
    return texts, others


def arguments_of(value: Any) -> tuple[str | None, str | None]:
    """The arguments of a call as (JSON, text); JSON in a string counts, once or twice quoted, and is None otherwise."""
    if value is None:
        return None, None
    inner = value
    for _ in range(2):
        if isinstance(inner, str):
            inner = _parsed(inner)
    if isinstance(inner, dict | list):
        encoded = unsigned(compact_json(inner))
        return encoded, encoded
    if isinstance(value, str):
        return None, value or None
    return payload(value), payload(value)


def output_of(value: Any) -> tuple[str | None, str | None]:
    """What a tool gave back, as (text, payload): a string, parts with text, or any JSON, which is its own text."""
    if value is None:
        return None, None
    if isinstance(value, str):
        inner = _parsed(value) if value.startswith('"') else value
        return (inner if isinstance(inner, str) else value) or None, None
    texts, others = texts_of(value)
    if not texts:
        return (payload(value), None) if value not in ([], {}) else (None, None)
    return "\n".join(texts), payload(others) if others else None


def listing(results: Any) -> str | None:
    """Search results as lines: title, address and excerpt of each, an empty line between results."""
    found: list[str] = []
    for result in results if isinstance(results, list) else [results]:
        if isinstance(result, str):
            found.append(result)
        elif isinstance(result, dict):
            lines = [
                next((text for key in keys if (text := text_or_none(result.get(key)))), "") for keys in _RESULT_FIELDS
            ]
            found.append("\n".join(unsigned(line) for line in lines if line))
    return "\n\n".join(entry for entry in found if entry) or None


def _parsed(text: str) -> Any:
    """The JSON value a string holds, or the string."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        return decode(text.encode(), Any)[0]
    except Unreadable:
        return text
