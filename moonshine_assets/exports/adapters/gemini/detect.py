"""Is this Gemini's activity? (EXPORT-FORMATS §1, §8)"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from moonshine_assets.exports.json_head import head_of
from moonshine_assets.exports.records import Claim

#: Every language keeps one of these in the name of the product: "Gemini-Apps", "Gemini アプリ".
_PRODUCT = re.compile(r"gemini|bard", re.IGNORECASE)
_HTML_PRODUCT = re.compile(rb"gemini|bard", re.IGNORECASE)
_CELLS = (b"outer-cell", b"content-cell")
_RECORD_KEYS = frozenset({"header", "title", "time"})
#: `Takeout/Gemini/` holds settings and the person's own assistants.
_SETTINGS_FOLDERS = frozenset({"gemini", "bard"})
#: A page begins with its style sheet, of a hundred KB and more.
_HEAD_BYTES = 1 << 20


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded record of Gemini's activity? Other products of the account have records of the same fields."""
    if "time" not in element or not ("header" in element or "title" in element):
        return None
    products = element.get("products")
    labels = [element.get("header"), *(products if isinstance(products, list) else [])]
    if any(isinstance(label, str) and _PRODUCT.search(label) for label in labels):
        return Claim("gemini-json", 0.95, "an activity record of Gemini or Bard")
    if isinstance(element.get("safeHtmlItem"), list):
        return Claim("gemini-json", 0.6, "an activity record with an answer in HTML")
    return None


def claim_bytes(head: bytes, name: str) -> Claim | None:  # noqa: ARG001
    """Is this page, by its first megabyte, Gemini's activity?"""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    if all(cell in head for cell in _CELLS) and _HTML_PRODUCT.search(head):
        return Claim("gemini-html", 0.9, "a page of activity cells that names Gemini or Bard")
    return None


def conversation_members(names: Mapping[str, int], read: Callable[[str], bytes | None]) -> list[str]:
    """The activity files in the folders of Gemini and Bard, in order of their names; [] when there is none.

    Uploaded files stand in the same folders: what counts is how a file begins.
    """
    found = []
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.suffix.lower() not in (".json", ".html") or not _PRODUCT.search(path.parent.name):
            continue
        if path.parent.name.lower() in _SETTINGS_FOLDERS or "__MACOSX" in path.parts:
            continue
        head = (read(name) or b"")[:_HEAD_BYTES]
        shown = head_of(head)
        if claim_bytes(head, name) or (shown.kind == "array" and shown.keys >= _RECORD_KEYS):
            found.append(name)
    return found


def sidecar(name: str) -> bool:
    """A file of Takeout that holds no conversations: Gemini's settings, or Takeout's own index page."""
    path = PurePosixPath(name)
    if path.suffix.lower() not in (".json", ".html"):
        return False
    return path.parent.name.lower() in _SETTINGS_FOLDERS or path.name == "archive_browser.html"
