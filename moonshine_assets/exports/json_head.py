"""The field names a JSON document begins with, from its first bytes alone.

For documents that are one conversation as a whole and may be large: their kind shows in the names at the top.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}:,]', re.DOTALL)
_STARTS = {b"{": "object", b"[": "array"}


class Head(NamedTuple):
    """`kind`: object, array or other. `keys`: the names of the object, or of the objects in the array, seen so far."""

    kind: str
    keys: frozenset[str]


def kind_of(head: bytes) -> str:
    """object, array or other: by the first character alone."""
    return _STARTS.get(_body(head)[:1], "other")


@lru_cache(maxsize=8)
def head_of(head: bytes) -> Head:
    """What the first bytes of a file show; never raises. Names after a value that is longer than `head` are unseen."""
    body = _body(head)
    kind = kind_of(head)
    if kind == "other":
        return Head(kind, frozenset())
    at = 1 if kind == "object" else 2
    keys: set[str] = set()
    nesting: list[bytes] = []
    last = b""
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token in (b"{", b"["):
            nesting.append(token)
        elif token in (b"}", b"]"):
            if nesting:
                nesting.pop()
            if not nesting:
                break
        elif token == b":" and last and len(nesting) == at and nesting[-1] == b"{":
            keys.add(_name(last))
        last = token if token.startswith(b'"') else b""
    return Head(kind, frozenset(keys))


def _body(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def _name(token: bytes) -> str:
    try:
        return str(json.loads(token.decode(errors="replace"), strict=False))
    except ValueError:
        return ""
