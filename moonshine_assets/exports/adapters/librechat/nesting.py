"""Recursive exports nest every answer in its question: some 250 messages deep a JSON decoder gives up (it recurses).

In: the bytes of such a conversation. Out: the same with its messages in a flat list, each naming the one it stood in.
Found by brackets and quotes alone, without recursion.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.values import ident

# Possessive, so that a string that never ends costs one pass and no memory to go back.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|"', re.DOTALL)
_KEY = re.compile(rb'(?<!\\)"(children|messages)"\s{0,40}:\s{0,40}\Z')
#: How far before a bracket its key is looked for.
_KEY_BYTES = 100
_BETWEEN = b", \t\r\n"
_PARENT = "parentMessageId"


class _Cut(NamedTuple):
    """The conversation without messages; every message without children, and the rank of the one it stood in."""

    whole: bytes
    messages: list[bytearray]
    holders: list[int]


def unnested(raw: bytes) -> tuple[Any, list[str]]:
    """The conversation with flat messages, and the flags of decoding.

    A message without a parent pointer of its own gets that of the message it stood in.

    Raises:
        Unreadable: not JSON, or nested too deeply by anything but children.
    """
    cut = _cut(raw)
    value, flags = decode(cut.whole, Any)
    if not isinstance(value, dict):
        raise Unreadable("a conversation must be a JSON object")
    found = set(flags)
    names: list[str | None] = []
    flat: list[Any] = []
    for data, holder in zip(cut.messages, cut.holders, strict=True):
        item, flags = decode(bytes(data), dict[str, Any])
        found.update(flags)
        names.append(ident(item.get("messageId")))
        if holder >= 0 and not ident(item.get(_PARENT)):
            item[_PARENT] = names[holder]
        flat.append(item)
    return {**value, "messages": flat}, sorted(found)


def _cut(raw: bytes) -> _Cut:
    whole = bytearray()
    messages: list[bytearray] = []
    holders: list[int] = []
    inside: list[int] = []  # ranks of the messages around the place
    frames: list[str] = []  # "{" and "[", "m" for a message, "c" for a list of messages
    copied = 0

    def copy(end: int) -> None:
        target = messages[inside[-1]] if inside else whole
        target += raw[copied:end]

    def skip(end: int) -> None:
        if raw[copied:end].strip(_BETWEEN):
            raise Unreadable("a message that is no object, in a conversation nested too deeply to be decoded")

    for token in _TOKEN.finditer(raw):
        if token[0][:1] == b'"':
            if token[0] == b'"':
                raise Unreadable("not valid JSON (a string without an end)", where=f"byte {token.start()}")
        elif token[0] == b"{":
            if frames[-1:] == ["c"]:
                skip(token.start())
                holders.append(inside[-1] if inside else -1)
                inside.append(len(messages))
                messages.append(bytearray())
                copied = token.start()
                frames.append("m")
            else:
                frames.append("{")
        elif token[0] == b"[":
            key = _KEY.search(raw, max(0, token.start() - _KEY_BYTES), token.start())
            of_messages = key is not None and frames == ["{"] and key[1] == b"messages"
            if of_messages or (key is not None and frames[-1:] == ["m"] and key[1] == b"children"):
                copy(token.end())
                copied = token.end()
                frames.append("c")
            else:
                frames.append("[")
        else:
            frame = frames.pop() if frames else ""
            if (frame in ("{", "m")) != (token[0] == b"}") or not frame:
                raise Unreadable("not valid JSON (brackets do not match)", where=f"byte {token.start()}")
            if frame == "c":
                skip(token.start())
                copied = token.start()
            elif frame == "m":
                copy(token.end())
                copied = token.end()
                inside.pop()
    if frames:
        raise Unreadable("not valid JSON (cut off)", where=f"byte {len(raw)}")
    copy(len(raw))
    return _Cut(bytes(whole), messages, holders)
