"""The fields of a DeepSeek conversation that are read (EXPORT-FORMATS §5); every leaf may have any type."""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode, decode_keeping_repeats, fit, original_key
from moonshine_assets.exports.values import ident, is_blank, json_type

#: Why an object is kept as it stands where a message should be.
NO_MESSAGE = "none of the fields of a message are in it"
_NODE_FIELDS = frozenset({"children", "id", "message", "parent"})


class WireMessage(msgspec.Struct, gc=False):
    """A message of the account export, of one before fragments (`content` …), or of the site's own interface."""

    files: Any = None
    model: Any = None
    inserted_at: Any = None
    fragments: Any = None
    role: Any = None
    content: Any = None
    reasoning_content: Any = None
    thinking_content: Any = None
    search_results: Any = None
    tips: Any = None
    status: Any = None
    feedback: Any = None
    message_id: Any = None
    parent_id: Any = None


class WireNode(msgspec.Struct, gc=False):
    parent: Any = None
    message: WireMessage | None = None


class Conversation(msgspec.Struct, gc=False):
    """`data` or `biz_data` stands for an answer of the site's interface; `conversation_id` and `create_time` are what
    converters write."""

    id: Any = None
    conversation_id: Any = None
    title: Any = None
    inserted_at: Any = None
    updated_at: Any = None
    create_time: Any = None
    update_time: Any = None
    current_node: Any = None
    mapping: dict[str, WireNode] | None = None
    data: Any = None
    biz_data: Any = None


class Entry(msgspec.Struct, gc=False):
    """One node of the file: `reason` says why it cannot be read, `raw` is then its value."""

    node_id: str
    parent_id: str | None = None
    message: WireMessage | None = None
    reason: str | None = None
    raw: Any = None


class Read(msgspec.Struct, gc=False):
    """A conversation taken apart: its own fields, its nodes in file order, and the form it came in."""

    fields: Conversation
    entries: list[Entry]
    shape: str
    current: str | None
    flags: list[str]


def read(raw: bytes) -> Read:
    """Take the JSON of one conversation apart.

    Raises:
        Unreadable: not JSON, not an object, or with neither a mapping nor a list of messages.
    """
    value, flags = decode(raw, Conversation)
    if isinstance(value, Conversation):
        listed = captured(value.data, value.biz_data)
        if listed is not None:
            return _captured(*listed, flags)
        # More parent pointers than nodes: a key of the mapping may come twice, which a decoder to dict hides.
        if value.mapping is not None and raw.count(b'"parent":') <= len(value.mapping) and not _odd(value.mapping):
            entries = [Entry(key, ident(node.parent), node.message) for key, node in value.mapping.items()]
            return Read(value, entries, _shape(entries), ident(value.current_node), flags)
    return _read_loosely(raw)


def _odd(mapping: dict[str, WireNode]) -> bool:
    """Whether nodes or messages have none of the fields that are read: a root alone has no message."""
    said = [node.message for node in mapping.values() if node.message is not None]
    return len(mapping) - len(said) > 1 or any(is_blank(message) for message in said)


def captured(data: Any, biz_data: Any) -> tuple[dict[str, Any], list[Any]] | None:
    """(session, messages) of an answer of the site's interface, from `data.biz_data` or `biz_data`; None if it is
    none."""
    inner = data.get("biz_data") if isinstance(data, dict) else biz_data
    if not isinstance(inner, dict) or not isinstance(inner.get("chat_messages"), list):
        return None
    session = inner.get("chat_session")
    return session if isinstance(session, dict) else {}, inner["chat_messages"]


def _captured(session: dict[str, Any], listed: list[Any], flags: list[str]) -> Read:
    fields = fit({**session, "mapping": None, "data": None, "biz_data": None}, Conversation)
    entries = []
    for rank, item in enumerate(listed):
        entry = Entry(f"m{rank}")
        if isinstance(item, dict):
            message = fit(item, WireMessage)
            if item and is_blank(message):
                entry.reason, entry.raw = NO_MESSAGE, item
                entries.append(entry)
                continue
            entry = Entry(ident(message.message_id) or entry.node_id, ident(message.parent_id), message)
        elif item is not None:
            entry.reason, entry.raw = f"a message must be a JSON object, this is {json_type(item)}", item
        entries.append(entry)
    return Read(fields, entries, "deepseek-api", ident(session.get("current_message_id")), flags)


def _read_loosely(raw: bytes) -> Read:
    """Node by node: wrong types and keys that repeat."""
    value, flags = decode_keeping_repeats(raw)
    if not isinstance(value, dict):
        raise Unreadable(f"a conversation must be a JSON object, this is {json_type(value)}")
    mappings = [item for key, item in value.items() if original_key(key) == "mapping" and item is not None]
    if not mappings or not all(isinstance(mapping, dict) for mapping in mappings):
        raise Unreadable("a conversation needs a mapping from ids to nodes, there is none")
    fields = fit({**value, "mapping": None}, Conversation)
    entries = [_entry(original_key(key), node) for mapping in mappings for key, node in mapping.items()]
    return Read(fields, entries, _shape(entries), ident(fields.current_node), flags)


def _entry(key: str, node: Any) -> Entry:
    if not isinstance(node, dict):
        return Entry(key, reason=f"a node must be a JSON object, this is {json_type(node)}", raw=node)
    message = node.get("message")
    if message is not None and not isinstance(message, dict):
        return Entry(key, reason=f"a message must be a JSON object, this is {json_type(message)}", raw=node)
    wire = None if message is None else fit(message, WireMessage)
    if (wire is None and not _NODE_FIELDS.intersection(node)) or (message and wire is not None and is_blank(wire)):
        return Entry(key, ident(node.get("parent")), reason=NO_MESSAGE, raw=node)
    return Entry(key, ident(node.get("parent")), wire)


def _shape(entries: list[Entry]) -> str:
    said = [entry.message for entry in entries if entry.message is not None]
    plain = said and all(message.fragments is None for message in said)
    return "deepseek-plain" if plain else "deepseek-fragments"
