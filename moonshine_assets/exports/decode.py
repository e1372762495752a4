"""The bytes of one conversation to Python values: typed where they fit, lenient where they must be.

EXPORT-FORMATS §0.10. In: JSON as it stands in an export. Out: the typed value or plain Python, strings that can be
written as UTF-8 and hold no NUL, and flags for whatever had to be changed on the way.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable

SURROGATE_REPLACED = "surrogate_replaced"
NUL_STRIPPED = "nul_stripped"
UTF8_REPLACED = "utf8_replaced"
NUMBER_AS_TEXT = "number_as_text"

#: A ValidationError is a DecodeError.
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError)
#: Half again as fast as `in`, and needs no copy of a view.
_NUL = re.compile(rb"\\u0000")
#: Between a key that comes again and the number of copies to come; a noncharacter, which no export uses.
_COPY = "\ufffe"


def decode(data: bytes | memoryview, type: Any) -> tuple[Any, list[str]]:
    """One JSON value as `type`, or as plain Python (dict, list, str, …) where it does not fit: look before you use it.

    Structs in `type` should name only what is read, with `Any` leaves; `msgspec.Raw` must not occur in it.
    The flags, sorted, say what was changed:
        surrogate_replaced: half a surrogate pair became U+FFFD
        nul_stripped: NUL characters were taken out of strings
        utf8_replaced: bytes that are not UTF-8 became U+FFFD
        number_as_text: NaN, Infinity or a number out of range is kept as its text
    Raises:
        Unreadable: not JSON, or nested too deeply.
    """
    try:
        if _NUL.search(data) is None:
            try:
                return _strict(data, type), []
            except _REFUSALS:
                pass
        return _lenient(bytes(data), type)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def decode_exactly(data: bytes | memoryview, type: Any) -> Any:
    """One JSON value as `type`, where it fits and nothing has to be changed; else None, and `decode` is to be asked."""
    if _NUL.search(data) is not None:
        return None
    try:
        return _decoder(type).decode(data)
    except (*_REFUSALS, RecursionError):
        return None


def decode_keeping_repeats(data: bytes | memoryview) -> tuple[Any, list[str]]:
    """As `decode` to plain Python, but where a key occurs again in its object the earlier ones stay, in their places,
    under names from which `original_key` gives the key; the last has the key itself, as JSON decoders have it. Slow.

    Raises:
        Unreadable: not JSON, or nested too deeply.
    """
    try:
        return _lenient(bytes(data), Any, _keep_repeats)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def original_key(name: str) -> str:
    """The key as the file has it, for a name that `decode_keeping_repeats` gave."""
    return name.partition(_COPY)[0]


def fit(value: Any, type: Any) -> Any:
    """`value` (plain Python, as `decode` returns it) as `type`, or unchanged where it does not fit."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError:
        return value


def compact_json(value: Any) -> str:
    """JSON without blanks, keys in the order they came, characters as they are."""
    return msgspec.json.encode(value).decode()


@cache
def _decoder(type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type)


def _strict(raw: bytes | memoryview, type: Any) -> Any:
    try:
        return _decoder(type).decode(raw)
    except msgspec.ValidationError:
        return msgspec.json.decode(raw)


def _keep_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    kept = dict(pairs)
    if len(kept) == len(pairs):
        return kept
    copies = Counter(key for key, _ in pairs)
    kept = {}
    for key, value in pairs:
        copies[key] -= 1
        kept[f"{key}{_COPY}{copies[key]}" if copies[key] else key] = value
    return kept


def _lenient(
    raw: bytes, type: Any, pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None
) -> tuple[Any, list[str]]:
    """By the standard library, which takes control characters, half surrogate pairs and odd numbers."""
    flags: set[str] = set()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("utf-8-sig", errors="replace")
        flags.add(UTF8_REPLACED)

    def as_text(token: str) -> str:
        flags.add(NUMBER_AS_TEXT)
        return token

    def as_float(token: str) -> float | str:
        number = float(token)
        return number if math.isfinite(number) else as_text(token)

    def as_int(token: str) -> int | str:
        # Python refuses to convert longer digit strings; no field of an export needs them
        return int(token) if len(token) <= 400 else as_text(token)

    try:
        value = json.loads(
            text,
            strict=False,
            parse_constant=as_text,
            parse_float=as_float,
            parse_int=as_int,
            object_pairs_hook=pairs_hook,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"not valid JSON ({error.msg})", where=f"character {error.pos}") from None
    return fit(_clean(value, flags), type), sorted(flags)


def _clean(value: Any, flags: set[str]) -> Any:
    """The same value with strings that UTF-8 can carry and no NUL, keys included."""
    if isinstance(value, str):
        return _clean_text(value, flags)
    if isinstance(value, list):
        return [_clean(item, flags) for item in value]
    if isinstance(value, dict):
        return _clean_keys(value, flags)
    return value


def _clean_keys(value: dict[str, Any], flags: set[str]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for key, item in value.items():
        name = _clean_text(key, flags)
        # two keys that differ only in what was changed both stay
        while name != key and (name in cleaned or name in value):
            name += "\ufffd"
        cleaned[name] = _clean(item, flags)
    return cleaned


def _clean_text(text: str, flags: set[str]) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
        flags.add(NUL_STRIPPED)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        flags.add(SURROGATE_REPLACED)
    return text
