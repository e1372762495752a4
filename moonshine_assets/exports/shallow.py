"""The upper levels of a JSON document that is nested deeper than any decoder follows."""

from __future__ import annotations

import re

#: Deeper than any field by which a provider is told.
_LEVELS = 40
# Possessive, so that a string that never ends costs one pass and no memory to go back.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)


def shallow(data: bytes | memoryview) -> bytes:
    """The same document with lists and objects below the fortieth level emptied; of broken JSON something as broken."""
    kept: list[bytes] = []
    level = position = 0
    raw = bytes(data)
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in b"[{":
            level += 1
            if level == _LEVELS:
                kept.append(raw[position : match.end()])
        elif token in b"]}":
            if level == _LEVELS:
                position = match.start()
            level -= 1
    kept.append(raw[position:])
    return b"".join(kept)
