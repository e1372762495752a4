"""Is this Qwen's? (EXPORT-FORMATS §1, §4; Open WebUI's chats look alike)

Shapes: qwen-phases (answers in `content_list`), qwen-plain (older: answers in `content`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moonshine_assets.exports.adapters.openwebui.detect import chat_messages, of_qwen
from moonshine_assets.exports.adapters.openwebui.wire import WireMessage, inner
from moonshine_assets.exports.records import Claim


def claim(element: dict[str, Any]) -> Claim | None:
    """Is this decoded chat Qwen's?"""
    found = inner(element)
    said = chat_messages(found)
    if said is None or not of_qwen(found, said):
        return None
    phases = any(isinstance(message, dict) and message.get("content_list") for message in said)
    return Claim("qwen-phases" if phases else "qwen-plain", 0.95, "chat.history.messages with Qwen's keys")


def shape_of(said: Iterable[WireMessage | None]) -> str:
    """The form of a chat by its messages."""
    return "qwen-phases" if any(message is not None and message.content_list for message in said) else "qwen-plain"


def conversation_arrays() -> tuple[str, ...]:
    """The top-level key whose array elements are the chats, in a saved answer of the site's interface."""
    return ("data",)


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:  # noqa: ARG001
    """None: there is no container of its own, and its file names are Open WebUI's too; the contents decide."""
    return []


def sidecar(name: str) -> bool:  # noqa: ARG001
    """None are known."""
    return False
