"""Chats with `chat.history.messages`, as Open WebUI and Qwen write them, taken apart (EXPORT-FORMATS §4, §6).

In: the JSON of one chat. Out: its fields and its nodes in file order. Always: every leaf may have any type, and a
message that stands in the flat list alone is a node too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode, decode_keeping_repeats, fit, original_key
from moonshine_assets.exports.values import ident, is_blank, json_type


class WireMessage(msgspec.Struct, gc=False):
    """A message of either provider. `content_list` to `is_stop` are Qwen's."""

    id: Any = None
    parentId: Any = None
    role: Any = None
    content: Any = None
    timestamp: Any = None
    model: Any = None
    modelName: Any = None
    selectedModelId: Any = None
    arena: Any = None
    done: Any = None
    error: Any = None
    edited: Any = None
    originalContent: Any = None
    files: Any = None
    sources: Any = None
    citations: Any = None
    output: Any = None
    code_executions: Any = None
    merged: Any = None
    annotation: Any = None
    info: Any = None
    statusHistory: Any = None
    followUps: Any = None
    reasoning_content: Any = None
    content_list: Any = None
    feature_config: Any = None
    sub_chat_type: Any = None
    is_stop: Any = None


class _Listed(msgspec.Struct, gc=False):
    id: Any = None
    content: Any = None
    content_list: Any = None
    output: Any = None
    reasoning_content: Any = None


class History(msgspec.Struct, gc=False):
    messages: dict[str, WireMessage] | None = None
    currentId: Any = None
    currentResponseIds: Any = None


class Body(msgspec.Struct, gc=False):
    """The `chat` object; `messages` is a flat copy of the shown path, looked at for ids the history does not have."""

    title: Any = None
    models: Any = None
    params: Any = None
    system: Any = None
    files: Any = None
    timestamp: Any = None
    history: History | None = None
    messages: list[_Listed] | None = None


class Chat(msgspec.Struct, gc=False):
    """A chat with what its owner and the site added to it."""

    id: Any = None
    title: Any = None
    chat: Body | None = None
    created_at: Any = None
    updated_at: Any = None
    folder_id: Any = None
    project_id: Any = None
    currentId: Any = None
    currentResponseIds: Any = None


class Entry(msgspec.Struct, gc=False):
    """One node of the file: `reason` says why it cannot be read, `raw` is then its value; `listed`: it stands in the
    flat list alone."""

    node_id: str
    message: WireMessage | None = None
    listed: bool = False
    reason: str | None = None
    raw: Any = None


class Read(msgspec.Struct, gc=False):
    """A chat taken apart; `pointers` are the ids that may name the shown leaf, the likeliest first. `kept` is what the
    element has around its chat, where it is more than a chat."""

    fields: Chat
    body: Body
    entries: list[Entry]
    pointers: list[str]
    flags: list[str]
    kept: dict[str, Any]


def read(raw: bytes) -> Read:
    """Take the JSON of one chat apart.

    Raises:
        Unreadable: not JSON, not an object, or without messages in a history or a list.
    """
    value, flags = decode(raw, Chat)
    if isinstance(value, Chat) and value.chat is not None:
        body = value.chat
        nodes = body.history.messages if body.history is not None else None
        if nodes is not None and _is_whole(raw, nodes, body.messages or []):
            entries = [Entry(key, message) for key, message in nodes.items()]
            return Read(value, body, entries, _pointers(value, body.history), flags, {"chat": None})
    return _read_loosely(raw)


def inner(element: dict[str, Any]) -> dict[str, Any]:
    """The chat itself: of an evaluation the one in its snapshot, of an answer of the interface its data, of a bare
    `chat` object that object in a chat of its own."""
    snapshot, data = element.get("snapshot"), element.get("data")
    if isinstance(snapshot, dict) and isinstance(snapshot.get("chat"), dict):
        return snapshot["chat"]
    if "chat" not in element and isinstance(data, dict) and isinstance(data.get("chat"), dict):
        return data
    if "chat" not in element and isinstance(element.get("history"), dict):
        return {"id": element.get("id"), "chat": element}
    return element


def bears_text(message: WireMessage | _Listed) -> bool:
    """Whether a message says anything in words."""
    return any((message.content, message.content_list, message.output, message.reasoning_content))


def bears(message: WireMessage) -> bool:
    """Whether a node is a message: placeholders have neither a role nor anything said."""
    said = (message.content, message.content_list, message.output, message.reasoning_content, message.files)
    return message.role is not None or any(said) or bool(message.error or message.merged)


def _is_whole(raw: bytes, nodes: dict[str, WireMessage], listed: list[_Listed]) -> bool:
    """Whether the history has all messages: no key comes twice, no node is something else, and every listed message
    is in it with what it says."""
    if raw.count(b'"parentId":') > len(nodes) + len(listed):
        return False
    if any(is_blank(message) for message in nodes.values()):
        return False
    return all(
        isinstance(item.id, str) and item.id in nodes and (bears_text(nodes[item.id]) or not bears_text(item))
        for item in listed
    )


def _read_loosely(raw: bytes) -> Read:
    """Node by node: wrong types, keys that repeat, wrapped chats, and chats with a list alone."""
    value, flags = decode_keeping_repeats(raw)
    if not isinstance(value, dict):
        raise Unreadable(f"a chat must be a JSON object, this is {json_type(value)}")
    found = inner(value)
    plain = found.get("chat")
    if not isinstance(plain, dict):
        raise Unreadable(f"chat must be a JSON object, this is {json_type(plain)}")
    history = plain.get("history")
    groups = [
        item
        for key, item in (history.items() if isinstance(history, dict) else ())
        if original_key(key) == "messages" and isinstance(item, dict)
    ]
    listed = plain.get("messages")
    if not groups and not isinstance(listed, list):
        raise Unreadable("a chat needs messages in its history or in a list, there are none")
    nodes = [(original_key(key), node) for group in groups for key, node in group.items()]
    entries = [_entry(key, node) for key, node in nodes]
    silent = {
        entry.node_id: rank
        for rank, entry in enumerate(entries)
        if entry.message is not None and not bears_text(entry.message)
    }
    known = {key for key, _ in nodes} | {ident(node.get("id")) for _, node in nodes if isinstance(node, dict)}
    for rank, item in enumerate(listed if isinstance(listed, list) else []):
        own = ident(item.get("id")) if isinstance(item, dict) else None
        if own in silent and (entry := _entry(own, item)).message is not None and bears_text(entry.message):
            entries[silent[own]] = entry
        elif own is None or own not in known:
            entry = _entry(own or f"m{rank}", item)
            entry.listed = True
            entries.append(entry)
    fields = fit({**found, "chat": None}, Chat)
    body = fit({**plain, "history": None, "messages": None}, Body)
    shown = fit({**history, "messages": None}, History) if isinstance(history, dict) else None
    return Read(fields, body, entries, _pointers(fields, shown), flags, value)


def _entry(key: str, node: Any) -> Entry:
    if not isinstance(node, dict):
        return Entry(key, reason=f"a message must be a JSON object, this is {json_type(node)}", raw=node)
    message = fit(node, WireMessage)
    if node and is_blank(message):
        return Entry(key, reason="none of the fields of a message are in it", raw=node)
    return Entry(key, message)


def _pointers(fields: Chat, history: History | None) -> list[str]:
    found: list[str] = []
    for holder in (history, fields):
        if holder is not None:
            several = holder.currentResponseIds
            found += [ident(holder.currentId) or ""]
            found += [ident(item) or "" for item in several] if isinstance(several, list) else []
    return [pointer for pointer in found if pointer]
