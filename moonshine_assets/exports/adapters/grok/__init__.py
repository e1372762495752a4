"""Grok: the account export of x.ai (EXPORT-FORMATS §9), and files of third parties with its responses unwrapped.

In: the JSON of one element of `conversations`, or of `media_posts` / `media_generations` (a prompt and what was drawn
for it). Out: a `ParsedConversation`. Always: nodes_in = nodes + bad nodes, and odd types never raise anything but
`Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.grok.blocks import attached, message_blocks
from moonshine_assets.exports.adapters.grok.detect import claim, conversation_members, sidecar
from moonshine_assets.exports.adapters.grok.media import is_media, parse_media
from moonshine_assets.exports.adapters.grok.order import linked
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.loose import as_dict, bad_node, depth_guarded, first_ident, first_text, moment
from moonshine_assets.exports.records import BadNode, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, ident, json_type, text_or_none

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

PROVIDER = "grok"
SOURCE_TYPE = "grok_export"

_ASSET_FILE = "content"
_HUMAN = frozenset({"human", "user"})
_MODEL = frozenset({"assistant", "ai", "bot", "model"})
_OTHERS = {"system": ("system", "provider_injected"), "tool": ("tool", "tool")}


def conversation_arrays() -> tuple[str, ...]:
    """Top-level names whose elements are taken in."""
    return ("conversations", "media_posts", "media_generations")


def context(read: Callable[[str], bytes | None], members: Mapping[str, int]) -> ExportContext:  # noqa: ARG001
    """Sizes of the members, and for each asset id the file `…/<id>/content` that holds its bytes."""
    facts: dict[str, dict[str, object]] = {}
    for name, size in members.items():
        folder, _, base = name.rpartition("/")
        if base == _ASSET_FILE:
            facts[folder.rpartition("/")[2]] = {"member": name, "size_bytes": size}
    return ExportContext(members=members, asset_facts=facts)


@depth_guarded
def parse(data: bytes | memoryview, context: ExportContext) -> ParsedConversation:
    """One conversation, or one drawn picture with its prompt.

    Conversation flags: those of `decode`, `time_without_zone`. Message flags: `unknown_role`, `odd_content`,
    `truncated`, `duplicate_id`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of responses.
    """
    element, decode_flags = decode(data, dict[str, Any])
    if not isinstance(element, dict):
        raise Unreadable(f"a conversation must be a JSON object, this is {json_type(element)}")
    flags = set(decode_flags)
    if is_media(element):
        return parse_media(element, data, SOURCE_TYPE, flags)
    responses = element.get("responses")
    if not isinstance(responses, list):
        raise Unreadable(f"responses must be a list, this is {json_type(responses)}")
    stated = element["conversation"] if isinstance(element.get("conversation"), dict) else element

    said: list[dict[str, Any]] = []
    bad_nodes: list[BadNode] = []
    wrapped = False
    for entry in responses:
        inner = _response(entry)
        if inner is None:
            bad_nodes.append(bad_node(None, entry, "a response"))
        else:
            wrapped = wrapped or inner is not entry
            said.append(inner)
    messages = [_message(response, context, flags) for response in said]
    links = linked(said, messages)
    return ParsedConversation(
        conversation_id=first_ident(stated, "id", "conversation_id", "conversationId")
        or next((name for response in said if (name := ident(response.get("conversation_id")))), None)
        or anonymous_id(data),
        shape="grok" if wrapped or not said else "grok-flat",
        source_type=SOURCE_TYPE,
        nodes=[Node(*node) for node in zip(links.ids, links.parents, messages, strict=True)],
        nodes_in=len(responses),
        current=ident(stated.get("leaf_response_id")) or links.current,
        title=text_or_none(stated.get("title")),
        created_at=moment(stated.get("create_time"), flags),
        updated_at=moment(stated.get("modify_time"), flags),
        default_model=next(
            (name for response in reversed(said) if (name := text_or_none(response.get("model")))), None
        ),
        project=first_ident(stated, "workspace_id", "project_id"),
        flags=sorted(flags),
        bad_nodes=bad_nodes,
    )


def _response(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("response")
    if isinstance(inner, dict):
        return inner
    return entry if inner is None or "message" in entry else None


def _message(response: dict[str, Any], context: ExportContext, conversation_flags: set[str]) -> Message:
    flags: set[str] = set()
    sender = response.get("sender")
    role, author = _speaker(sender, flags)
    blocks = message_blocks(response, flags)
    attachments = attached(response, context, blocks, flags)
    partial = response.get("partial") is True
    if partial:
        flags.add("truncated")
    return Message(
        role=role,
        author_kind=author,
        blocks=blocks,
        author_name=sender if isinstance(sender, str) and _word(sender) not in _HUMAN | _MODEL and sender else None,
        model=first_text(response, "model") if author == "model" else None,
        created_at=moment(response.get("create_time"), conversation_flags),
        status="partial" if partial else None,
        stop_reason=text_or_none(as_dict(response.get("metadata")).get("stop_reason")),
        attachments=attachments,
        flags=sorted(flags),
    )


def _speaker(sender: Any, flags: set[str]) -> tuple[str, str]:
    """Role and author: some answers have the model's name as their sender."""
    word = _word(sender) if isinstance(sender, str) else ""
    if word in _HUMAN:
        return "user", "human"
    if word in _MODEL or word.startswith("grok"):
        return "assistant", "model"
    if word not in _OTHERS:
        flags.add("unknown_role")
    return _OTHERS.get(word, ("system", "provider_injected"))


def _word(sender: str) -> str:
    return sender.strip().casefold()
