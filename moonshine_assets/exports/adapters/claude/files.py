"""What a person put into a message besides text (EXPORT-FORMATS §3.5).

The text of pasted and uploaded documents stands in `extracted_content` alone; of images only the name is exported.
"""

from __future__ import annotations

from typing import Any

from moonshine_assets.exports.adapters.claude.blocks import ODD_CONTENT, rest
from moonshine_assets.exports.adapters.claude.wire import WireMessage, ident, text_or_none
from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import Attachment, Block

#: Addresses of the site's own renderings: dead outside the account.
_LINKS = frozenset(
    {"thumbnail_url", "preview_url", "thumbnail_asset", "preview_asset", "document_asset", "created_at", "type"}
)
_LARGEST_SIZE = 2**63 - 1


def attached(wire: WireMessage, blocks: list[Block], flags: set[str]) -> list[Attachment]:
    """Append a block for every attachment, then for every file, and return one record for each of them."""
    if not (wire.attachments or wire.files or wire.files_v2):
        return []
    found: list[Attachment] = []
    for item in [*_items(wire.attachments), *_files(wire)]:
        if isinstance(item, dict):
            blocks.append(_block(item, flags))
            found.append(_record(item))
        elif item is not None:
            flags.add(ODD_CONTENT)
            blocks.append(Block("raw", payload=compact_json(item)))
    return found


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if value else []


def _files(wire: WireMessage) -> list[Any]:
    """`files_v2`, and those of `files` it does not repeat."""
    newer = _items(wire.files_v2)
    known = {_key(item) for item in newer if isinstance(item, dict)}
    return newer + [item for item in _items(wire.files) if not (isinstance(item, dict) and _key(item) in known)]


def _key(item: dict[str, Any]) -> str | None:
    return ident(item.get("file_uuid")) or text_or_none(item.get("file_name"))


def _block(item: dict[str, Any], flags: set[str]) -> Block:
    key = "extracted_content" if item.get("extracted_content") is not None else "content"
    text = item.get(key)
    left_out = _LINKS
    if isinstance(text, str):
        left_out = _LINKS | {key}
    elif text:
        flags.add(ODD_CONTENT)
    kind = text_or_none(item.get("file_kind")) or text_or_none(item.get("type")) or ""
    return Block("image" if kind.startswith("image") else "file", text_or_none(text), payload=rest(item, left_out))


def _record(item: dict[str, Any]) -> Attachment:
    size = item.get("file_size", item.get("size_bytes"))
    sized = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _LARGEST_SIZE
    return Attachment(
        attachment_id=ident(item.get("file_uuid")) or ident(item.get("id")) or ident(item.get("uuid")),
        name=text_or_none(item.get("file_name")) or text_or_none(item.get("name")),
        mime_type=text_or_none(item.get("file_type")) or text_or_none(item.get("mime_type")),
        size_bytes=size if sized else None,
    )
