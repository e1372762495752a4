"""Find the values of a JSON array or object by brackets and quotes alone, whatever stands between them.

Slow (some 20 MB/s) and tolerant: the way for files msgspec refuses as a whole, so that one odd conversation does not
cost the others.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.decode import decode

# Possessive, so that a string that never ends costs one pass and no memory to go back.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOP = re.compile(_STRING + rb'|[\[\]{},:]|"', re.DOTALL)
_DEEP = re.compile(_STRING + rb'|[\[\]{}]|"', re.DOTALL)
_OPENER = {b"]": b"[", b"}": b"{"}
_BLANKS = b" \t\r\n"


class Scanned(NamedTuple):
    """Byte ranges [start, end) of the values; of an object also their names, in step, repeated ones repeated."""

    spans: list[tuple[int, int]]
    names: list[str]


def scan(name: str, view: memoryview, start: int, *, closed: bool = True) -> Scanned:
    """Byte ranges of the values of the array or object that begins at `start`.

    A bracket that closes what was never opened belongs to the value it stands in, and one that closes what stands
    further out ends what was left open within: such a value will not parse, and the others are found.

    Args:
        name: file name, for messages.
        view: bytes of the file.
        start: where `[` or `{` stands.
        closed: nothing but white space (or the NULs some tools pad with) may follow the closing bracket.

    Raises:
        BadInput: the text ends before the bracket is closed, or goes on after it.
    """
    is_object = view[start] == 0x7B
    spans: list[tuple[int, int]] = []
    names: list[str] = []
    key = ""
    opened = bytearray()
    inside = {b"[": 0, b"{": 0}
    position = start
    begin = start + 1
    while True:
        match = (_TOP if len(opened) <= 1 else _DEEP).search(view, position)
        if match is None or match[0] == b'"':
            raise BadInput(
                f"the JSON is cut off at byte {len(view)}, {len(spans)} whole conversations before that",
                where=name,
                fix="download the export again or restore the file from a backup",
            )
        token = match[0]
        position = match.end()
        if token in inside:
            opened += token
            inside[token] += 1
        elif token in _OPENER:
            if not _close(opened, inside, _OPENER[token]):
                continue
        elif token == b":" and is_object and len(opened) == 1:
            key = _name(bytes(view[begin : match.start()]))
            begin = position
        if not opened or (len(opened) == 1 and token == b","):
            span = _trimmed(view, begin, match.start())
            if span is not None:
                spans.append(span)
                names.append(key)
            begin = position
        if not opened:
            break
    if closed and bytes(view[position:]).strip(_BLANKS + b"\x00"):
        raise BadInput(
            f"something follows the JSON value that ends at byte {position}",
            where=name,
            fix="download the export again; two files may have been joined",
        )
    return Scanned(spans, names if is_object else [])


def _close(opened: bytearray, inside: dict[bytes, int], opener: bytes) -> bool:
    """Close the last `opener` with all that was left open within it; False if there is none to be closed.

    The first bracket of all ends the text and is only closed when nothing is left open in it. `inside` counts what is
    in `opened`, so that a stray bracket costs no search.
    """
    if opened[-1:] == opener:
        place = len(opened) - 1
    elif inside[opener] > (opened[:1] == opener):
        place = opened.rfind(opener)
    else:
        return False
    for kind in inside:
        inside[kind] -= opened.count(kind, place)
    del opened[place:]
    return True


def _trimmed(view: memoryview, begin: int, end: int) -> tuple[int, int] | None:
    text = bytes(view[begin:end])
    left = len(text) - len(text.lstrip(_BLANKS))
    body = text.strip(_BLANKS)
    return (begin + left, begin + left + len(body)) if body else None


def _name(raw: bytes) -> str:
    try:
        name, _ = decode(raw, str)
    except Unreadable:
        name = None
    return name if isinstance(name, str) else raw.decode("utf-8", errors="replace").replace("\x00", "")
