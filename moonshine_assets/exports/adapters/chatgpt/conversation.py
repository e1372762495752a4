"""One conversation: which way it is read, its own fields, and what had to be repaired."""

from __future__ import annotations

import hashlib
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports import times
from moonshine_assets.exports.adapters.chatgpt.choices import stated_choices
from moonshine_assets.exports.adapters.chatgpt.nodes import chained_nodes, loose_nodes, typed_nodes
from moonshine_assets.exports.adapters.chatgpt.shape import LINEAR, shape_of
from moonshine_assets.exports.adapters.chatgpt.wire import (
    Conversation,
    as_id,
    as_text,
    holds_others,
    loose_conversation,
    loose_node,
    nodes_made,
)
from moonshine_assets.exports.decode import decode, decode_exactly, decode_keeping_repeats, original_key
from moonshine_assets.exports.records import BadNode, ExportContext, Node, ParsedConversation

PROVIDER = "chatgpt"
SOURCE_TYPE = "chatgpt_export"


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:
    """The JSON of one conversation → its record.

    Flags: those of `exports.decode`, and repeated_keys, parent_not_a_string, created_at_inferred, updated_at_inferred,
    order_inferred; on messages: unknown_role, truncated, author_not_an_object, metadata_not_an_object.
    Raises:
        Unreadable: no JSON, nested too deeply, or neither a mapping nor a list of messages.
    """
    try:
        return _parse(data, context)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _parse(raw: bytes | memoryview, context: ExportContext) -> ParsedConversation:
    value, decode_flags, may_repeat = _decoded(raw)
    mapping = value.mapping if isinstance(value, Conversation) else None
    if mapping is not None and not may_repeat and not holds_others(mapping):
        flags = set(decode_flags)
        nodes = typed_nodes(value, mapping, context, flags)
        parsed = _record(value, raw, nodes, [], len(mapping), shape_of(value, raw, len(nodes)), flags)
        parsed.feedback = stated_choices(mapping.items(), nodes)
        return parsed
    return _parse_loosely(bytes(raw), context)


def _parse_loosely(raw: bytes, context: ExportContext) -> ParsedConversation:
    """Node by node: wrong types, keys that repeat, and the linear forms."""
    value, decode_flags = decode_keeping_repeats(raw)
    flags = set(decode_flags)
    if not isinstance(value, dict):
        raise Unreadable("conversation is not an object")
    conversation = loose_conversation(value)
    where = as_id(conversation.conversation_id) or as_id(conversation.id) or ""
    mappings = [item for key, item in value.items() if original_key(key) == "mapping" and item is not None]
    if mappings:
        if not all(isinstance(mapping, dict) for mapping in mappings):
            raise Unreadable("mapping is not an object", where=where)
        items = [(original_key(key), node) for mapping in mappings for key, node in mapping.items()]
        nodes, bad_nodes = loose_nodes(conversation, items, context, flags)
        shape = shape_of(conversation, raw, len(items))
        parsed = _record(conversation, raw, nodes, bad_nodes, len(items), shape, flags)
        loose = [(key, found) for key, node in items if not isinstance(found := loose_node(node), str)]
        parsed.feedback = stated_choices(((key, node) for key, (node, _) in loose), nodes)
        return parsed
    for name in ("linear_conversation", "messages"):
        listed = value.get(name)
        if isinstance(listed, list):
            nodes, bad_nodes = chained_nodes(conversation, listed, context)
            return _record(conversation, raw, nodes, bad_nodes, len(listed), LINEAR, flags)
    raise Unreadable("conversation has neither a mapping nor messages", where=where)


def _decoded(raw: bytes | memoryview) -> tuple[Any, list[str], bool]:
    """As `decode`, and whether a key of the mapping may occur twice, which a decoder to dict hides.

    Then more nodes were made than the mapping has; where nobody counted them, it holds more parent pointers than that.
    """
    before = nodes_made()
    value = decode_exactly(raw, Conversation)
    if value is not None:
        return value, [], nodes_made() - before > len(value.mapping or ())
    value, flags = decode(raw, Conversation)
    mapping = value.mapping if isinstance(value, Conversation) else None
    return value, flags, mapping is not None and bytes(raw).count(b'"parent":') > len(mapping)


def _record(
    conversation: Conversation,
    raw: bytes | memoryview,
    nodes: list[Node],
    bad_nodes: list[BadNode],
    nodes_in: int,
    shape: str,
    flags: set[str],
) -> ParsedConversation:
    repeated = len({node.node_id for node in nodes}) < len(nodes)
    if repeated:
        flags.add("repeated_keys")
    is_chain = shape == LINEAR
    if not is_chain and not repeated and _unlinked(nodes):
        # converters leave the pointers out: the order of the file is the conversation
        nodes = [
            node._replace(parent_id=above)
            for node, above in zip(nodes, [None, *(n.node_id for n in nodes)], strict=False)
        ]
        flags.add("order_inferred")
        is_chain = True
    created, updated = times.to_micros(conversation.create_time), times.to_micros(conversation.update_time)
    if created is None or updated is None:
        known = [node.message.created_at for node in nodes if node.message is not None and node.message.created_at]
        if known and created is None:
            created = min(known)
            flags.add("created_at_inferred")
        if known and updated is None:
            updated = max(known)
            flags.add("updated_at_inferred")
    current = as_id(conversation.current_node)
    if current is None and is_chain and nodes:
        current = nodes[-1].node_id
    return ParsedConversation(
        conversation_id=as_id(conversation.conversation_id) or as_id(conversation.id) or _anonymous_id(raw),
        shape=shape,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=nodes_in,
        current=current,
        title=conversation.title if isinstance(conversation.title, str) else None,
        created_at=created,
        updated_at=updated,
        default_model=as_text(conversation.default_model_slug),
        project=as_text(conversation.gizmo_id),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _unlinked(nodes: list[Node]) -> bool:
    """Several messages, and no node that points to another."""
    if any(node.parent_id is not None for node in nodes):
        return False
    return sum(node.message is not None for node in nodes) > 1


def _anonymous_id(raw: bytes | memoryview) -> str:
    return "anon-" + hashlib.sha256(raw).hexdigest()[:16]
