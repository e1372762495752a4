"""Is this DeepSeek's? (EXPORT-FORMATS §1, §5; asked before ChatGPT, whose mapping it wears)

Shapes: deepseek-fragments (account export), deepseek-plain (the one before fragments), deepseek-api (a saved answer of
the site's own interface).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.adapters.deepseek.wire import captured
from moonshine_assets.exports.records import Claim

#: A title comes before the first inserted_at.
_HEAD_BYTES = 1 << 16


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded conversation DeepSeek's? A mapping alone is ChatGPT's."""
    mapping = element.get("mapping")
    if isinstance(mapping, dict):
        messages = [node.get("message") for node in mapping.values() if isinstance(node, dict)]
        said = [message for message in messages if isinstance(message, dict)]
        if any("fragments" in message for message in said):
            return Claim("deepseek-fragments", 1.0, "mapping whose messages have fragments")
        if "inserted_at" in element:
            return Claim("deepseek-plain" if said else "deepseek-fragments", 0.9, "mapping and inserted_at")
        return None
    if captured(element.get("data"), element.get("biz_data")) is not None:
        return Claim("deepseek-api", 1.0, "biz_data.chat_messages")
    if "mapping" in element and "inserted_at" in element:
        return Claim("deepseek-fragments", 0.4, "inserted_at and a mapping of a wrong type")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """Every conversations.json whose first bytes show inserted_at; [] when there is none."""
    found = [name for name in names if _stands_for(name, "conversations.json")]
    return sorted(name for name in found if b'"inserted_at"' in (read(name) or b"")[:_HEAD_BYTES])


def sidecar(name: str) -> bool:
    """A file of the export that holds no conversations: user.json, with a phone number and an address."""
    return _stands_for(name, "user.json")


def _stands_for(name: str, base: str) -> bool:
    path = PurePosixPath(name)
    return path.name == base and "__MACOSX" not in path.parts
