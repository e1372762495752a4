"""One activity record: a prompt and its answer, as both forms give it, and the conversation made of them."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.gemini.prompts import read_title
from moonshine_assets.exports.html_text import html_to_text
from moonshine_assets.exports.loose import as_dict, as_list, first_text, moment, odd, texts, unknown_fields
from moonshine_assets.exports.records import Attachment, Block, ExportContext, Message, Node, ParsedConversation
from moonshine_assets.exports.values import byte_size, payload, rest, text_or_none

_ASKED, _ANSWERED = "prompt", "answer"
_CHAT_LINK = re.compile(r"\Ahttps?://[\w.]*google\.com/(?:u/\d+/)?((?:app|gem|chat)/[\w/-]+)")
_FILES = ("attachedFiles", "imageFile", "audioFiles", "videoFiles")
_KNOWN = frozenset(
    {
        *("header", "title", "titleUrl", "time", "products", "activityControls", "locationInfos"),
        *("safeHtmlItem", "subtitles", "details", "description", "userInteractions"),
        *_FILES,
    }
)
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|heic|bmp|svg)\Z", re.IGNORECASE)
_AUDIO = re.compile(r"\.(?:mp3|ogg|opus|wav|m4a|aac|flac)\Z", re.IGNORECASE)


class Turn(msgspec.Struct):
    """A record of either form. `asked` and `answered` are blocks besides the title; `files` and `pictures` are names
    of what the person attached and of what the answer shows."""

    title: str | None = None
    time: int | None = None
    link: str | None = None
    asked: list[Block] = []
    answered: list[Block] = []
    files: list[str] = []
    pictures: list[str] = []
    prompt_flags: set[str] = msgspec.field(default_factory=set)
    answer_flags: set[str] = msgspec.field(default_factory=set)


def record_turn(record: dict[str, Any], flags: set[str]) -> Turn:
    """A record of the JSON form."""
    turn = Turn(time=moment(record.get("time"), flags), link=text_or_none(record.get("titleUrl")))
    title = record.get("title")
    if isinstance(title, str):
        turn.title = title
    elif title is not None:
        turn.asked.append(odd({"title": title}, turn.prompt_flags))
    for item in as_list(record.get("safeHtmlItem")):
        html = item.get("html", item.get("htmlValue")) if isinstance(item, dict) else item
        if isinstance(html, str):
            add_answer(turn, html)
        elif item is not None:
            turn.answered.append(odd(item, turn.answer_flags))
    for item in as_list(record.get("details")):
        _detail(turn, item)
    for item in as_list(record.get("userInteractions")):
        _interaction(turn, item)
    turn.asked += texts("raw", record.get("description"), turn.prompt_flags)
    for item in as_list(record.get("subtitles")):
        if isinstance(item, dict):
            turn.asked.append(Block("raw", first_text(item, "name", "text"), payload=rest(item, ("name", "text"))))
        else:
            turn.asked += texts("raw", item, turn.prompt_flags)
    for key in _FILES:
        for item in as_list(record.get(key)):
            name = first_text(item, "name", "url") if isinstance(item, dict) else text_or_none(item)
            if name is None:
                turn.asked.append(odd(item, turn.prompt_flags))
            elif name not in turn.files:
                turn.files.append(name)
    turn.asked += unknown_fields(record, _KNOWN)
    return turn


def add_answer(turn: Turn, html: str) -> None:
    """A piece of the answer, as HTML; one that shows nothing is kept as it is."""
    rendered = html_to_text(html)
    if rendered.text:
        turn.answered.append(Block("text", rendered.text))
    elif html.strip() and not rendered.images:
        turn.answered.append(Block("raw", payload=payload({"html": html})))
    for image in rendered.images:
        turn.answered.append(Block("image", payload=payload({"src": image.address, "alt": image.alt})))
        if image.address and "://" not in image.address and not image.address.startswith("data:"):
            turn.pictures.append(image.address)


def build(
    turn: Turn, data: bytes | memoryview, context: ExportContext, shape: str, source_type: str, flags: set[str]
) -> ParsedConversation:
    """The conversation of one record: two nodes, of which one may hold no message.

    Raises:
        Unreadable: neither a title nor anything else that was said.
    """
    asked = _prompt(turn, context)
    answered = None
    if turn.answered:
        answered = Message(
            "assistant",
            "model",
            turn.answered,
            created_at=turn.time,
            attachments=[_attachment(name, context) for name in turn.pictures],
            flags=sorted(turn.answer_flags),
        )
    if asked is None and answered is None:
        raise Unreadable("a record without title and answer")
    chat = _CHAT_LINK.match(turn.link or "")
    title = read_title(turn.title or "").text
    return ParsedConversation(
        conversation_id=_identity(turn, title, data),
        shape=shape,
        source_type=source_type,
        nodes=[Node(_ASKED, None, asked), Node(_ANSWERED, _ASKED, answered)],
        nodes_in=2,
        current=_ANSWERED,
        created_at=turn.time,
        updated_at=turn.time,
        project=chat[1] if chat else None,
        flags=sorted({*flags, "single_turn"}),
    )


def _prompt(turn: Turn, context: ExportContext) -> Message | None:
    """What the person typed. A title with a verb that is not known is a prompt where the record has an answer."""
    title = read_title(turn.title or "")
    flags = set(turn.prompt_flags)
    is_prompt = title.kind == "prompt" or (title.kind == "unknown" and bool(turn.answered))
    if title.text and title.kind == "unknown":
        flags.add("prefix_unknown")
    elif title.text and not is_prompt:
        flags.add("activity")
    blocks = [Block("text", title.text)] if title.text else []
    blocks += turn.asked
    blocks += [Block(_kind(name), payload=payload({"name": name})) for name in turn.files]
    if title.rest:
        blocks.append(Block("raw", payload=payload({"title_ends_with": title.rest})))
    if not blocks:
        return None
    typed = is_prompt or (not title.text and bool(turn.files or turn.asked))
    return Message(
        "user" if typed else "system",
        "human" if typed else "provider_injected",
        blocks,
        created_at=turn.time,
        attachments=[_attachment(name, context) for name in turn.files],
        flags=sorted(flags),
    )


def _identity(turn: Turn, prompt: str, data: bytes | memoryview) -> str:
    """The second and the prompt, blanks made equal; the bytes of the record where it has no time."""
    if turn.time is None:
        return "turn-" + hashlib.sha256(data).hexdigest()[:24]
    said = f"{turn.time // 1_000_000}\n{' '.join(prompt.split())}"
    return "turn-" + hashlib.sha256(said.encode()).hexdigest()[:24]


def _detail(turn: Turn, item: Any) -> None:
    """`details` of older exports: `{"name": "Request" | "Response", "value": text}`; other names are kept raw."""
    said = item.get("value") if isinstance(item, dict) else item
    label = (text_or_none(as_dict(item).get("name")) or "").strip().lower()
    if label == "request" and isinstance(said, str):
        turn.asked += texts("text", said, turn.prompt_flags)
    elif label == "response" and isinstance(said, str):
        turn.answered += texts("text", said, turn.answer_flags)
    elif isinstance(item, dict):
        turn.asked.append(Block("raw", text_or_none(said), payload=payload(item)))
    else:
        turn.asked += texts("raw", item, turn.prompt_flags)


def _interaction(turn: Turn, item: Any) -> None:
    """`userInteractions` of older exports: request and response as the site's own JSON, in strings."""
    inner = as_dict(as_dict(item).get("userInteraction")) or as_dict(item)
    if not inner:
        turn.asked.append(odd(item, turn.prompt_flags))
        return
    turn.asked += texts("text", inner.get("request"), turn.prompt_flags)
    turn.answered += texts("text", inner.get("response"), turn.answer_flags)
    turn.asked += unknown_fields(inner, frozenset({"request", "response"}))


def _kind(name: str) -> str:
    return "image" if _IMAGE.search(name) else "audio" if _AUDIO.search(name) else "file"


def _attachment(name: str, context: ExportContext) -> Attachment:
    facts = context.asset_facts.get(name.rpartition("/")[2]) or {}
    return Attachment(
        name=name, size_bytes=byte_size(facts.get("size_bytes")), member=text_or_none(facts.get("member"))
    )
