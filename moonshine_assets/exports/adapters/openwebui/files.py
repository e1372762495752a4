"""What a person put into a message besides text; documents carry the text that was read out of them."""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.records import Attachment, Block
from moonshine_assets.exports.values import byte_size, ident, payload, rest, text_or_none

#: Where the text of a document stands.
_TEXT_KEYS = ("content", "text", "extracted_content")
_IDS = ("id", "file_id", "itemId")
_NAMES = ("name", "filename", "title")
_SIZES = ("size", "size_bytes")
_TYPES = ("content_type", "mime_type", "file_type")


def file_blocks(files: Any, attachments: list[Attachment], flags: set[str]) -> list[Block]:
    """A block and an attachment for every file; of a collection also for the files in it."""
    blocks: list[Block] = []
    pending = list(reversed(files)) if isinstance(files, list) else [files]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if isinstance(inside := item.get("files"), list):
                pending.extend(reversed(inside))
                item = {key: value for key, value in item.items() if key != "files"}
            texts: list[str] = []
            bare = _without_text(item, texts)
            image = any(isinstance(item.get(key), str) and "image" in item[key] for key in ("type", *_TYPES))
            blocks.append(Block("image" if image else "file", "\n\n".join(texts) or None, payload=rest(bare, ())))
            attachments.append(_record(item))
        elif item:
            if not isinstance(item, str):
                flags.add("odd_content")
            blocks.append(Block("file", payload=payload(item)))
    return blocks


def file_ids(files: Any) -> set[str]:
    """The ids of the files of a list."""
    listed = files if isinstance(files, list) else []
    return {found for item in listed if isinstance(item, dict) and (found := ident(item.get("id")))}


def _without_text(item: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """The item without the text of the document, which goes to `texts`."""
    bare: dict[str, Any] = {}
    for key, value in item.items():
        if key in _TEXT_KEYS and isinstance(value, str):
            texts += [value] if value and value not in texts else []
        elif key in ("file", "data", "doc") and isinstance(value, dict):
            bare[key] = _without_text(value, texts)
        else:
            bare[key] = value
    return bare


def _record(item: dict[str, Any]) -> Attachment:
    """The facts of a file, from the item, its `file`, or the `meta` of either."""
    holders = [item]
    for name in ("file", "meta"):
        holders += [inside for holder in list(holders) if isinstance(inside := holder.get(name), dict)]

    def first(keys: tuple[str, ...], take: Any) -> Any:
        return next((found for holder in holders for key in keys if (found := take(holder.get(key))) is not None), None)

    return Attachment(
        attachment_id=first(_IDS, ident),
        name=first(_NAMES, text_or_none),
        mime_type=first(_TYPES, _mime),
        size_bytes=first(_SIZES, byte_size),
    )


def _mime(value: Any) -> str | None:
    return value if isinstance(value, str) and "/" in value else None
