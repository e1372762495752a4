"""Mutations of a file's bytes: cut off, damaged, in another encoding, with something before or after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

_ODD_BYTES = (
    b"\xff",
    b"\xc3",
    b"\xed\xa0\xbd",
    b"\xf0\x9f",
    b"\xc0\x80",
    b"\xfe\xff",
    b"\x80",
    b"\x00",
    b"\xf5\x80\x80\x80",
)
_MARKS = (b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\n", b"\\u0000", b"\\ud83d", b"NaN", b"//", b"<", b"0")


def truncate(rng: Random, data: bytes) -> bytes:
    """Cut off at any byte; more often near the end, where a cut is hardest to see."""
    return data[: rng.randrange(len(data))] if rng.random() < 0.6 else data[: -rng.randint(1, min(40, len(data)))]


def bad_utf8(rng: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(found) + 1)
        found[at : at + rng.randint(0, 1)] = rng.choice(_ODD_BYTES)
    return bytes(found)


def flipped(rng: Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def inserted(rng: Random, data: bytes) -> bytes:
    """Punctuation where none belongs."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(_MARKS) + data[at:]
    return data


def removed(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, max(1, len(data) // 4)) :]


def repeated(rng: Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    piece = data[at : at + rng.randint(1, max(1, len(data) // 2))]
    place = rng.randrange(len(data) + 1)
    return data[:place] + piece + data[place:]


def surrounded(rng: Random, data: bytes) -> bytes:
    """With something before or after it, or the whole file twice."""
    return rng.choice(
        (
            b"\xef\xbb\xbf" + data,
            b" \r\n\t" + data + b"\n" * 1000,
            data + b"\x00" * 512,
            data + data,
            data + b"\n" + data,
            b"window.data = " + data,
            b"<!DOCTYPE html><html><body>sign in</body></html>",
            b"PK\x03\x04" + data,
            data + b"]",
            b"",
        )
    )


def reencoded(rng: Random, data: bytes) -> bytes:
    """As another program would save it."""
    text = data.decode("utf-8-sig", "replace")
    return rng.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-16-le"),
            text.encode("latin-1", "xmlcharrefreplace"),
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            json.dumps(text).encode(),
        )
    )


BYTE_MUTATORS: dict[str, Callable[[Random, bytes], bytes]] = {
    mutate.__name__: mutate
    for mutate in (truncate, bad_utf8, flipped, inserted, removed, repeated, surrounded, reencoded)
}
