"""Claude.ai: account exports, API and extension captures, privacy-request exports and design chats.

In: the JSON of one conversation. Out: a `ParsedConversation`. Always: nodes_in = nodes + bad nodes, every message is
visible, and odd types never raise anything but `Unreadable`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.claude.blocks import beside, message_blocks
from moonshine_assets.exports.adapters.claude.calls import pair_calls
from moonshine_assets.exports.adapters.claude.design import unwrap
from moonshine_assets.exports.adapters.claude.detect import claim, conversation_members, shape_of, sidecar
from moonshine_assets.exports.adapters.claude.files import attached
from moonshine_assets.exports.adapters.claude.order import link
from moonshine_assets.exports.adapters.claude.wire import (
    WireConversation,
    WireMessage,
    ident,
    read,
    text_or_none,
)
from moonshine_assets.exports.records import BadNode, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.times import lacks_zone, to_micros

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim", "context", "conversation_members", "parse", "sidecar"]

PROVIDER = "claude"
SOURCE_TYPE = "claude_export"

_SPEAKERS = {
    "human": ("user", "human"),
    "user": ("user", "human"),
    "assistant": ("assistant", "model"),
    "tool": ("tool", "tool"),
    "system": ("system", "provider_injected"),
}
_UNKNOWN_SPEAKER = ("system", "provider_injected")


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: no sidecar of Claude's says anything about a conversation."""
    return ExportContext(members=members)


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """One conversation of any of the forms.

    Conversation flags: those of `decode`, `order_inferred`, `time_without_zone`, `duplicate_ids`, `current_missing`.
    Message flags: `unknown_role`, `odd_content`, `call_id_inferred`, `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of messages.
    """
    try:
        return _parse(data)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _parse(data: bytes | memoryview) -> ParsedConversation:
    wire, entries, decode_flags = read(data)
    flags = set(decode_flags)
    shape = shape_of(wire, [entry for entry in entries if isinstance(entry, WireMessage)])
    model = text_or_none(wire.model)

    messages: list[Message] = []
    ids: list[str] = []
    pointers: list[str | None] = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, WireMessage):
            continue
        said = unwrap(entry) if shape == "claude-design" else entry
        ids.append(ident(said.uuid) or ident(said.id) or f"m{index}")
        pointers.append(ident(said.parent_message_uuid))
        messages.append(_message(said, model, flags))
    linked = link(ids, pointers, messages, ident(wire.current_leaf_message_uuid), flags)
    pair_calls(messages[rank] for rank in linked.order)

    good = zip(linked.ids, linked.parents, messages, strict=True)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    for index, entry in enumerate(entries):
        if entry is None:
            nodes.append(Node(f"m{index}", None, None))
        elif isinstance(entry, BadNode):
            bad_nodes.append(entry)
        else:
            nodes.append(Node(*next(good)))
    return ParsedConversation(
        conversation_id=ident(wire.uuid) or ident(wire.id) or f"anon-{hashlib.sha256(data).hexdigest()[:16]}",
        shape=shape,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(entries),
        current=linked.current,
        title=text_or_none(wire.name) or text_or_none(wire.title),
        created_at=_time(wire.created_at, flags),
        updated_at=_time(wire.updated_at, flags),
        default_model=model,
        project=_project(wire),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _message(wire: WireMessage, model: str | None, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    said = wire.role if wire.sender is None else wire.sender
    speaker = _SPEAKERS.get(said) if isinstance(said, str) else None
    if speaker is None:
        flags.add("unknown_role")
        speaker = _UNKNOWN_SPEAKER
    blocks = message_blocks(wire.content, wire.text, flags) + beside(wire.compaction_summary, wire.sync_sources)
    attachments = attached(wire, blocks, flags)
    return Message(
        role=speaker[0],
        author_kind=speaker[1],
        blocks=blocks,
        model=model if speaker[1] == "model" else None,
        created_at=_time(wire.created_at, conversation_flags),
        status="truncated" if wire.truncated is True else None,
        stop_reason=text_or_none(wire.stop_reason),
        attachments=attachments,
        flags=sorted(flags),
    )


def _time(value: Any, flags: set[str]) -> int | None:
    micros = to_micros(value)
    if micros is not None and not (isinstance(value, str) and value.endswith(("Z", "+00:00"))) and lacks_zone(value):
        flags.add("time_without_zone")
    return micros


def _project(wire: WireConversation) -> str | None:
    if project := ident(wire.project_uuid):
        return project
    if isinstance(wire.project, dict):
        return ident(wire.project.get("uuid")) or text_or_none(wire.project.get("name"))
    return ident(wire.project)
