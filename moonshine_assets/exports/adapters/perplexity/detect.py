"""Is this a thread of Perplexity? (EXPORT-FORMATS §1, §11)"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from moonshine_assets.exports.json_head import head_of, kind_of
from moonshine_assets.exports.records import Claim

#: Where the entries of a thread stand.
LISTS = ("entries", "conversations")

#: Fields of an entry besides its question, one of which makes it Perplexity's.
_MARKS = ("display_model", "thread_url_slug", "backend_uuid", "context_uuid", "related_queries")
_LIST = re.compile(rb'"(entries|conversations)"\s{0,40}:\s{0,40}(?=\[)')


def claim(element: Mapping[str, Any]) -> Claim | None:
    """Is this decoded file, or one thread of a list, Perplexity's?"""
    entries = element.get("entries")
    if isinstance(entries, list) and any(isinstance(entry, dict) and "query_str" in entry for entry in entries):
        return Claim("perplexity-api", 0.95, "entries with query_str")
    about, listed = element.get("metadata"), element.get("conversations")
    if isinstance(listed, list) and any(isinstance(entry, dict) and "query" in entry for entry in listed):
        named = isinstance(about, dict) and any(key.startswith("thread_") for key in about)
        return Claim("perplexity-export", 0.95 if named else 0.6, "conversations with a query")
    if isinstance(listed, list) and isinstance(about, dict) and "thread_id" in about:
        return Claim("perplexity-export", 0.8, "metadata of a thread")
    if is_entry(element):
        return Claim("perplexity-api", 0.7, "a question with the fields of an entry")
    return None


def is_entry(element: Mapping[str, Any]) -> bool:
    """A single question with its answer, outside of a thread."""
    return ("query_str" in element or "query" in element) and any(mark in element for mark in _MARKS)


def claim_bytes(head: bytes, name: str) -> Claim | None:  # noqa: ARG001
    """Is this file, by its first megabyte, a thread? What counts are the names in its entries themselves: other
    providers' conversations hold queries and answers too, in their tool calls."""
    if kind_of(head) != "object":
        return None
    shown = head_of(head)
    for found in _LIST.finditer(head):
        if found[1].decode() not in shown.keys:
            continue
        names = head_of(head[found.end() :]).keys
        if "query_str" in names and found[1] == b"entries":
            return Claim("perplexity-api", 0.9, "entries with query_str")
        if {"query", "answer"} <= names and found[1] == b"conversations":
            return Claim("perplexity-export", 0.8, "conversations with query and answer")
    return None


def conversation_members(
    names: Mapping[str, int],  # noqa: ARG001
    read: Callable[[str], bytes | None],  # noqa: ARG001
) -> list[str]:
    """None: there is no container of Perplexity's own, its threads are found by looking into every file."""
    return []


def sidecar(name: str) -> bool:  # noqa: ARG001
    """A file of the export that holds no conversations: there is none."""
    return False
