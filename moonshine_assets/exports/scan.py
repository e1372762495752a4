"""Find the values of a JSON array or object by brackets and quotes alone, whatever stands between them.

Slow (some 20 MB/s) and tolerant: the way for files msgspec refuses as a whole, so that one odd conversation does not
cost the others.
"""

from __future__ import annotations

import json
import re
from typing import Literal, overload

from moonshine_assets.errors import BadInput

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOP = re.compile(_STRING + rb'|[\[\]{},:]|"', re.DOTALL)
_DEEP = re.compile(_STRING + rb'|[\[\]{}]|"', re.DOTALL)
_BLANKS = b" \t\r\n"


@overload
def scan(name: str, view: memoryview, start: int, *, keys: Literal[True], closed: bool = ...) -> list[str]: ...
@overload
def scan(
    name: str, view: memoryview, start: int, *, keys: Literal[False] = ..., closed: bool = ...
) -> list[tuple[int, int]]: ...


def scan(
    name: str, view: memoryview, start: int, *, keys: bool = False, closed: bool = True
) -> list[tuple[int, int]] | list[str]:
    """Byte ranges of the values (or the names) of the array or object that begins at `start`.

    Args:
        name: file name, for messages.
        view: bytes of the file.
        start: where `[` or `{` stands.
        keys: give the names of an object's fields instead, repeated ones repeated.
        closed: nothing but white space may follow the closing bracket.

    Raises:
        BadInput: the text ends before the bracket is closed, or goes on after it.
    """
    is_object = view[start] == 0x7B
    spans: list[tuple[int, int]] = []
    names: list[str] = []
    depth = 0
    position = start
    begin = start + 1
    while True:
        match = (_TOP if depth <= 1 else _DEEP).search(view, position)
        if match is None or match[0] == b'"':
            raise BadInput(
                f"the JSON is cut off at byte {len(view)}, {len(spans)} whole conversations before that",
                where=name,
                fix="download the export again or restore the file from a backup",
            )
        token = match[0]
        position = match.end()
        if token in (b"[", b"{"):
            depth += 1
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                _close(spans, view, begin, match.start())
                break
        elif depth == 1 and token == b",":
            _close(spans, view, begin, match.start())
            begin = position
        elif depth == 1 and token == b":" and is_object:
            if keys:
                names.append(_name(bytes(view[begin : match.start()])))
            begin = position
    if closed and bytes(view[position:]).strip(_BLANKS + b"\x00"):
        raise BadInput(
            f"something follows the JSON value that ends at byte {position}",
            where=name,
            fix="download the export again; two files may have been joined",
        )
    return names if keys else spans


def _close(spans: list[tuple[int, int]], view: memoryview, begin: int, end: int) -> None:
    text = bytes(view[begin:end])
    left = len(text) - len(text.lstrip(_BLANKS))
    body = text.strip(_BLANKS)
    if body:
        spans.append((begin + left, begin + left + len(body)))


def _name(raw: bytes) -> str:
    try:
        return str(json.loads(raw.strip().decode("utf-8", errors="replace"), strict=False))
    except json.JSONDecodeError:
        return raw.decode("utf-8", errors="replace")
