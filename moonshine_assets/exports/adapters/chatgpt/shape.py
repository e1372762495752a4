"""Which generation of the format a conversation has (EXPORT-FORMATS §2.3: the set of keys dates the export)."""

from __future__ import annotations

import re

import msgspec

from moonshine_assets.exports.adapters.chatgpt.wire import Conversation

LINEAR = "chatgpt-linear"
SLIM = "chatgpt-2026-slim"
FIRST = "chatgpt-2023-05"

_CHILDREN = re.compile(rb'"children"')

#: Newest first: a key that came with a generation → that generation. Presence counts, not the value.
_CAME_WITH: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "chatgpt-2025",
        (
            "blocked_urls",
            "is_do_not_remember",
            "memory_scope",
            "context_scopes",
            "is_study_mode",
            "sugar_item_id",
            "sugar_item_visible",
            "owner",
            "atlas_mode_enabled",
            "pinned_time",
        ),
    ),
    ("chatgpt-2025-01", ("gizmo_type", "conversation_origin", "voice", "async_status", "disabled_tool_ids")),
    ("chatgpt-2024", ("is_archived", "is_starred", "safe_urls", "default_model_slug")),
    ("chatgpt-2023-09", ("conversation_id", "conversation_template_id", "gizmo_id")),
)


def shape_of(conversation: Conversation, raw: bytes | memoryview, nodes_in: int) -> str:
    """First match: no mapping → linear; nodes but no `children` key anywhere → 2026 slim; else the newest key above.

    Inside a JSON string the quotes are escaped, so the bytes `"children"` can only be a key (or a whole value).
    """
    if nodes_in and _CHILDREN.search(raw) is None:
        return SLIM
    for shape, keys in _CAME_WITH:
        if any(getattr(conversation, key) is not msgspec.UNSET for key in keys):
            return shape
    return FIRST
