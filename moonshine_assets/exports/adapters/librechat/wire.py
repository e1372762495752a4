"""The fields of a LibreChat conversation that are read (EXPORT-FORMATS §7); every leaf may have any type.

In: the JSON of one conversation, flat or with nested children, from the site or from its database. Out: its fields and
its messages in file order, each with the id it hangs from.
"""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.librechat.nesting import unnested
from moonshine_assets.exports.decode import decode, fit
from moonshine_assets.exports.values import ident, is_blank, json_type

#: The parent of a first message.
ROOT = "00000000-0000-0000-0000-000000000000"
#: With fewer children the nesting is not what hinders a decoder.
_SHALLOW = 100


class WireMessage(msgspec.Struct, gc=False):
    messageId: Any = None
    parentMessageId: Any = None
    sender: Any = None
    isCreatedByUser: Any = None
    text: Any = None
    content: Any = None
    model: Any = None
    createdAt: Any = None
    error: Any = None
    unfinished: Any = None
    isEdited: Any = None
    finish_reason: Any = None
    files: Any = None
    attachments: Any = None
    feedback: Any = None
    plugin: Any = None
    plugins: Any = None


class Conversation(msgspec.Struct, gc=False):
    conversationId: Any = None
    title: Any = None
    endpoint: Any = None
    model: Any = None
    createdAt: Any = None
    updatedAt: Any = None
    options: Any = None
    promptPrefix: Any = None
    system: Any = None


class Entry(msgspec.Struct, gc=False):
    """One message of the file; `pointer` is None where it gives none, ROOT at a first message, `holder` the id of the
    message whose `children` it stands in. `reason` says why it cannot be read, `raw` is then its value."""

    node_id: str
    pointer: str | None = None
    holder: str | None = None
    message: WireMessage | None = None
    reason: str | None = None
    raw: Any = None


class Read(msgspec.Struct, gc=False):
    fields: Conversation
    entries: list[Entry]
    nested: bool
    flags: list[str]


def read(raw: bytes) -> Read:
    """Take the JSON of one conversation apart.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of messages.
    """
    try:
        value, flags = decode(raw, dict[str, Any])
    except Unreadable:
        if raw.count(b'"children"') < _SHALLOW:
            raise
        value, flags = unnested(raw)
    if not isinstance(value, dict):
        raise Unreadable(f"a conversation must be a JSON object, this is {json_type(value)}")
    listed = value.get("messages")
    if not isinstance(listed, list):
        raise Unreadable(f"messages must be a list, this is {json_type(listed)}")
    fields = fit({key: plain(item) for key, item in value.items() if key != "messages"}, Conversation)
    entries: list[Entry] = []
    nested = False
    pending: list[tuple[Any, str | None]] = [(item, None) for item in reversed(listed)]
    while pending:
        item, holder = pending.pop()
        name = f"m{len(entries)}"
        if not isinstance(item, dict):
            reason = f"a message must be a JSON object, this is {json_type(item)}"
            entries.append(Entry(name, reason=reason, raw=item))
            continue
        children = item.get("children")
        wire = fit({key: plain(part) for key, part in item.items() if key != "children"}, WireMessage)
        if is_blank(wire) and set(item) - {"children"}:
            entries.append(Entry(name, reason="none of the fields of a message are in it", raw=item))
            continue
        name = ident(wire.messageId) or ident(plain(item.get("_id"))) or name
        entries.append(Entry(name, ident(wire.parentMessageId), holder, wire))
        if isinstance(children, list):
            nested = nested or bool(children)
            pending.extend((child, name) for child in reversed(children))
        elif children is not None:
            pending.append((children, name))
    return Read(fields, entries, nested, flags)


def plain(value: Any) -> Any:
    """A value of the database's own notation as the value itself: `$oid`, `$date`, `$numberLong`."""
    while isinstance(value, dict) and len(value) == 1:
        key, inner = next(iter(value.items()))
        if key not in ("$oid", "$date", "$numberLong", "$numberInt", "$numberDouble"):
            return value
        value = inner
    return value
