"""Is this Grok's? (EXPORT-FORMATS §1, §9)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.adapters.grok.media import is_media
from moonshine_assets.exports.records import Claim

_BACKEND = "prod-grok-backend.json"
#: Account and billing of the same person: nothing in them is a conversation, and nobody reads them.
_SIDECARS = frozenset({"prod-mc-auth-mgmt-api.json", "prod-mc-billing.json"})


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded element of the export Grok's?"""
    responses = element.get("responses")
    if isinstance(responses, list):
        if isinstance(element.get("conversation"), dict):
            return Claim("grok", 0.95, "conversation and responses")
        if any(isinstance(entry, dict) and "sender" in entry and "message" in entry for entry in responses):
            return Claim("grok-flat", 0.7, "responses with a sender and a message")
    if is_media(element):
        return Claim("grok-media", 0.5, "media_type and original_prompt")
    return None


def conversation_members(
    names: Mapping[str, int],
    read: Callable[[str], bytes | None],  # noqa: ARG001
) -> list[str]:
    """The backend files, in order of their names; [] when there is none."""
    return sorted(name for name in names if PurePosixPath(name).name == _BACKEND and "__MACOSX" not in name)


def sidecar(name: str) -> bool:
    """A file of a Grok export that holds no conversations."""
    return PurePosixPath(name).name in _SIDECARS
