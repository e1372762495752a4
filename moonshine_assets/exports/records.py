"""What an adapter makes of one conversation, before it becomes rows.

Times are integers: microseconds since 1970-01-01 UTC. Texts are whole and unescaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

#: How the id of a conversation begins that the export gives none: `anon-<first 16 hex of the SHA-256 of its JSON>`.
ANONYMOUS = "anon-"


class Block(msgspec.Struct):
    """One part of a message; `kind` is one of tables.blocks.BLOCK_KINDS.

    `arguments` and `payload` are JSON texts. `text` is None where the part has none (an image, an unknown block).
    """

    kind: str
    text: str | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None
    arguments: str | None = None
    is_error: bool | None = None
    payload: str | None = None


class Attachment(msgspec.Struct):
    """A file a message refers to; `member` is the file of the export that holds its bytes, if any."""

    attachment_id: str | None = None
    name: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    member: str | None = None


class Message(msgspec.Struct):
    """A message as the export states it; the fields `message_id` to `on_active_path` are filled by `tree.arrange`.

    `usage` is what the answer cost, as compact JSON with those of the keys input, output, cache_read, cache_write and
    reasoning that are known (tokens); of an answer that stands in several places once, never summed.
    """

    role: str
    author_kind: str
    blocks: list[Block]
    visible: bool = True
    alias_id: str | None = None
    author_name: str | None = None
    recipient: str | None = None
    model: str | None = None
    created_at: int | None = None
    status: str | None = None
    stop_reason: str | None = None
    feedback: str | None = None
    attachments: list[Attachment] = []
    flags: list[str] = []
    message_id: str = ""
    parent_id: str | None = None
    sibling_index: int = 0
    depth: int = 0
    on_active_path: bool = False
    usage: str | None = None


class Node(NamedTuple):
    """A node of the tree as the file has it: its id, its parent pointer, and its message (None: structural)."""

    node_id: str
    parent_id: str | None
    message: Message | None


class FeedbackRecord(msgspec.Struct):
    """What a person said of an answer by a click, see tables/feedback.py; ids are as the export states them.

    `kind` is one of tables.feedback.FEEDBACK_KINDS. `message_id` is the answer it is about, or the preferred one of
    two, `other_message_id` the other one. `source_member` is filled for what stands in a file of its own; `payload` is
    JSON text with whatever has no field here.
    """

    kind: str
    value: str | None = None
    conversation_id: str | None = None
    message_id: str | None = None
    other_message_id: str | None = None
    comment: str | None = None
    tags: list[str] = []
    created_at: int | None = None
    source_member: str = ""
    payload: str | None = None


class BadNode(NamedTuple):
    """A node that did not parse: its id if known, the reason, its JSON as bytes."""

    node_id: str | None
    reason: str
    raw: bytes


class ParsedConversation(msgspec.Struct):
    """One conversation as an adapter returns it.

    `nodes` are in file order and hold every node that parsed, those without a message included; ids may repeat
    (`tree.arrange` deals with that). `nodes_in` is the number of nodes the file has for this conversation, counted
    from the file's own structure and not from `nodes`. `current` is the file's pointer to the shown leaf.
    `array_order` tells that without parent pointers the order of `nodes` is the conversation.
    `parent_conversation_id` is the conversation that a sub-agent works for, or that this one was resumed or forked
    from. `replayed` counts the structural nodes that are copies of records another conversation has. `feedback` are
    choices stated beside the messages; a rating of one message goes into `Message.feedback`.
    """

    conversation_id: str
    shape: str
    source_type: str
    nodes: list[Node]
    nodes_in: int
    current: str | None = None
    title: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    default_model: str | None = None
    project: str | None = None
    flags: list[str] = []
    bad_nodes: list[BadNode] = []
    parent_conversation_id: str | None = None
    replayed: int = 0
    feedback: list[FeedbackRecord] = []


class LogConversation(NamedTuple):
    """One conversation of an agent's log, or what could not be read as one.

    `reason` says why there is none (then `parsed` is None and `data` are the bytes to keep). `members` maps the files
    it stands in to the bytes of each that are its own: over the conversations of a log they add up to the files.
    """

    parsed: ParsedConversation | None
    reason: str | None
    members: dict[str, int]
    data: bytes


class RawElement(NamedTuple):
    """One conversation's JSON where it stands: `data` is a view on the file, valid while the file is open."""

    member: str
    rank: int
    start: int
    end: int
    data: memoryview


class ExportContext(msgspec.Struct, frozen=True):
    """What an adapter may look up besides the conversation itself.

    Args:
        members: every file name of the export (zip member or relative path) → size in bytes.
        asset_names: provider file id or stored name → name the person gave (ChatGPT 2026 sidecar); may be empty.
        asset_facts: provider file id → {"mime_type", "size_bytes", "name"} from sidecars; may be empty.
    """

    members: Mapping[str, int] = {}
    asset_names: Mapping[str, str] = {}
    asset_facts: Mapping[str, Mapping[str, object]] = {}


class Claim(NamedTuple):
    """An adapter's answer to "is this yours?": shape, confidence 0..1 and the reason in a few words."""

    shape: str
    confidence: float
    reason: str
