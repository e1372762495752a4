"""Is this Copilot's? (EXPORT-FORMATS §12)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.adapters.copilot.rows import layout_of
from moonshine_assets.exports.records import Claim

_HEAD_BYTES = 1 << 16
#: Fields of a request, two of which make it VS Code's.
_REQUEST_KEYS = frozenset({"requestId", "message", "response", "result", "variableData", "agent", "modelId"})


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded file a chat of VS Code?"""
    requests = element.get("requests")
    if not isinstance(requests, list):
        return None
    if "requesterUsername" in element or "responderUsername" in element:
        return Claim("copilot-vscode", 0.95, "requests and who asks and answers")
    if any(isinstance(request, dict) and len(request.keys() & _REQUEST_KEYS) > 1 for request in requests):
        return Claim("copilot-vscode", 0.8, "requests with a message and a response")
    return None


def claim_bytes(head: bytes, name: str) -> Claim | None:  # noqa: ARG001
    """Is this file, by its first line, the CSV of the privacy dashboard?"""
    layout = layout_of(head)
    return None if layout is None else Claim("copilot-csv", 0.9, f"a CSV with the columns {', '.join(layout.columns)}")


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """The CSV files whose first line is the dashboard's, in order of their names."""
    likely = [name for name in sorted(names) if PurePosixPath(name).suffix.lower() == ".csv" and "__MACOSX" not in name]
    return [name for name in likely if claim_bytes((read(name) or b"")[:_HEAD_BYTES], name)]


def sidecar(name: str) -> bool:  # noqa: ARG001
    """A file of the export that holds no conversations: there is none."""
    return False
