"""Is this Open WebUI's? (EXPORT-FORMATS §1, §6; Qwen's chats look alike and are not)

Shapes: openwebui-output (answers in typed items), openwebui-chat, openwebui-bare (a `chat` object alone),
openwebui-evaluation (an exported rating with a snapshot of its chat).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moonshine_assets.exports.adapters.openwebui.wire import WireMessage, inner
from moonshine_assets.exports.records import Claim

#: Keys no message of Open WebUI has.
_OF_QWEN = ("content_list", "sub_chat_type", "feature_config")


def claim(element: dict[str, Any]) -> Claim | None:
    """Is this decoded chat Open WebUI's?"""
    found = inner(element)
    said = chat_messages(found)
    if said is None or of_qwen(found, said):
        return None
    return Claim(shape_of(element, said), 0.9, "chat.history.messages without Qwen's keys")


def chat_messages(found: dict[str, Any]) -> list[Any] | None:
    """The messages of a chat, those of its list where it has no history; None where it is no chat."""
    chat = found.get("chat")
    if not isinstance(chat, dict) or "mapping" in found:
        return None
    history = chat.get("history")
    nodes = history.get("messages") if isinstance(history, dict) else None
    if isinstance(nodes, dict):
        return list(nodes.values())
    listed = chat.get("messages")
    return listed if isinstance(listed, list) and ("models" in chat or isinstance(history, dict)) else None


def of_qwen(found: Mapping[str, Any], said: list[Any]) -> bool:
    """Whether a chat is Qwen's: by its messages, or without any by its own keys."""
    dicts = [message for message in said if isinstance(message, dict)]
    if any(key in message for message in dicts for key in _OF_QWEN):
        return True
    return not dicts and "chat_type" in found


def shape_of(element: Mapping[str, Any], said: Iterable[Any]) -> str:
    """The form of a chat; `said` holds its messages, plain or typed."""
    if "snapshot" in element:
        return "openwebui-evaluation"
    if "chat" not in element and "history" in element:
        return "openwebui-bare"
    typed = any(
        message.output if isinstance(message, WireMessage) else isinstance(message, dict) and message.get("output")
        for message in said
    )
    return "openwebui-output" if typed else "openwebui-chat"


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:  # noqa: ARG001
    """None: there is no container of its own, and its file names are Qwen's too; the contents decide."""
    return []


def sidecar(name: str) -> bool:  # noqa: ARG001
    """None are known."""
    return False
