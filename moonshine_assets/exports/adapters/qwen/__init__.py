"""Qwen (chat.qwen.ai): exported chats, and saved answers of the site's interface.

In: the JSON of one chat. Out: a `ParsedConversation` with every branch, the answers of all models to one prompt as
siblings. Always: nodes_in = nodes + bad nodes, and odd types never raise anything but `Unreadable`. The container of a
chat is that of Open WebUI, which the site grew from; its reader is used.

Feedback (ratings.py): `annotation` of a message, see openwebui/speech.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.openwebui.assemble import assemble
from moonshine_assets.exports.adapters.openwebui.speech import message_of, speaker
from moonshine_assets.exports.adapters.openwebui.wire import WireMessage, read
from moonshine_assets.exports.adapters.qwen.blocks import cut_signatures, instructions, message_blocks, unfinished
from moonshine_assets.exports.adapters.qwen.detect import (
    claim,
    conversation_arrays,
    conversation_members,
    shape_of,
    sidecar,
)
from moonshine_assets.exports.records import Attachment, ExportContext, Message, ParsedConversation

__all__ = [
    "PROVIDER",
    "SOURCE_TYPE",
    "claim",
    "context",
    "conversation_arrays",
    "conversation_members",
    "parse",
    "sidecar",
]

PROVIDER = "qwen"
SOURCE_TYPE = "qwen_export"


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: there are no sidecars."""
    return ExportContext(members=members)


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """One chat of any of the forms.

    Conversation flags: those of `decode` and of `openwebui.assemble`, `time_without_zone`.
    Message flags: `unknown_role`, `odd_content`, `content_differs` (`content_list` and `content` say different things),
    `edited`, `signature_cut` (the answer showed a file by an address that opens it for anybody).

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without messages.
    """
    raw = bytes(data)
    try:
        found = read(raw)
        shape = shape_of(entry.message for entry in found.entries)
        return assemble(raw, found, SOURCE_TYPE, shape, _message, instructions)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _message(wire: WireMessage, key: str, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    attachments: list[Attachment] = []
    who = speaker(wire, flags)
    blocks = message_blocks(wire, who[1] == "model", attachments, flags)
    message = message_of(wire, key, who, blocks, attachments, conversation_flags, flags)
    message.status = message.status or unfinished(wire.content_list)
    if who[1] == "model" and cut_signatures(message.blocks):
        message.flags = sorted({*message.flags, "signature_cut"})
    return message
