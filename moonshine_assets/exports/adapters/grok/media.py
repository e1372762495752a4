"""Pictures and videos drawn outside of a conversation: the prompt is the question, the picture the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moonshine_assets.exports.loose import first_ident, first_text, moment, texts, unknown_fields
from moonshine_assets.exports.records import Block, Message, Node, ParsedConversation
from moonshine_assets.exports.values import anonymous_id, payload

_PROMPT = "original_prompt"
_LINKS = ("link", "media_url", "url", "thumbnail_url")
_KNOWN = frozenset({_PROMPT, "id", "create_time", "created_at", "media_type", "model", "user_id", *_LINKS})


def is_media(element: Mapping[str, Any]) -> bool:
    """An element of `media_posts` or `media_generations`."""
    return _PROMPT in element and "media_type" in element and "responses" not in element


def parse_media(
    element: dict[str, Any], data: bytes | memoryview, source_type: str, flags: set[str]
) -> ParsedConversation:
    """The prompt and, as its answer, where the picture is."""
    asked: set[str] = set()
    when = moment(element.get("create_time", element.get("created_at")), flags)
    prompt = Message("user", "human", texts("text", element[_PROMPT], asked), created_at=when)
    prompt.flags = sorted(asked)
    links = {key: element[key] for key in _LINKS if element.get(key)}
    drawn = payload({"media_type": element["media_type"], **links})
    kind = "image" if element["media_type"] == "image" else "file"
    answer = Message(
        "assistant",
        "model",
        [Block(kind, payload=drawn), *unknown_fields(element, _KNOWN)],
        model=first_text(element, "model"),
        created_at=when,
    )
    return ParsedConversation(
        conversation_id=first_ident(element, "id") or anonymous_id(data),
        shape="grok-media",
        source_type=source_type,
        nodes=[Node("prompt", None, prompt), Node("picture", "prompt", answer)],
        nodes_in=2,
        current="picture",
        created_at=when,
        updated_at=when,
        flags=sorted(flags),
    )
