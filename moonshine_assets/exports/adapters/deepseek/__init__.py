"""DeepSeek: account exports, with fragments and before them, and saved answers of the site's interface.

In: the JSON of one conversation. Out: a `ParsedConversation` with every branch. Always: nodes_in = nodes + bad nodes,
and odd types never raise anything but `Unreadable`. A message that holds a question and its answer becomes two nodes:
the answer keeps the id, the question gets `<id>:request`; both count as nodes of the file.

Feedback (ratings.py): `feedback` of a message of the interface; its thumb is looked for under `_THUMB_KEYS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.deepseek.detect import claim, conversation_members, sidecar
from moonshine_assets.exports.adapters.deepseek.fragments import (
    asks_and_answers,
    file_blocks,
    fragment_blocks,
    halves,
    kinds,
    plain_blocks,
)
from moonshine_assets.exports.adapters.deepseek.wire import WireMessage, read
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.ratings import rating
from moonshine_assets.exports.records import Attachment, BadNode, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, ident, moment, text_or_none

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim", "context", "conversation_members", "parse", "sidecar"]

PROVIDER = "deepseek"
SOURCE_TYPE = "deepseek_export"

_SPEAKERS = {
    "user": ("user", "human"),
    "assistant": ("assistant", "model"),
    "system": ("system", "provider_injected"),
    "tool": ("tool", "tool"),
}
_THUMB_KEYS = ("type", "feedback_type", "rating", "value", "vote", "action")
#: Longer digits are no node ids.
_LONGEST_NUMBER = 18


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: the one sidecar says nothing about a conversation."""
    return ExportContext(members=members)


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """One conversation of any of the forms.

    Without a pointer to the shown leaf, which the account export never has, the node with the largest number is it.
    Conversation flags: those of `decode`, `time_without_zone`, `repeated_keys`.
    Message flags: `role_inferred`, `unknown_role`, `odd_content`, `request_split_off`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or with neither a mapping nor messages.
    """
    raw = bytes(data)
    try:
        return _parse(raw)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _parse(raw: bytes) -> ParsedConversation:
    found = read(raw)
    flags = set(found.flags)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    roles: dict[str | None, str] = {}
    split_off = 0
    for entry in found.entries:
        if entry.reason is not None:
            bad_nodes.append(BadNode(entry.node_id, entry.reason, compact_json(entry.raw).encode()))
            continue
        wire, parent = entry.message, entry.parent_id
        if wire is None:
            nodes.append(Node(entry.node_id, parent, None))
            continue
        message_flags: set[str] = set()
        types = kinds(wire)
        if asks_and_answers(types):
            message_flags.add("request_split_off")
            asked, wire = halves(wire)
            question = f"{entry.node_id}:request"
            nodes.append(Node(question, parent, _message(asked, _SPEAKERS["user"], flags, set(message_flags))))
            parent = question
            split_off += 1
            types -= {"REQUEST"}
        speaker = _speaker(wire, types, roles.get(parent), message_flags)
        message = _message(wire, speaker, flags, message_flags)
        roles[entry.node_id] = message.role
        nodes.append(Node(entry.node_id, parent, message))
    if len({node.node_id for node in nodes}) < len(nodes):
        flags.add("repeated_keys")
    fields = found.fields
    return ParsedConversation(
        conversation_id=ident(fields.id) or ident(fields.conversation_id) or anonymous_id(raw),
        shape=found.shape,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(found.entries) + split_off,
        current=_current(found.current, nodes),
        title=text_or_none(fields.title),
        created_at=moment(fields.inserted_at, flags) or moment(fields.create_time, flags),
        updated_at=moment(fields.updated_at, flags) or moment(fields.update_time, flags),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _speaker(wire: WireMessage, types: set[str], before: str | None, flags: set[str]) -> tuple[str, str]:
    """Role and author: as stated, else by the fragments, else the other one than before."""
    if isinstance(wire.role, str) and (stated := _SPEAKERS.get(wire.role.lower())) is not None:
        return stated
    if wire.role is not None:
        flags.add("unknown_role")
    if types:
        return _SPEAKERS["user" if "REQUEST" in types or types == {"FILE"} else "assistant"]
    flags.add("role_inferred")
    thought = wire.reasoning_content or wire.thinking_content or wire.search_results
    return _SPEAKERS["assistant" if thought or before == "user" else "user"]


def _message(wire: WireMessage, speaker: tuple[str, str], conversation_flags: set[str], flags: set[str]) -> Message:
    attachments: list[Attachment] = []
    blocks = fragment_blocks(wire.fragments, attachments, flags)
    blocks += plain_blocks(wire, {block.text for block in blocks}, flags)
    blocks += file_blocks(wire.files, attachments, flags) if wire.files else []
    status = text_or_none(wire.status)
    return Message(
        role=speaker[0],
        author_kind=speaker[1],
        blocks=blocks,
        model=text_or_none(wire.model) if speaker[1] == "model" else None,
        created_at=moment(wire.inserted_at, conversation_flags),
        status=status.lower() if status is not None else None,
        feedback=_feedback(wire.feedback),
        attachments=attachments,
        flags=sorted(flags),
    )


def _feedback(value: Any) -> str | None:
    if not isinstance(value, dict):
        return rating(value, {}) if value else None
    key = next((key for key in _THUMB_KEYS if value.get(key) is not None), None)
    return rating(value.get(key), value)


def _current(stated: str | None, nodes: list[Node]) -> str | None:
    known = {node.node_id for node in nodes}
    if stated is not None and stated in known:
        return stated
    numbers = [node_id for node_id in known if node_id.isdecimal() and len(node_id) <= _LONGEST_NUMBER]
    return max(numbers, key=int, default=stated)
