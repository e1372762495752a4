"""Is this a chat of Le Chat? (EXPORT-FORMATS §1, §10)"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.json_head import head_of
from moonshine_assets.exports.records import Claim

_MARKS = frozenset({"chatId", "contentChunks"})
_CHAT_FILE = re.compile(r"chat-[\w-]{8,}\.json")
_HEAD_BYTES = 1 << 16
#: So many files are looked at before a container with such names is called another's.
_PROBED = 5


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded message of a list Le Chat's?"""
    if element.keys() >= _MARKS:
        return Claim("lechat", 0.9, "a message with chatId and contentChunks")
    return None


def claim_bytes(head: bytes, name: str) -> Claim | None:  # noqa: ARG001
    """Is this file, by its first 64 KB, a list of Le Chat's messages?"""
    shown = head_of(head)
    if shown.kind == "array" and shown.keys >= _MARKS:
        return Claim("lechat", 0.9, "messages with chatId and contentChunks")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """The chats, in order of their names; [] where none of the first shows a message. Empty chats are among them."""
    found = [
        name for name in sorted(names) if _CHAT_FILE.fullmatch(PurePosixPath(name).name) and "__MACOSX" not in name
    ]
    if any(claim_bytes((read(name) or b"")[:_HEAD_BYTES], name) for name in found[:_PROBED]):
        return found
    return []


def sidecar(name: str) -> bool:  # noqa: ARG001
    """A file of the export that holds no conversations: Le Chat has none."""
    return False
