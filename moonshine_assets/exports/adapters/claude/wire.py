"""The fields of a Claude conversation that are read, and nothing else (EXPORT-FORMATS §3.2, 3.3, 3.6).

In: the JSON of one conversation. Out: its fields and its message entries in file order. Always: every leaf may have
any type, and as many entries come out as the file has.
"""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import compact_json, decode, fit
from moonshine_assets.exports.records import BadNode


class WireMessage(msgspec.Struct, gc=False):
    """A message of any of the forms; design chats put a whole message of their own into `content`."""

    uuid: Any = None
    id: Any = None
    sender: Any = None
    role: Any = None
    text: Any = None
    content: Any = None
    attachments: Any = None
    files: Any = None
    files_v2: Any = None
    created_at: Any = None
    parent_message_uuid: Any = None
    stop_reason: Any = None
    truncated: Any = None
    compaction_summary: Any = None
    sync_sources: Any = None


class WireConversation(msgspec.Struct, gc=False):
    """A conversation of any of the forms; the API form alone has a model, settings and a current leaf."""

    uuid: Any = None
    id: Any = None
    name: Any = None
    title: Any = None
    summary: Any = None
    model: Any = None
    settings: Any = None
    is_starred: Any = None
    current_leaf_message_uuid: Any = None
    project_uuid: Any = None
    project: Any = None
    created_at: Any = None
    updated_at: Any = None
    chat_messages: list[WireMessage | None] | None = None
    messages: list[WireMessage | None] | None = None


#: One place of the message list: a message, a null, or what cannot be a message.
Entry = WireMessage | BadNode | None


def read(data: bytes | memoryview) -> tuple[WireConversation, list[Entry], list[str]]:
    """The conversation's fields, its entries in file order, and the flags of decoding.

    Raises:
        Unreadable: not JSON, not an object, or without a list of messages.
    """
    value, flags = decode(data, WireConversation)
    wire, entries = (value, _listed(value)) if isinstance(value, WireConversation) else _from_plain(value)
    return wire, entries, flags


def _from_plain(value: Any) -> tuple[WireConversation, list[Entry]]:
    """The same from plain Python, message by message; what is no object becomes a `BadNode`.

    Raises:
        Unreadable: not an object, or without a list of messages.
    """
    if not isinstance(value, dict):
        raise Unreadable(f"a conversation must be a JSON object, this is {_json_type(value)}")
    key = "chat_messages"
    if not isinstance(value.get(key), list) and (value.get(key) is None or isinstance(value.get("messages"), list)):
        key = "messages"
    listed = value.get(key)
    if not isinstance(listed, list):
        raise Unreadable(f"chat_messages must be a list, this is {_json_type(listed)}")
    wire = fit({**value, "chat_messages": None, "messages": None, key: []}, WireConversation)
    return wire, [_entry(item) for item in listed]


def text_or_none(value: Any) -> str | None:
    """A string that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def ident(value: Any) -> str | None:
    """An id as text: a string that is not empty, or a number; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_or_none(value)


def _listed(wire: WireConversation) -> list[Entry]:
    listed = wire.messages if wire.chat_messages is None else wire.chat_messages
    if listed is None:
        raise Unreadable("no chat_messages: there is nothing to read")
    return list(listed)


def _entry(item: Any) -> Entry:
    if item is None:
        return None
    if isinstance(item, dict):
        return fit(item, WireMessage)
    return BadNode(None, f"a message must be a JSON object, this is {_json_type(item)}", compact_json(item).encode())


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
