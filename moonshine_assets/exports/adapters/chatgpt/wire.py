"""The file format, as far as it is read: what is not named here is skipped at memory speed.

Leaves are `Any`, so that an unexpected leaf never fails the decoding; only the objects around them are typed. What
does not fit even so is taken in by `loose_node`, one node at a time.
"""

from __future__ import annotations

from threading import local
from typing import Any

import msgspec

from moonshine_assets.exports.decode import fit
from moonshine_assets.exports.values import is_blank

_NODE_FIELDS = frozenset({"children", "id", "message", "parent"})


class Author(msgspec.Struct, gc=False):
    role: Any = None
    name: Any = None


class Metadata(msgspec.Struct, gc=False):
    model_slug: Any = None
    default_model_slug: Any = None
    finish_details: Any = None
    attachments: Any = None
    citations: Any = None
    content_references: Any = None
    cite_metadata: Any = msgspec.field(default=None, name="_cite_metadata")
    search_queries: Any = None
    search_result_groups: Any = None
    image_results: Any = None
    targeted_reply: Any = None
    #: Nobody has seen it: all of the rest one level further down, as exports have moved fields before.
    value: Any = None
    is_visually_hidden_from_conversation: Any = None
    is_user_system_message: Any = None
    user_context_message_data: Any = None
    aggregate_result: Any = None
    canvas: Any = None
    chatgpt_sdk: Any = None
    paragen_variants_info: Any = None
    paragen_variant_choice: Any = None


class WireMessage(msgspec.Struct, gc=False):
    """`role` at this level is not the provider's: converters write `{role, content}`."""

    id: Any = None
    author: Author | None = None
    role: Any = None
    create_time: Any = None
    update_time: Any = None
    content: Any = None
    status: Any = None
    metadata: Metadata | None = None
    recipient: Any = None
    channel: Any = None


class _Made(local):
    """How many nodes a thread has made."""

    nodes = 0


_made = _Made()


class WireNode(msgspec.Struct, gc=False):
    parent: Any = None
    message: WireMessage | None = None

    def __post_init__(self) -> None:
        _made.nodes += 1


def nodes_made() -> int:
    """Nodes this thread has made, those included that another one of the same key has replaced."""
    return _made.nodes


class Conversation(msgspec.Struct, gc=False):
    """`mapping` is None in the linear forms and where it does not fit; the keys after `messages` only date the export
    (UNSET: the key is absent)."""

    mapping: dict[str, WireNode] | None = None
    title: Any = None
    create_time: Any = None
    update_time: Any = None
    current_node: Any = None
    conversation_id: Any = msgspec.UNSET
    id: Any = None
    default_model_slug: Any = msgspec.UNSET
    gizmo_id: Any = msgspec.UNSET
    linear_conversation: Any = None
    messages: Any = None
    conversation_template_id: Any = msgspec.UNSET
    is_archived: Any = msgspec.UNSET
    is_starred: Any = msgspec.UNSET
    safe_urls: Any = msgspec.UNSET
    gizmo_type: Any = msgspec.UNSET
    conversation_origin: Any = msgspec.UNSET
    voice: Any = msgspec.UNSET
    async_status: Any = msgspec.UNSET
    disabled_tool_ids: Any = msgspec.UNSET
    blocked_urls: Any = msgspec.UNSET
    is_do_not_remember: Any = msgspec.UNSET
    memory_scope: Any = msgspec.UNSET
    context_scopes: Any = msgspec.UNSET
    is_study_mode: Any = msgspec.UNSET
    sugar_item_id: Any = msgspec.UNSET
    sugar_item_visible: Any = msgspec.UNSET
    owner: Any = msgspec.UNSET
    atlas_mode_enabled: Any = msgspec.UNSET
    pinned_time: Any = msgspec.UNSET


def loose_conversation(value: dict[str, Any]) -> Conversation:
    """The conversation's own fields; the mapping is left to `loose_node`."""
    return msgspec.convert({**value, "mapping": None}, Conversation)


def holds_others(mapping: dict[str, WireNode]) -> bool:
    """Whether nodes or messages have none of the fields that are read: a root alone has neither parent nor message."""
    rootlike = 0
    for node in mapping.values():
        if node.message is None:
            rootlike += node.parent is None
        elif node.message.content is None and is_blank(node.message):
            return True
    return rootlike > 1


def loose_node(value: object) -> tuple[WireNode, list[str]] | str:
    """A node that need not fit, with flags for what was set aside; the reason where nothing can be made of it."""
    if not isinstance(value, dict):
        return "node is not an object"
    message = value.get("message")
    if message is None:
        if value and not _NODE_FIELDS.intersection(value):
            return "node has none of the fields of a node"
        return WireNode(parent=value.get("parent")), []
    if not isinstance(message, dict):
        return "message is not an object"
    typed, flags = loose_message(message)
    if message and is_blank(typed):
        return "message has none of the fields of a message"
    return WireNode(parent=value.get("parent"), message=typed), flags


def loose_message(message: dict[str, Any]) -> tuple[WireMessage, list[str]]:
    """A message whose author or metadata may be anything; an author that is a bare string is taken for the role."""
    typed = fit(message, WireMessage)
    if isinstance(typed, WireMessage):
        return typed, []
    flags = []
    repaired = dict(message)
    for key in ("author", "metadata"):
        value = repaired.get(key)
        if value is not None and not isinstance(value, dict):
            repaired[key] = {"role": value} if key == "author" and isinstance(value, str) else None
            flags.append(f"{key}_not_an_object")
    return msgspec.convert(repaired, WireMessage), flags


def as_text(value: object) -> str | None:
    """A non-empty string, or None for anything else."""
    return value if isinstance(value, str) and value else None


def as_id(value: object) -> str | None:
    """An id: a non-empty string, or an integer as its digits; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return as_text(value)
