"""Files a message refers to, joined to the members of the export that hold their bytes (EXPORT-FORMATS §2.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from moonshine_assets.exports.adapters.chatgpt.parts import Pointers
from moonshine_assets.exports.adapters.chatgpt.wire import as_id, as_text
from moonshine_assets.exports.records import Attachment, ExportContext

_BOUNDARY = re.compile(r"[-.]")
_LARGEST = 2**63 - 1


def attachments_of(listed: object, pointers: Pointers, context: ExportContext) -> list[Attachment]:
    """Those of `metadata.attachments` in order, then the pointers of the parts that are not among them."""
    attachments = []
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict):
            file_id = as_id(entry.get("id")) or as_id(entry.get("file_id"))
            size = entry.get("size", entry.get("size_bytes"))
            mime = as_text(entry.get("mime_type")) or as_text(entry.get("mimeType"))
            library_id = as_id(entry.get("library_file_id"))
            attachments.append(_attachment(file_id, as_text(entry.get("name")), mime, size, library_id, context))
        elif isinstance(entry, str) and entry:
            attachments.append(_attachment(entry, None, None, None, None, context))
    known = {attachment.attachment_id for attachment in attachments}
    for pointer, size in pointers:
        file_id = file_id_of(pointer)
        if file_id not in known:
            known.add(file_id)
            attachments.append(_attachment(file_id, None, None, size, None, context))
    return attachments


def file_id_of(pointer: str) -> str:
    """`file-service://file-X` and `sediment://file_X` → the id; `sediment://<hash>#file_X#p_0.png` → its file."""
    bare = pointer.partition("://")[2] or pointer
    bare = bare.partition("?")[0]
    return next((piece for piece in bare.split("#") if piece.startswith("file")), bare)


def _attachment(
    file_id: str | None,
    name: str | None,
    mime: str | None,
    size: object,
    library_id: str | None,
    context: ExportContext,
) -> Attachment:
    facts: Mapping[str, object] = {}
    member = None
    if file_id is not None:
        facts = context.asset_facts.get(file_id) or {}
        member = _members_by_id(context.members).get(file_id)
        name = name or _stored_name(file_id, member, context.asset_names)
    if library_id is not None and not facts:
        facts = context.asset_facts.get(library_id) or {}
    return Attachment(
        attachment_id=file_id,
        name=name or as_text(facts.get("name")),
        mime_type=mime or as_text(facts.get("mime_type")),
        size_bytes=_size(size) if _size(size) is not None else _size(facts.get("size_bytes")),
        member=member,
    )


def _stored_name(file_id: str, member: str | None, names: Mapping[str, str]) -> str | None:
    stored = member.rpartition("/")[2] if member is not None else f"{file_id}.dat"
    return names.get(file_id) or names.get(stored)


def _size(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= _LARGEST and value == int(value) else None


#: The members looked up last and their index: one export is read at a time, and its members do not change.
_last: tuple[Mapping[str, int], dict[str, str]] = ({}, {})


def _members_by_id(members: Mapping[str, int]) -> dict[str, str]:
    """Every beginning of a file name that ends before `-` or `.` → its member; the shortest name wins."""
    global _last
    known, index = _last
    if known is members:
        return index
    index = {}
    for member in sorted(members, key=lambda name: (len(name), name)):
        base = member.rpartition("/")[2]
        if member.startswith("__MACOSX/") or not base:
            continue
        index.setdefault(base, member)
        for boundary in _BOUNDARY.finditer(base, 1):
            index.setdefault(base[: boundary.start()], member)
    _last = (members, index)
    return index
