"""Files of a ChatGPT zip or folder: which hold conversations, which are known, what they say of attachments (§2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.adapters.chatgpt.attachments import file_id_of
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.records import ExportContext

_SHARD = re.compile(r"conversations-(\d+)\.json")
_NUMBERED = re.compile(r"-\d+(?=\.json$)")
_MANIFEST = "export_manifest.json"
_SINGLE = "conversations.json"
_CHAT_PAGE = "chat.html"
_ASSET_NAMES = "conversation_asset_file_names.json"
_LIBRARY = "library_files.json"

_SIDECARS = frozenset(
    (
        _MANIFEST,
        _CHAT_PAGE,
        _ASSET_NAMES,
        _LIBRARY,
        "message_feedback.json",
        "model_comparisons.json",
        "shared_conversations.json",
        "user.json",
        "user_settings.json",
        "group_chats.json",
        "shopping.json",
        "sora.json",
        "ads.json",
        "sectioned_conversations.json",
    )
)

Read = Callable[[str], bytes | None]


def conversation_members(names: Mapping[str, int], read: Read) -> list[str]:
    """Members that hold conversations, in order: those the manifest lists, conversations.json, the numbered shards;
    where there are none of these chat.html (whose `jsonData` array the reader cuts out).

    Each folder that has any is an export of its own. A folder may have several kinds, unpacked one over the other:
    all are read, and of conversations that come again the newest counts.

    Args:
        names: every member of the zip or folder → its size.
        read: gives the bytes of a member, None when there is none.
    Raises:
        BadInput: a shard the manifest lists is missing.
    """
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, slash, base = name.rpartition("/")
        if not name.startswith("__MACOSX/"):
            folders.setdefault(folder + slash, []).append(base)
    found: list[str] = []
    pages: list[str] = []
    for folder in sorted(folders):
        bases = folders[folder]
        listed = _listed(folder, names, read) if _MANIFEST in bases else []
        numbered = sorted((int(match[1]), base) for base in bases if (match := _SHARD.fullmatch(base)))
        usual = [base for base in bases if base == _SINGLE] + [base for _, base in numbered]
        found += dict.fromkeys([*listed, *(folder + base for base in usual)])
        if _CHAT_PAGE in bases:
            pages.append(folder + _CHAT_PAGE)
    return found or pages


def sidecar(name: str) -> bool:
    """True for a file of the export that is known and holds no conversations; numbered parts of one included."""
    return logical_name(name) in _SIDECARS


def logical_name(name: str) -> str:
    """The file name of a member without its folder; a numbered part has the name of the whole."""
    return _NUMBERED.sub("", name.rpartition("/")[2])


def context(read: Read, members: Mapping[str, int]) -> ExportContext:
    """What the sidecars say of attachments. A sidecar that does not parse says nothing: it never stops an export."""
    names: dict[str, str] = {}
    facts: dict[str, Mapping[str, object]] = {}
    for member in sorted(members):
        base = member.rpartition("/")[2]
        if base not in (_ASSET_NAMES, _LIBRARY) or member.startswith("__MACOSX/"):
            continue
        value = _json(read(member))
        if base == _ASSET_NAMES and isinstance(value, dict):
            names.update({stored: name for stored, name in value.items() if isinstance(name, str) and name})
        elif base == _LIBRARY and isinstance(value, list):
            facts.update(_library_facts(value))
    return ExportContext(members=members, asset_names=names, asset_facts=facts)


def _listed(folder: str, names: Mapping[str, int], read: Read) -> list[str]:
    """The shards the manifest of a folder lists; [] when it lists none."""
    manifest = _json(read(folder + _MANIFEST))
    logical = manifest.get("logical_files") if isinstance(manifest, dict) else None
    entry = logical.get(_SINGLE) if isinstance(logical, dict) else None
    files = entry.get("files") if isinstance(entry, dict) else None
    shards = []
    for file in files if isinstance(files, list) else ():
        path = file.get("path") if isinstance(file, dict) else file
        if not isinstance(path, str) or not path:
            continue
        if folder + path not in names:
            raise BadInput(
                "a file of conversations that the manifest lists is missing",
                where=folder + path,
                fix="download the export again, or unpack all of it",
            )
        if folder + path not in shards:
            shards.append(folder + path)
    return shards


def _library_facts(entries: list[Any]) -> dict[str, Mapping[str, object]]:
    facts: dict[str, Mapping[str, object]] = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("file_id"), str):
            facts[file_id_of(entry["file_id"])] = {
                "name": entry.get("file_name"),
                "mime_type": entry.get("mime_type"),
                "size_bytes": entry.get("file_size_bytes"),
            }
    return facts


def _json(data: bytes | None) -> Any:
    if data is None:
        return None
    try:
        return decode(data, object)[0]
    except Unreadable:
        return None
