"""The conversations of a JSON file as byte ranges, without loading the file.

Measured (PERF-FACTS): splitting a mapped 2 GB array with msgspec costs 1.6 CPU s and 40 MB. msgspec refuses the whole
file for one half surrogate pair, NaN or control character, which real exports hold: those are overwritten in a private
copy-on-write map that is used for finding the ranges alone, and what msgspec still refuses is split by `scan`.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.scan import Scanned, scan

#: Keys that make a top-level object a single conversation rather than a container of several.
SINGLE_KEYS = frozenset({"mapping", "chat_messages", "messages", "linear_conversation"})
#: Fields whose array holds the conversations, in every provider's files; adapters may name more.
ARRAYS = frozenset({"conversations"})

_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"[ \t\r\n]*")
#: What stands before the value of an object: one name, and a comma if it is not the first.
_ONE_NAME = re.compile(rb'[ \t\r\n]*,?[ \t\r\n]*"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_HTML_DATA = re.compile(rb"var\s+jsonData\s*=\s*")
_HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_MALFORMED_AT = re.compile(r"\(byte (\d+)\)")
_ODD_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_AS_DIGITS = bytes(0x31 if chr(code).isalpha() else code for code in range(256))
#: After that many single repairs the file is split by `scan`, which needs one pass however many faults there are.
_MOST_REPAIRS = 6


class Span(NamedTuple):
    """A byte range [start, end) of the file."""

    start: int
    end: int


class Split(NamedTuple):
    """Where the conversations of a file stand.

    `wrapper` tells the top level: array, object (one conversation), conversations (an object around the array),
    map (an object of id → conversation), html (the array inside chat.html). `names` are the ids of a map, else empty.
    """

    wrapper: str
    spans: list[Span]
    names: list[str] = []  # noqa: RUF012 - a NamedTuple default, never changed


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """The bytes of a file as a read-only view, mapped, not read.

    The view and what was cut from it must not be used after the block.
    """
    with path.open("rb") as stream:
        if path.stat().st_size == 0:
            yield memoryview(b"")
            return
        mapping = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield memoryview(mapping)
        finally:
            # Exceptions under way may still hold slices of the view; the map is freed with the last of them.
            try:
                mapping.close()
            except BufferError:
                del mapping


def split(path: Path, view: memoryview, name: str = "", arrays: Collection[str] = ARRAYS) -> Split:
    """Find the conversations of a JSON (or chat.html) file.

    Args:
        path: the file, for the private map.
        view: its bytes, from `mapped`.
        name: what messages call it; default: its file name.
        arrays: fields of a top-level object whose arrays hold the conversations.

    Raises:
        BadInput: not JSON, cut off, or a JSON value that cannot hold conversations; with the byte where known.
    """
    name = name or path.name
    start = _blank_end(view, len(_BOM) if bytes(view[:3]) == _BOM else 0)
    head = bytes(view[start : start + 64])
    _refuse_disguises(name, head)
    if head[:1] == b"<":
        spans = scan(name, view, _html_array(name, view), closed=False).spans
        return Split("html", [Span(*pair) for pair in spans])
    if head[:1] == b"[":
        return Split("array", _elements(path, view, start, name))
    if head[:1] == b"{":
        return _split_object(path, view, start, name, arrays)
    raise BadInput(
        f"not JSON (its first byte is 0x{head[0]:02x})", where=name, fix="give the export as it was downloaded"
    )


def _split_object(path: Path, view: memoryview, start: int, name: str, arrays: Collection[str]) -> Split:
    spans, names = _fields(view, start, name)
    if SINGLE_KEYS.intersection(names):
        return Split("object", [Span(start, _trimmed_end(view))])
    holding = [span for key, span in zip(names, spans, strict=True) if key in arrays and view[span[0]] == 0x5B]
    if holding:
        found = [span for begin, end in holding for span in _elements(path, view[:end], begin, name)]
        return Split("conversations", found)
    if spans and all(view[begin] == 0x7B for begin, _ in spans):
        return Split("map", [Span(*pair) for pair in spans], names)
    return Split("object", [Span(start, _trimmed_end(view))])


def _fields(view: memoryview, start: int, name: str) -> Scanned:
    """Values and names of the object at `start`, names that come again included.

    msgspec keeps the last value of a name that comes again; what it left out then stands between two values.
    """
    try:
        fields = msgspec.json.decode(view[start:], type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return scan(name, view, start)
    base = pa.py_buffer(view).address
    found = sorted((*_span_of(raw, base), key.replace("\x00", "")) for key, raw in fields.items())
    position = start + 1
    for begin, end, _ in found:
        if not _ONE_NAME.fullmatch(view[position:begin]):
            return scan(name, view, start)
        position = end
    return Scanned([(begin, end) for begin, end, _ in found], [key for _, _, key in found])


def _elements(path: Path, view: memoryview, start: int, name: str) -> list[Span]:
    """Ranges of the elements of the array at `start`, which ends where `view` does; msgspec first, then repaired,
    then scanned."""
    try:
        return _decoded_spans(view[start:], start)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    with path.open("rb") as stream:
        private = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
        spans = _repaired_spans(private, start, len(view))
    return spans if spans is not None else [Span(*pair) for pair in scan(name, view, start).spans]


def _decoded_spans(view: memoryview, offset: int) -> list[Span]:
    base = pa.py_buffer(view).address - offset
    return [Span(*_span_of(raw, base)) for raw in msgspec.json.decode(view, type=list[msgspec.Raw])]


def _span_of(raw: msgspec.Raw, base: int) -> tuple[int, int]:
    buffer = pa.py_buffer(raw)
    begin = buffer.address - base
    return begin, begin + buffer.size


def _repaired_spans(private: mmap.mmap, start: int, end: int) -> list[Span] | None:
    """Overwrite in the private map what msgspec refuses, byte for byte, and split that; None if it still refuses."""
    for match in _HALF_PAIR.finditer(private, start, end):
        if not _escaped(private, match.start()):
            private[match.start() : match.end()] = b"\\ufffd"
    for _ in range(_MOST_REPAIRS):
        try:
            return _decoded_spans(memoryview(private)[start:end], start)
        except (UnicodeDecodeError, RecursionError):
            return None
        except msgspec.DecodeError as error:
            place = _MALFORMED_AT.search(str(error))
            if place is None or not _repair(private, start + int(place[1])):
                return None
    return None


def _repair(private: mmap.mmap, at: int) -> bool:
    if at >= len(private):
        return False
    odd = _ODD_NUMBER.match(private, at)
    if odd is not None:
        # Digits of the same length, so that the range of the value stays what it was.
        private[odd.start() : odd.end()] = bytes(private[odd.start() : odd.end()]).translate(_AS_DIGITS)
        return True
    if private[at] < 0x20:
        private[at] = 0x20
        return True
    return False


def _escaped(buffer: mmap.mmap, at: int) -> bool:
    """Whether the backslash at `at` is itself escaped: an odd number of backslashes stands before it."""
    before = at
    while before > 0 and buffer[before - 1] == 0x5C:
        before -= 1
    return (at - before) % 2 == 1


def _blank_end(view: memoryview, start: int) -> int:
    match = _BLANK.match(view, start)
    return match.end() if match else start


def _trimmed_end(view: memoryview) -> int:
    end = len(view)
    while end > 0 and view[end - 1] in b" \t\r\n\x00":
        end -= 1
    return end


def _html_array(name: str, view: memoryview) -> int:
    match = _HTML_DATA.search(view)
    if match is None or bytes(view[match.end() : match.end() + 1]) != b"[":
        raise BadInput(
            "an HTML page without embedded conversations", where=name, fix="download the export again, signed in"
        )
    return match.end()


def _refuse_disguises(name: str, head: bytes) -> None:
    if not head:
        raise BadInput("the file is empty", where=name, fix="download the export again")
    if head.startswith(b"version https://git-lfs"):
        raise BadInput(
            "a Git LFS pointer, not the file it stands for", where=name, fix="fetch the real file with `git lfs pull`"
        )
    if head.startswith(b"PK"):
        raise BadInput("a zip inside the export", where=name, fix="unpack it and give the inner zip by itself")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:2]:
        raise BadInput("UTF-16 or UTF-32 text", where=name, fix="convert the file to UTF-8")
