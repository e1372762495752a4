"""The parts of a message (EXPORT-FORMATS §10): chunks, canvases, quotes, files; what is unknown is kept raw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moonshine_assets.exports.loose import as_list, first_ident, first_text, odd, texts, unknown_fields
from moonshine_assets.exports.records import Attachment, Block, ExportContext
from moonshine_assets.exports.values import (
    arguments_of,
    byte_size,
    output_of,
    payload,
    rest,
    text_or_none,
    texts_of,
)

_KNOWN = frozenset(
    {
        *("id", "version", "chatId", "role", "content", "contentChunks", "createdAt", "updatedAt", "model"),
        *("reaction", "reactionDetail", "reactionComment", "preference", "preferenceOver"),
        *("context", "canvas", "quotes", "files"),
    }
)
_CALL_KEYS = frozenset({"type", "id", "toolCallId", "name", "publicArguments", "publicResult", "isDone", "success"})
_TEXT_KEYS = frozenset({"type", "text"})
_THINKING_KEYS = frozenset({"type", "thinking", "text"})


def message_blocks(entry: dict[str, Any], flags: set[str]) -> list[Block]:
    """Blocks of a message in order; `content` counts where the chunks do not hold its text.

    Adds `odd_content` to `flags` where a part has a type the format does not know.
    """
    blocks: list[Block] = []
    for chunk in as_list(entry.get("contentChunks")):
        blocks.extend(_chunk(chunk, flags))
    content = entry.get("content")
    if not isinstance(content, str) or not _repeated(content, blocks):
        blocks[:0] = texts("text", content, flags)
    for canvas in as_list(entry.get("canvas")):
        blocks.extend(_canvas(canvas, flags))
    for quote in as_list(entry.get("quotes")):
        blocks.extend(_quote(quote, flags))
    if entry.get("context"):
        said = entry["context"]
        found, others = texts_of(said)
        held = payload(others) if others else None
        blocks.append(Block("raw", "\n".join(found) or None, payload=held))
    return blocks + unknown_fields(entry, _KNOWN)


def attached(
    entry: dict[str, Any], chat: str | None, context: ExportContext, blocks: list[Block], flags: set[str]
) -> list[Attachment]:
    """Append a block for every file, and return one record for each; its bytes stand in the chat's own folder."""
    found: list[Attachment] = []
    for item in as_list(entry.get("files")):
        if not isinstance(item, str | dict):
            blocks.append(odd(item, flags))
            continue
        stated = {"name": item} if isinstance(item, str) else item
        name, kind = first_text(stated, "name", "fileName"), first_text(stated, "type", "mimeType") or ""
        member = f"chat-{chat}-files/{name}" if chat and name else None
        member = next((path for path in _endings(context, member) if path in context.members), None) if member else None
        blocks.append(Block("image" if kind.startswith("image") else "file", payload=payload(stated)))
        found.append(
            Attachment(
                attachment_id=first_ident(stated, "id"),
                name=name,
                mime_type=kind if "/" in kind else None,
                size_bytes=byte_size(context.members.get(member)) if member else None,
                member=member,
            )
        )
    return found


def _endings(context: ExportContext, path: str) -> list[str]:
    """The path at the top of the export, or in the one folder that may stand around everything."""
    first = next(iter(context.members), "")
    return [path, f"{first.partition('/')[0]}/{path}"]


def _repeated(content: str, blocks: list[Block]) -> bool:
    """Whether the chunks say what the content says."""
    spoken = [block.text or "" for block in blocks if block.kind == "text"]
    return any(between.join(spoken).strip() == content.strip() for between in ("", "\n", "\n\n"))


def _chunk(chunk: Any, flags: set[str]) -> list[Block]:
    if not isinstance(chunk, dict):
        return texts("text", chunk, flags)
    kind = chunk.get("type")
    reader = _CHUNKS.get(kind) if isinstance(kind, str) else None
    if reader is not None:
        return reader(chunk, flags)
    found = first_text(chunk, "text", "content")
    return [Block("raw", found, payload=payload(chunk))]


def _text(chunk: dict[str, Any], flags: set[str]) -> list[Block]:
    said = chunk.get("text")
    if said is not None and not isinstance(said, str):
        return [odd(chunk, flags)]
    held = rest(chunk, _TEXT_KEYS)
    return [Block("text", said or None, payload=held)] if said or held else []


def _thinking(chunk: dict[str, Any], flags: set[str]) -> list[Block]:
    found, others = texts_of(chunk.get("thinking", chunk.get("text")))
    if not found:
        return [odd(chunk, flags)]
    held = rest({**chunk, "others": others}, _THINKING_KEYS)
    return [Block("thinking", "\n".join(found), payload=held)]


def _call(chunk: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    """A call carries its own result."""
    name, call_id = text_or_none(chunk.get("name")), first_ident(chunk, "toolCallId", "id")
    arguments, said = arguments_of(chunk.get("publicArguments"))
    call = Block("tool_call", said, name, call_id, arguments, payload=rest(chunk, _CALL_KEYS))
    if chunk.get("publicResult") is None:
        return [call]
    text, others = output_of(chunk["publicResult"])
    success = chunk.get("success")
    failed = not success if isinstance(success, bool) else None
    return [call, Block("tool_result", text, name, call_id, is_error=failed, payload=others)]


def _reference(chunk: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    return [Block("citation", text_or_none(chunk.get("text")), payload=rest(chunk, _TEXT_KEYS))]


def _image(chunk: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    return [Block("image", text_or_none(chunk.get("text")), payload=rest(chunk, _TEXT_KEYS))]


def _file(chunk: dict[str, Any], flags: set[str]) -> list[Block]:  # noqa: ARG001
    return [Block("file", text_or_none(chunk.get("text")), payload=rest(chunk, _TEXT_KEYS))]


_CHUNKS: dict[str, Callable[[dict[str, Any], set[str]], list[Block]]] = {
    "text": _text,
    "thinking": _thinking,
    "tool_call": _call,
    "reference": _reference,
    "image_url": _image,
    "file_reference": _file,
}


def _canvas(canvas: Any, flags: set[str]) -> list[Block]:
    """A document or page the answer made beside itself."""
    if not isinstance(canvas, dict):
        return texts("artifact", canvas, flags)
    said = canvas.get("content", canvas.get("text"))
    held = rest(canvas, ("content", "text") if isinstance(said, str) else ())
    return [Block("artifact", text_or_none(said), payload=held)] if said or held else []


def _quote(quote: Any, flags: set[str]) -> list[Block]:
    """A passage of the conversation that the person pointed to."""
    if not isinstance(quote, dict):
        return texts("citation", quote, flags)
    key = next((key for key in ("text", "content", "quote") if text_or_none(quote.get(key))), None)
    return [Block("citation", quote[key] if key else None, payload=rest(quote, (key,) if key else ()))]
