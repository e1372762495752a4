"""Chatbot UI: one file with all conversations in `history`, linear and without times (EXPORT-FORMATS §7).

In: the JSON of one entry of `history`. Out: a `ParsedConversation`. Always: nodes_in = nodes + bad nodes, and odd types
never raise anything but `Unreadable`. The prompt of a conversation becomes a hidden system message `system` before the
first one and counts as a node of the file. There is no feedback in these files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import compact_json, decode
from moonshine_assets.exports.markup import split_markup
from moonshine_assets.exports.records import (
    BadNode,
    Block,
    Claim,
    ExportContext,
    Message,
    Node,
    ParsedConversation,
)
from moonshine_assets.exports.values import anonymous_id, ident, json_type, payload, text_or_none, texts_of

PROVIDER = "chatbotui"
SOURCE_TYPE = "chatbotui_export"

_SHAPE = "chatbotui-history"
_SPEAKERS = {
    "user": ("user", "human"),
    "assistant": ("assistant", "model"),
    "system": ("system", "client_injected"),
    "tool": ("tool", "tool"),
    "function": ("tool", "tool"),
}
_OWN_KEYS = ("folderId", "prompt", "temperature")


def conversation_arrays() -> tuple[str, ...]:
    """The top-level key whose array elements are the conversations."""
    return ("history",)


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this an entry of `history`? Also said of the whole file, so that it is known where it was not split."""
    if all(key in element for key in ("version", "folders")) and isinstance(element.get("history"), list):
        return Claim(_SHAPE, 0.9, "version, history and folders")
    listed = element.get("messages")
    if not isinstance(listed, list) or "name" not in element or any(key in element for key in ("uuid", "mapping")):
        return None
    if sum(key in element for key in _OWN_KEYS) < 2:
        return None
    plain = all("role" in item for item in listed if isinstance(item, dict))
    return Claim(_SHAPE, 0.8, "name, messages, and a prompt, temperature or folderId") if plain else None


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
    """One conversation.

    Conversation flags: those of `decode`. Message flags: `unknown_role`, `odd_content`.

    Raises:
        Unreadable: not JSON, nested too deeply, not an object, or without a list of messages; also for a whole file,
            whose conversations are the elements of `conversation_arrays`.
    """
    raw = bytes(data)
    try:
        return _parse(raw)
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply", fix="it is kept in quarantine as it stands") from None


def _parse(raw: bytes) -> ParsedConversation:
    value, flags = decode(raw, Any)
    if not isinstance(value, dict):
        raise Unreadable(f"a conversation must be a JSON object, this is {json_type(value)}")
    listed = value.get("messages")
    if not isinstance(listed, list):
        raise Unreadable(f"messages must be a list, this is {json_type(listed)}")
    stated = value.get("model")
    model = ident(stated.get("id") or stated.get("name")) if isinstance(stated, dict) else text_or_none(stated)
    nodes: list[Node] = []
    bad_nodes: list[BadNode] = []
    before: str | None = None
    texts, _ = texts_of(value.get("prompt"))
    if texts:
        before = "system"
        blocks = [Block("text", text) for text in texts]
        nodes.append(Node(before, None, Message("system", "client_injected", blocks, visible=False)))
    for rank, item in enumerate(listed):
        if not isinstance(item, dict):
            reason = f"a message must be a JSON object, this is {json_type(item)}"
            bad_nodes.append(BadNode(f"m{rank}", reason, compact_json(item).encode()))
            continue
        nodes.append(Node(f"m{rank}", before, _message(item, model)))
        before = f"m{rank}"
    return ParsedConversation(
        conversation_id=ident(value.get("id")) or anonymous_id(raw),
        shape=_SHAPE,
        source_type=SOURCE_TYPE,
        nodes=nodes,
        nodes_in=len(listed) + bool(texts),
        current=before,
        title=text_or_none(value.get("name")),
        default_model=model,
        project=ident(value.get("folderId")),
        flags=flags,
        bad_nodes=bad_nodes,
    )


def _message(item: dict[str, Any], model: str | None) -> Message:
    flags: set[str] = set()
    role = item.get("role")
    who = _SPEAKERS.get(role) if isinstance(role, str) else None
    if who is None:
        flags.add("unknown_role")
        who = _SPEAKERS["system"]
    content = item.get("content")
    blocks: list[Block] = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and "image" in kind:
            blocks.append(Block("image", payload=payload(part)))
            continue
        texts, others = texts_of(part)
        blocks += [
            block for text in texts for block in (split_markup(text) if who[1] == "model" else [Block("text", text)])
        ]
        if others:
            flags.add("odd_content")
            blocks.append(Block("raw", payload=payload(others[0])))
    return Message(who[0], who[1], blocks, model=model if who[1] == "model" else None, flags=sorted(flags))
