"""Nodes of a conversation in file order: from the typed mapping, from a mapping of anything, from a linear list."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.chatgpt.message import build_message
from moonshine_assets.exports.adapters.chatgpt.wire import (
    Conversation,
    WireNode,
    as_id,
    as_text,
    loose_message,
    loose_node,
)
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import BadNode, ExportContext, Node


def typed_nodes(
    conversation: Conversation, mapping: dict[str, WireNode], context: ExportContext, flags: set[str]
) -> list[Node]:
    """The fast way: every node fits."""
    model = as_text(conversation.default_model_slug)
    nodes = []
    for key, node in mapping.items():
        parent = node.parent
        if parent is not None and type(parent) is not str:
            parent = _odd_parent(parent, flags)
        wire = node.message
        nodes.append(Node(key, parent, None if wire is None else build_message(key, wire, model, context)))
    return nodes


def loose_nodes(
    conversation: Conversation, items: list[tuple[str, Any]], context: ExportContext, flags: set[str]
) -> tuple[list[Node], list[BadNode]]:
    """Node by node, whatever each of them is; `items` may repeat a key."""
    model = as_text(conversation.default_model_slug)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    for key, value in items:
        loose = loose_node(value)
        if isinstance(loose, str):
            bad_nodes.append(BadNode(key, loose, compact_json(value).encode()))
            continue
        node, node_flags = loose
        parent = node.parent
        if parent is not None and type(parent) is not str:
            parent = _odd_parent(parent, flags)
        message = None if node.message is None else build_message(key, node.message, model, context)
        if message is not None:
            message.flags += node_flags
        nodes.append(Node(key, parent, message))
    return nodes, bad_nodes


def chained_nodes(
    conversation: Conversation, listed: list[Any], context: ExportContext
) -> tuple[list[Node], list[BadNode]]:
    """Linear forms: each element follows the one before it. An element is a node or a bare message."""
    model = as_text(conversation.default_model_slug)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    seen: set[str] = set()
    parent: str | None = None
    for rank, value in enumerate(listed):
        if not isinstance(value, dict):
            bad_nodes.append(BadNode(None, "message is not an object", compact_json(value).encode()))
            continue
        own_id = as_id(value.get("id"))
        inner = value.get("message")
        if inner is None and ("content" in value or "author" in value or "role" in value):
            inner = value
        if inner is not None and not isinstance(inner, dict):
            bad_nodes.append(BadNode(own_id, "message is not an object", compact_json(value).encode()))
            continue
        key = own_id or as_id(inner.get("id") if inner is not None else None) or f"message-{rank}"
        if key in seen:
            # the chain needs ids of its own; a rank makes the id unique and keeps the order
            key = f"{key}#{rank}"
        seen.add(key)
        message = None
        if inner is not None:
            wire, message_flags = loose_message(inner)
            message = build_message(key, wire, model, context)
            message.flags += message_flags
        nodes.append(Node(key, parent, message))
        parent = key
    return nodes, bad_nodes


def _odd_parent(parent: object, flags: set[str]) -> str | None:
    flags.add("parent_not_a_string")
    return as_id(parent)
