"""Mistral Le Chat: the account export, one file a chat that is a list of its messages (EXPORT-FORMATS §10).

In: a whole file. Out: a `ParsedConversation` with every version of an answer. Always: nodes_in = nodes + bad nodes,
and odd types never raise anything but `Unreadable`.

No specimen of the form is public: `version`, `reaction` and `preference` are read as order.py and reactions.py say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.lechat.blocks import attached, message_blocks
from moonshine_assets.exports.adapters.lechat.detect import claim, claim_bytes, conversation_members, sidecar
from moonshine_assets.exports.adapters.lechat.order import linked
from moonshine_assets.exports.adapters.lechat.reactions import message_feedback, overruled
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import bad_node, depth_guarded, first_text, moment
from moonshine_assets.exports.records import ANONYMOUS, BadNode, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, ident, json_type

__all__ = [
    "PROVIDER",
    "SOURCE_TYPE",
    "WHOLE_FILE",
    "claim",
    "claim_bytes",
    "context",
    "conversation_members",
    "parse",
    "parse_file",
    "sidecar",
]

PROVIDER = "lechat"
SOURCE_TYPE = "lechat_export"
#: Every file is one conversation.
WHOLE_FILE = True

_SPEAKERS = {
    "user": ("user", "human"),
    "assistant": ("assistant", "model"),
    "system": ("system", "provider_injected"),
    "tool": ("tool", "tool"),
}
_CHAT_FILE = re.compile(r"chat-([\w-]{8,})")


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: the files of a chat stand in `chat-<id>-files/`."""
    return ExportContext(members=members)


def parse_file(
    data: memoryview, name: str, context: ExportContext
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The one conversation of the file; its id from the file's name where no message names the chat."""
    try:
        parsed = parse(data, context)
        named = _CHAT_FILE.fullmatch(PurePosixPath(name).stem)
        if named is not None and parsed.conversation_id.startswith(ANONYMOUS):
            parsed.conversation_id = named[1]
        yield 0, len(data), parsed
    except Unreadable as error:
        yield 0, len(data), error


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:
    """The messages of one chat.

    Conversation flags: those of `decode`, `time_without_zone`, `order_inferred` (the array is not in order of time).
    Message flags: `unknown_role`, `odd_content`, `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, or not a list.
    """
    document, decode_flags = decode(data, list[Any])
    if not isinstance(document, list):
        raise Unreadable(f"a chat must be a list of messages, this is {json_type(document)}")
    flags = set(decode_flags)
    said: list[dict[str, Any]] = []
    bad_nodes: list[BadNode] = []
    for entry in document:
        if isinstance(entry, dict):
            said.append(entry)
        else:
            bad_nodes.append(bad_node(None, entry))
    chat = next((name for entry in said if (name := ident(entry.get("chatId")))), None)
    messages = [_message(entry, chat, context, flags) for entry in said]
    lost = overruled(said)
    for entry, message in zip(said, messages, strict=True):
        message.feedback = message_feedback(entry, lost)
    links = linked(said, messages, flags)
    times = [message.created_at for message in messages if message.created_at is not None]
    return ParsedConversation(
        conversation_id=chat or anonymous_id(data),
        shape="lechat",
        source_type=SOURCE_TYPE,
        nodes=[Node(*node) for node in zip(links.ids, links.parents, messages, strict=True)],
        nodes_in=len(document),
        current=links.current,
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=next((model for entry in reversed(said) if (model := first_text(entry, "model"))), None),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _message(entry: dict[str, Any], chat: str | None, context: ExportContext, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    said = entry.get("role")
    speaker = _SPEAKERS.get(said.strip().lower()) if isinstance(said, str) else None
    if speaker is None:
        flags.add("unknown_role")
        speaker = ("system", "provider_injected")
    blocks = message_blocks(entry, flags)
    attachments = attached(entry, chat, context, blocks, flags)
    return Message(
        role=speaker[0],
        author_kind=speaker[1],
        blocks=blocks,
        model=first_text(entry, "model") if speaker[1] == "model" else None,
        created_at=moment(entry.get("createdAt"), conversation_flags),
        attachments=attachments,
        flags=sorted(flags),
    )
