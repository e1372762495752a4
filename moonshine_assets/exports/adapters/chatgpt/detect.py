"""Is a decoded conversation ChatGPT's? (EXPORT-FORMATS §1; DeepSeek wears the same mapping)"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.chatgpt.shape import LINEAR
from moonshine_assets.exports.records import Claim

_SHAPE = "chatgpt"

#: Keys no other provider's conversation has, for an element whose tree is missing.
_OWN_KEYS = ("current_node", "default_model_slug", "conversation_template_id", "moderation_results", "gizmo_id")


def claim(element: dict[str, Any]) -> Claim | None:
    """Shape, confidence and reason, or None; never for a mapping with DeepSeek's `inserted_at` or `fragments`."""
    mapping = element.get("mapping")
    if isinstance(mapping, dict):
        return _claim_tree(element, mapping)
    if any(key in element for key in ("chat", "chat_messages", "isCreatedByUser", "projectHash")):
        return None
    for name in ("linear_conversation", "messages"):
        listed = element.get(name)
        if isinstance(listed, list) and any(_is_own_message(_message(item)) for item in listed):
            return Claim(LINEAR, 0.8, f"{name} with authors")
    if mapping is None and any(key in element for key in _OWN_KEYS) and "title" in element:
        return Claim(_SHAPE, 0.3, "keys of a conversation, but no mapping")
    return None


def _claim_tree(element: dict[str, Any], mapping: dict[str, Any]) -> Claim | None:
    messages = [_message(node) for node in mapping.values()]
    if "inserted_at" in element or any("fragments" in message for message in messages):
        return None
    if any(_is_own_message(message) for message in messages):
        return Claim(_SHAPE, 0.95, "mapping with authors or content types")
    if "current_node" in element:
        return Claim(_SHAPE, 0.9, "mapping and current_node")
    return Claim(_SHAPE, 0.5, "mapping without messages") if not any(messages) else None


def _message(item: object) -> dict[str, Any]:
    """The message of a node, or the item itself where it is a bare message; {} for anything else."""
    if not isinstance(item, dict):
        return {}
    inner = item.get("message", item if "author" in item else None)
    return inner if isinstance(inner, dict) else {}


def _is_own_message(message: dict[str, Any]) -> bool:
    author, content = message.get("author"), message.get("content")
    return (isinstance(author, dict) and "role" in author) or (isinstance(content, dict) and "content_type" in content)
