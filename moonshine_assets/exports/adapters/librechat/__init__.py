"""LibreChat: conversations exported by the site, flat or nested, with all branches or one, and database documents.

In: the JSON of one conversation. Out: a `ParsedConversation` with every branch the file has. Always: nodes_in =
nodes + bad nodes, and odd types never raise anything but `Unreadable`. The shown leaf is not exported: it is the
newest one. Custom instructions (`promptPrefix`, `system`) become a hidden system message `system` before the roots,
which counts as a node of the file.

Feedback (ratings.py): `feedback` of a message, thumbsUp or thumbsDown with a tag and a text as details.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.librechat.content import message_blocks
from moonshine_assets.exports.adapters.librechat.wire import ROOT, Conversation, Entry, WireMessage, read
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.ratings import rating
from moonshine_assets.exports.records import (
    Attachment,
    BadNode,
    Block,
    Claim,
    ExportContext,
    Message,
    Node,
    ParsedConversation,
)
from moonshine_assets.exports.values import anonymous_id, ident, moment, text_or_none

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim", "context", "conversation_members", "parse", "sidecar"]

PROVIDER = "librechat"
SOURCE_TYPE = "librechat_export"

_INSTRUCTIONS = ("promptPrefix", "system")


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded conversation LibreChat's? Told by isCreatedByUser, or by keys of its own where it is empty."""
    listed = element.get("messages")
    if "conversationId" not in element or not isinstance(listed, list):
        return None
    said = [message for message in listed if isinstance(message, dict)]
    shape = "librechat-nested" if any(message.get("children") for message in said) else "librechat-flat"
    if any("isCreatedByUser" in message for message in said):
        return Claim(shape, 1.0, "messages with isCreatedByUser, and conversationId")
    if "endpoint" in element or any("messageId" in message for message in said):
        return Claim(shape, 0.7, "conversationId and endpoint")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:  # noqa: ARG001
    """None: there is no container of its own; the contents decide."""
    return []


def sidecar(name: str) -> bool:  # noqa: ARG001
    """None are known."""
    return False


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: there are no sidecars."""
    return ExportContext(members=members)


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """One conversation of any of the forms.

    Conversation flags: those of `decode`, `time_without_zone`, `order_inferred` (no message names its parent: the order
    of the list is the conversation).
    Message flags: `unknown_role`, `odd_content`, `edited`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of messages.
    """
    raw = bytes(data)
    try:
        return _parse(raw)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _parse(raw: bytes) -> ParsedConversation:
    found = read(raw)
    flags = set(found.flags)
    fields = found.fields
    options = fields.options if isinstance(fields.options, dict) else {}
    chained = not any(entry.pointer or entry.holder for entry in found.entries)
    if chained and len(found.entries) > 1:
        flags.add("order_inferred")
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    before: str | None = None
    for entry in found.entries:
        if entry.message is None:
            bad_nodes.append(BadNode(None, entry.reason or "", compact_json(entry.raw).encode()))
            continue
        parent = before if chained else _parent(entry)
        before = entry.node_id
        nodes.append(Node(entry.node_id, parent, _message(entry.message, flags)))
    current = before if chained else None
    prompts = _instructions(fields, options)
    if prompts:
        known = {node.node_id for node in nodes}
        name = next(name for rank in range(len(known) + 1) if (name := f"system{rank or ''}") not in known)
        blocks = [Block("text", text) for text in prompts]
        below = [node if node.parent_id is not None else node._replace(parent_id=name) for node in nodes]
        nodes = [Node(name, None, Message("system", "client_injected", blocks, visible=False)), *below]
    return ParsedConversation(
        conversation_id=ident(fields.conversationId) or anonymous_id(raw),
        shape="librechat-nested" if found.nested else "librechat-flat",
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(found.entries) + bool(prompts),
        current=current,
        title=text_or_none(fields.title),
        created_at=moment(fields.createdAt, flags),
        updated_at=moment(fields.updatedAt, flags),
        default_model=text_or_none(options.get("model")) or text_or_none(fields.model),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _parent(entry: Entry) -> str | None:
    return entry.holder if entry.pointer in (None, ROOT) else entry.pointer


def _instructions(fields: Conversation, options: dict[str, Any]) -> list[str]:
    stated = [options.get(key) for key in _INSTRUCTIONS] + [fields.promptPrefix, fields.system]
    return list(dict.fromkeys(text for text in stated if isinstance(text, str) and text))


def _message(wire: WireMessage, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    role, author = _speaker(wire, flags)
    attachments: list[Attachment] = []
    blocks = message_blocks(wire, author == "model", attachments, flags)
    if wire.error is True:
        for block in blocks:
            if block.kind == "text":
                block.kind, block.is_error = "error", True
    if wire.isEdited is True:
        flags.add("edited")
    return Message(
        role=role,
        author_kind=author,
        blocks=blocks,
        author_name=text_or_none(wire.sender) if author == "model" else None,
        model=text_or_none(wire.model) if author == "model" else None,
        created_at=moment(wire.createdAt, conversation_flags),
        status="error" if wire.error is True else "unfinished" if wire.unfinished is True else None,
        stop_reason=text_or_none(wire.finish_reason),
        feedback=_feedback(wire.feedback),
        attachments=attachments,
        flags=sorted(flags),
    )


def _speaker(wire: WireMessage, flags: set[str]) -> tuple[str, str]:
    if wire.isCreatedByUser is True:
        return "user", "human"
    if wire.isCreatedByUser is False:
        return "assistant", "model"
    flags.add("unknown_role")
    if isinstance(wire.sender, str) and wire.sender:
        return ("user", "human") if wire.sender.lower() == "user" else ("assistant", "model")
    return "system", "client_injected"


def _feedback(value: Any) -> str | None:
    if not isinstance(value, dict):
        return rating(value, {}) if value else None
    return rating(value.get("rating"), {key: item for key, item in value.items() if key != "rating"})
