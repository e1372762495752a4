"""Values of any type, as logs hold them, taken for what they should be or for nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from moonshine_assets.exports.decode import compact_json

#: Larger numbers do not fit the tables.
_LARGEST = 2**63 - 1
#: Fields that hold the bytes of a picture or a document as base64.
_BYTE_KEYS = frozenset({"data", "base64", "image_url", "url"})
_BASE64 = re.compile(r"(?:data:(?P<mime>[\w.+/-]*)(?:;[\w=-]+)*,)?[A-Za-z0-9+/_=\r\n-]{256,}")


def text_or_none(value: Any) -> str | None:
    """A string that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def ident(value: Any) -> str | None:
    """An id as text: a string that is not empty, or a number; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_or_none(value)


def mapping(value: Any) -> dict[str, Any]:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list, else an empty one."""
    return value if isinstance(value, list) else []


def others(value: Any) -> list[Any]:
    """What of a value that should be a list of objects is none: elements of other types, or the whole value."""
    if isinstance(value, list):
        return [item for item in value if item is not None and not isinstance(item, dict)]
    return [value] if value else []


def count(value: Any) -> int | None:
    """A whole number from 0 that the tables can hold, else None."""
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST
    return value if whole else None


def flag(value: Any) -> bool | None:
    """True or false, else None."""
    return value if isinstance(value, bool) else None


def rest(value: dict[str, Any], left_out: frozenset[str] | set[str]) -> str | None:
    """What an object holds besides the keys left out and empty values, as JSON without inline bytes; None: nothing."""
    kept = {key: item for key, item in value.items() if key not in left_out and item not in (None, "", [], {})}
    return compact_json(without_bytes(kept)) if kept else None


def as_json(value: Any) -> str:
    """Any value as compact JSON, inline bytes left out."""
    return compact_json(without_bytes(value))


def without_bytes(value: Any) -> Any:
    """The same value with the base64 of files replaced by SHA-256 and size; the archived log keeps the bytes."""
    if isinstance(value, dict):
        return {
            key: inline_bytes(item) or without_bytes(item) if key in _BYTE_KEYS else without_bytes(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_bytes(item) for item in value]
    return value


def inline_bytes(value: Any) -> dict[str, Any] | None:
    """SHA-256 and size of bytes that stand in a string as base64, with or without `data:`; None for other values."""
    found = _BASE64.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    encoded = value[value.find(",") + 1 :] if value.startswith("data:") else value
    try:
        raw = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raw = encoded.encode()
    described: dict[str, Any] = {"sha256": hashlib.sha256(raw).hexdigest(), "size_bytes": len(raw)}
    if mime := found["mime"]:
        described["mime_type"] = mime
    return described
