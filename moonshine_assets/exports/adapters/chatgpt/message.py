"""One message of the file → one `Message`: who speaks, what is shown, which model (EXPORT-FORMATS §2.5, 2.7, 2.10)."""

from __future__ import annotations

from moonshine_assets.exports import times
from moonshine_assets.exports.adapters.chatgpt.attachments import attachments_of
from moonshine_assets.exports.adapters.chatgpt.blocks import CONTEXT_TYPES, Pointers, message_blocks
from moonshine_assets.exports.adapters.chatgpt.wire import Metadata, WireMessage, as_text
from moonshine_assets.exports.records import Attachment, Block, ExportContext, Message

_ROLES = frozenset(("user", "assistant", "tool", "system"))

#: Roles of other tools and converters, and what they mean here; using one is flagged.
_ROLE_ALIASES = {
    "human": "user",
    "model": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "function": "tool",
    "developer": "system",
}

_NO_METADATA = Metadata()


def build_message(key: str, wire: WireMessage, default_model: str | None, context: ExportContext) -> Message:
    """The message of node `key`; `default_model` is the conversation's."""
    author = wire.author
    metadata = wire.metadata if wire.metadata is not None else _NO_METADATA
    role = author.role if author is not None else wire.role
    name = as_text(author.name) if author is not None else None
    recipient = wire.recipient
    if recipient == "all" or not isinstance(recipient, str) or not recipient:
        recipient = None

    flags: list[str] = []
    # a list or dict cannot be looked up in a set
    if not isinstance(role, str) or role not in _ROLES:
        role = _guess_role(role, name, recipient, metadata)
        flags.append("unknown_role")

    pointers: Pointers = []
    blocks = message_blocks(wire, metadata, role, name, recipient, pointers)
    attachments: list[Attachment] = []
    if pointers or metadata.attachments:
        attachments = attachments_of(metadata.attachments, pointers, context)
    injected = _is_context(wire, metadata)
    visible = not injected and _is_visible(role, recipient, metadata, blocks)
    if wire.status == "in_progress":
        flags.append("truncated")

    own_id = wire.id
    return Message(
        role=role,
        author_kind=_author_kind(role, injected, visible),
        blocks=blocks,
        visible=visible,
        alias_id=own_id if own_id != key and isinstance(own_id, str) and own_id else None,
        author_name=name,
        recipient=recipient,
        model=_model(metadata, default_model) if role == "assistant" else None,
        created_at=times.to_micros(wire.create_time),
        status=as_text(wire.status),
        stop_reason=_stop_reason(metadata.finish_details),
        attachments=attachments,
        flags=flags,
    )


def _guess_role(role: object, name: str | None, recipient: str | None, metadata: Metadata) -> str:
    """Not `user` without evidence: what is taken for a person's words must be a person's."""
    if isinstance(role, str):
        lowered = role.strip().lower()
        if lowered in _ROLES:
            return lowered
        if lowered in _ROLE_ALIASES:
            return _ROLE_ALIASES[lowered]
    if name is not None:
        return "tool"
    if recipient is not None or as_text(metadata.model_slug) is not None:
        return "assistant"
    return "system"


def _is_context(wire: WireMessage, metadata: Metadata) -> bool:
    """Instructions and memory that the provider puts before the model."""
    if metadata.is_user_system_message is True or isinstance(metadata.user_context_message_data, dict):
        return True
    content = wire.content
    if not isinstance(content, dict):
        return False
    kind = content.get("content_type")
    return isinstance(kind, str) and kind in CONTEXT_TYPES


def _is_visible(role: str, recipient: str | None, metadata: Metadata, blocks: list[Block]) -> bool:
    """EXPORT-FORMATS §2.7; weight 0 says nothing by itself (it also marks replaced answers)."""
    if metadata.is_visually_hidden_from_conversation is True or recipient is not None:
        return False
    if role == "tool":
        return any(block.kind == "image" for block in blocks)
    if role == "system":
        return bool(blocks)
    return True


def _author_kind(role: str, injected: bool, visible: bool) -> str:
    if role == "assistant" and not injected:
        return "model"
    if role == "tool" and not injected:
        return "tool"
    if role == "user" and visible:
        return "human"
    return "provider_injected"


def _model(metadata: Metadata, default_model: str | None) -> str | None:
    return as_text(metadata.model_slug) or as_text(metadata.default_model_slug) or default_model


def _stop_reason(details: object) -> str | None:
    return as_text(details.get("type")) if isinstance(details, dict) else None
