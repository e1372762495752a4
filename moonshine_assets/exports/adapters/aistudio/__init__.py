"""Google AI Studio: the prompt files it keeps on Drive, JSON without an extension (EXPORT-FORMATS §8).

In: a whole file, which is one conversation. Out: a `ParsedConversation`: the system instruction, every chunk in order,
thoughts included, and what was typed and not sent. Always: nodes_in = nodes + bad nodes, and odd types never raise
anything but `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.aistudio.blocks import chunk_blocks, instruction_blocks
from moonshine_assets.exports.adapters.aistudio.detect import (
    claim,
    claim_bytes,
    conversation_members,
    sidecar,
    title_of,
)
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import as_dict, bad_node, depth_guarded, first_ident, first_text, moment, own_ids
from moonshine_assets.exports.records import Attachment, BadNode, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, json_type, text_or_none

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

PROVIDER = "aistudio"
SOURCE_TYPE = "aistudio_export"
#: Every file is one conversation.
WHOLE_FILE = True

_SPEAKERS = {
    "user": ("user", "human"),
    "model": ("assistant", "model"),
    "assistant": ("assistant", "model"),
    "system": ("system", "provider_injected"),
    "tool": ("tool", "tool"),
    "function": ("tool", "tool"),
}


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members: no other file says anything about a prompt."""
    return ExportContext(members=members)


def parse_file(
    data: memoryview, name: str, context: ExportContext
) -> Iterator[tuple[int, int, ParsedConversation | Unreadable]]:
    """The one conversation of the file, titled by the file's name: it is the only title a prompt has."""
    try:
        parsed = parse(data, context)
        parsed.title = title_of(name)
        yield 0, len(data), parsed
    except Unreadable as error:
        yield 0, len(data), error


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:  # noqa: ARG001
    """A prompt file.

    Conversation flags: those of `decode`, `time_without_zone`. Message flags: `unknown_role`, `odd_content`, `edited`,
    `pending` (typed, not sent), `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of chunks.
    """
    document, decode_flags = decode(data, dict[str, Any])
    if not isinstance(document, dict):
        raise Unreadable(f"a prompt must be a JSON object, this is {json_type(document)}")
    prompt = as_dict(document.get("chunkedPrompt"))
    chunks = prompt.get("chunks")
    if not isinstance(chunks, list):
        raise Unreadable(f"chunks must be a list, this is {json_type(chunks)}")
    pending = prompt.get("pendingInputs")
    pending = pending if isinstance(pending, list) else []
    flags = set(decode_flags)
    model = text_or_none(as_dict(document.get("runSettings")).get("model"))

    names: list[str] = []
    messages: list[Message | None] = []
    bad_nodes: list[BadNode] = []
    instruction = document.get("systemInstruction")
    if instruction is not None:
        names.append("system")
        messages.append(_instruction(instruction))
    for rank, chunk in enumerate([*chunks, *pending]):
        if not isinstance(chunk, dict):
            bad_nodes.append(bad_node(None, chunk, "a chunk"))
            continue
        sent = rank < len(chunks)
        names.append(first_ident(chunk, "id") or (f"c{rank}" if sent else f"p{rank - len(chunks)}"))
        messages.append(_message(chunk, model, sent, flags))
    ids = own_ids(names)
    times = [message.created_at for message in messages if message is not None and message.created_at]
    return ParsedConversation(
        conversation_id=first_ident(document, "id") or anonymous_id(data),
        shape="aistudio",
        source_type=SOURCE_TYPE,
        nodes=[Node(own, above, said) for own, above, said in zip(ids, [None, *ids], messages, strict=False)],
        nodes_in=(instruction is not None) + len(chunks) + len(pending),
        current=ids[-1] if ids else None,
        title=first_text(document, "title", "name"),
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
        default_model=model,
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _instruction(instruction: Any) -> Message | None:
    flags: set[str] = set()
    blocks = instruction_blocks(instruction, flags)
    return Message("system", "client_injected", blocks, flags=sorted(flags)) if blocks else None


def _message(chunk: dict[str, Any], model: str | None, sent: bool, conversation_flags: set[str]) -> Message | None:
    """The message of a chunk; None for an input that nothing was typed into."""
    flags: set[str] = set()
    attachments: list[Attachment] = []
    blocks = chunk_blocks(chunk, attachments, flags)
    if not sent and not blocks:
        return None
    said = chunk.get("role")
    speaker = _SPEAKERS.get(said.strip().lower()) if isinstance(said, str) else None
    if speaker is None:
        flags.add("unknown_role")
        speaker = ("system", "provider_injected")
    if chunk.get("isEdited") is True:
        flags.add("edited")
    if not sent:
        flags.add("pending")
    return Message(
        role=speaker[0],
        author_kind=speaker[1],
        blocks=blocks,
        visible=sent,
        model=(first_text(chunk, "model") or model) if speaker[1] == "model" else None,
        created_at=moment(chunk.get("createTime"), conversation_flags),
        status=None if sent else "pending",
        stop_reason=text_or_none(chunk.get("finishReason")),
        attachments=attachments,
        flags=sorted(flags),
    )
