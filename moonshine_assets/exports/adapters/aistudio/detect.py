"""Is this a prompt file of AI Studio? (EXPORT-FORMATS §1, §8)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.json_head import head_of, kind_of
from moonshine_assets.exports.records import Claim

#: Its folder on Drive, the same in every language.
_FOLDER = "Google AI Studio"
_SUFFIXES = ("", ".json", ".prompt")
_HEAD_BYTES = 1 << 16
#: So many files are looked at before a container without the folder is called another's.
_PROBED = 5


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded file a prompt?"""
    prompt = element.get("chunkedPrompt")
    if isinstance(prompt, dict):
        return Claim("aistudio", 0.95 if isinstance(prompt.get("chunks"), list) else 0.5, "chunkedPrompt")
    return None


def claim_bytes(head: bytes, name: str) -> Claim | None:  # noqa: ARG001
    """Is this file, by its first 64 KB, a prompt? Settings and a long instruction may stand before the chunks."""
    if kind_of(head) != "object":
        return None
    shown = head_of(head)
    if "chunkedPrompt" in shown.keys:
        return Claim("aistudio", 0.95, "chunkedPrompt")
    if {"runSettings", "systemInstruction"} <= shown.keys:
        return Claim("aistudio", 0.8, "runSettings and systemInstruction")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """The prompt files, in order of their names; [] where neither the folder nor the first files look like it.

    Uploads stand in the same folder: what counts is how a file begins.
    """
    likely = [name for name in sorted(names) if _may_be(name)]
    inside = [name for name in likely if _FOLDER in PurePosixPath(name).parts]
    if inside:
        return [name for name in inside if _is_prompt(name, read)]
    if not any(_is_prompt(name, read) for name in likely[:_PROBED]):
        return []
    return [name for name in likely if _is_prompt(name, read)]


def sidecar(name: str) -> bool:  # noqa: ARG001
    """A file of the export that holds no conversations: AI Studio has none."""
    return False


def title_of(name: str) -> str | None:
    """The name of a prompt file without folders and the extension of JSON."""
    base = PurePosixPath(name).name
    stem = base[: -len(".json")] if base.lower().endswith(".json") else base
    return stem or None


def _may_be(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _SUFFIXES or (_FOLDER in path.parts and " " in path.suffix)


def _is_prompt(name: str, read: Callable[[str], bytes | None]) -> bool:
    return claim_bytes((read(name) or b"")[:_HEAD_BYTES], name) is not None
