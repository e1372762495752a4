"""Open WebUI: exported chats, single chats, bare `chat` objects, and evaluations with a snapshot of their chat.

In: the JSON of one chat. Out: a `ParsedConversation` with every branch, the answers of all models to one prompt as
siblings. Always: nodes_in = nodes + bad nodes, and odd types never raise anything but `Unreadable`.

Feedback (ratings.py): `annotation` of a message, see speech.py; the one of an evaluation goes to the message it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.openwebui.assemble import assemble
from moonshine_assets.exports.adapters.openwebui.blocks import message_blocks
from moonshine_assets.exports.adapters.openwebui.detect import claim, conversation_members, shape_of, sidecar
from moonshine_assets.exports.adapters.openwebui.evaluation import rate
from moonshine_assets.exports.adapters.openwebui.speech import message_of, speaker
from moonshine_assets.exports.adapters.openwebui.wire import WireMessage, read
from moonshine_assets.exports.records import Attachment, ExportContext, Message, ParsedConversation

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim", "context", "conversation_members", "parse", "sidecar"]

PROVIDER = "openwebui"
SOURCE_TYPE = "openwebui_export"


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: there are no sidecars."""
    return ExportContext(members=members)


def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """One chat of any of the forms.

    Conversation flags: those of `decode` and of `assemble`, `time_without_zone`.
    Message flags: `unknown_role`, `odd_content`, `content_differs` (`output` and `content` say different things),
    `edited`, `merged`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without messages.
    """
    raw = bytes(data)
    try:
        found = read(raw)
        shape = shape_of(found.kept, [entry.message for entry in found.entries])
        parsed = assemble(raw, found, SOURCE_TYPE, shape, _message)
        rate(found.kept, parsed)
        return parsed
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _message(wire: WireMessage, key: str, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    attachments: list[Attachment] = []
    who = speaker(wire, flags)
    blocks = message_blocks(wire, who[1] == "model", attachments, flags)
    return message_of(wire, key, who, blocks, attachments, conversation_flags, flags)
