"""Is this Claude.ai's? (EXPORT-FORMATS §1, §3.1, §3.6)

Shapes, first match wins:
    claude-design    `messages` whose `content` is an object
    claude-privacy   `messages` instead of `chat_messages`
    claude-api       model, settings, is_starred or current_leaf_message_uuid
    claude-2026      a message has parent_message_uuid
    claude-2025-10   blocks carry `flags`
    claude-2025-09   the conversation has a `summary`
    claude-2024      none of these
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.adapters.claude.design import MARKS
from moonshine_assets.exports.adapters.claude.wire import WireConversation, WireMessage
from moonshine_assets.exports.decode import fit
from moonshine_assets.exports.records import Claim

_CONVERSATIONS = re.compile(r"conversations(?:-(\d+))?\.json")
_SIDECARS = frozenset({"users.json", "projects.json", "memories.json"})
_SIDECAR_FOLDERS = frozenset({"projects", "memories"})
#: A title, a summary and an account come before the first chat_messages.
_HEAD_BYTES = 1 << 16


def shape_of(wire: WireConversation, messages: list[WireMessage]) -> str:
    """The format generation, see above."""
    if wire.chat_messages is None and wire.messages is not None:
        return "claude-design" if any(isinstance(message.content, dict) for message in messages) else "claude-privacy"
    api = (wire.model, wire.settings, wire.is_starred, wire.current_leaf_message_uuid)
    if any(value is not None for value in api):
        return "claude-api"
    if any(message.parent_message_uuid is not None for message in messages):
        return "claude-2026"
    if any(isinstance(message.content, list) and _has_flags(message.content) for message in messages):
        return "claude-2025-10"
    return "claude-2024" if wire.summary is None else "claude-2025-09"


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded conversation Claude's? Strict where only `messages` speaks for it: others have that key too."""
    listed = element.get("chat_messages")
    if isinstance(listed, list):
        return Claim(_shape(element), 1.0, "chat_messages is a list")
    known = isinstance(element.get("uuid"), str) and ("name" in element or isinstance(element.get("account"), dict))
    if listed is not None:
        return Claim("claude-2024", 0.5, "uuid and chat_messages of a wrong type") if known else None
    messages = element.get("messages")
    if isinstance(messages, list):
        said = [message for message in messages if isinstance(message, dict)]
        if any(_is_design(message) for message in said):
            return Claim("claude-design", 0.9, "messages wrap a message of a design chat")
        if known and all(_has_speaker(message) for message in said):
            return Claim("claude-privacy", 0.7, "uuid, name or account, and messages with a sender")
        return None
    if known and isinstance(element.get("account"), dict):
        return Claim("claude-2024", 0.4, "uuid and account, without chat_messages")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """Files that hold conversations, in order: the batches by number, then the design chats; [] when not Claude's.

    Claude's are those with one of its sidecars, or whose first bytes show chat_messages.
    """
    batches: list[tuple[str, int, str]] = []
    designs: list[str] = []
    marked = False
    for name in names:
        path = PurePosixPath(name)
        if path.suffix != ".json" or "__MACOSX" in path.parts or path.name.startswith("._"):
            continue
        if match := _CONVERSATIONS.fullmatch(path.name):
            batches.append((str(path.parent), int(match[1] or 0), name))
        elif path.parent.name == "design_chats":
            designs.append(name)
        elif sidecar(name):
            marked = True
    found = [name for _, _, name in sorted(batches)]
    if marked or designs or any(_shows_chat_messages(read(name)) for name in found):
        return found + sorted(designs)
    return []


def sidecar(name: str) -> bool:
    """A file of a Claude export that holds no conversations: users, projects or memories, as a file or a folder."""
    path = PurePosixPath(name)
    return path.suffix == ".json" and (path.name in _SIDECARS or path.parent.name in _SIDECAR_FOLDERS)


def _shape(element: Mapping[str, Any]) -> str:
    said = [fit(item, WireMessage) for item in element["chat_messages"] if isinstance(item, dict)]
    return shape_of(fit({**element, "chat_messages": [], "messages": None}, WireConversation), said)


def _is_design(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, dict) and any(mark in content for mark in MARKS)


def _has_speaker(message: dict[str, Any]) -> bool:
    return "sender" in message or message.get("role") in ("human", "user", "assistant")


def _has_flags(content: list[Any]) -> bool:
    return any(isinstance(block, dict) and "flags" in block for block in content)


def _shows_chat_messages(data: bytes | None) -> bool:
    return data is not None and b'"chat_messages"' in data[:_HEAD_BYTES]
