"""Unique words planted in the texts of an export before it is mutated: whatever of them a file still holds afterwards,
the database must hold too.

Which fields bear text is said here and not learned from the adapters.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import duckdb

from fuzz.places import Place, spots
from moonshine_assets.tables import RUN_TABLES
from moonshine_assets.tables.provenance import PROVENANCE

MARKER = re.compile(rb"mk[0-9a-f]{12}km")

#: Names of fields whose strings somebody said, wrote or was answered; lists of strings go by the name of their field.
TEXT_FIELDS: frozenset[str] = frozenset(
    (
        *("answer", "args", "arguments", "code", "command", "content", "document"),
        *("displayText", "error", "errorMessage", "extracted_content", "html", "input", "instructions"),
        *("message", "model_set_context", "new_str", "old_str", "originalContent", "output", "output_str"),
        *("parts", "prompt", "promptPrefix", "query", "query_str", "reactionComment", "reasoning_content"),
        *("result", "snippet", "summary", "system", "task", "text", "think"),
        *("thinking", "thinking_content", "thinking_trace", "traceback", "user_instructions", "user_profile", "value"),
    )
)
#: In Gemini's activity the title is the prompt.
_TITLES = frozenset({"gemini"})
#: Fields that repeat a text of the same export in another form, or that only the interface shows: nothing is planted
#: in them. What an adapter leaves out beyond these is a loss.
_PASSED_OVER: dict[str, frozenset[str]] = {
    # The code of the call once more, and the words shown while a tool works.
    "chatgpt": frozenset({"aggregate_result", "finished_text", "initial_text"}),
    # Events mirror the calls.
    "codex": frozenset({"command"}),
    # The same prompt as it is shown.
    "gemini_cli": frozenset({"displayContent"}),
}
#: Fields that are a rendering of another field beside them, which holds the parts: field -> that other field.
_RENDERINGS = {"text": "content", "content": "output"}
_TAG = re.compile(rb"<[^<>]*>")
_NAME = re.compile(rb'("(?:[^"\\\\]|\\\\.)*")\s*:')
#: Files of a log beside the sessions.
_NO_SESSION = re.compile(
    r"/todo/|\.checkpoint\.|\.bak-|(^|/)checkpoint-[^/]*\.json$|\.trajectory\.jsonl$|(^|/)(credentials|agent)/[^/]*\.json$|(^|/)(oauth_creds|logs)\.json$"
)


def plant(provider: str, name: str, value: Any, form: str) -> set[str]:
    """Add a marker to every text in a decoded file, in place; equal texts get equal markers.

    Returns the markers planted.
    """
    planted: set[str] = set()
    if _NO_SESSION.search(name):
        return planted
    copies = [
        (place.holder, place.holder["messages"])
        for place in spots(value)
        if place.key == "history" and place.value and isinstance(place.holder, dict) and "messages" in place.holder
    ]
    # The list beside a history repeats its shown path: a text is demanded where it stands first.
    for holder, _ in copies:
        holder["messages"] = []
    # Tables of an older generation beside the newer ones are copies of what was moved.
    moved = {"message", "part"} if isinstance(value, dict) and "session_message" in value else set()
    for place in spots(value, _PASSED_OVER.get(provider, frozenset()) | moved):
        text = place.value
        if not isinstance(text, str) or not _bears_text(provider, place, text, form):
            continue
        marker = f"mk{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}km"
        before, tail = _cut(text)
        place.put(f"{before} {marker}{tail}")
        planted.add(marker)
    for holder, listed in copies:
        holder["messages"] = listed
    return planted


def same_names(before: bytes, after: bytes) -> bool:
    """Whether every name of a field in the changed bytes was one before: under another name nothing is a text. In a
    page, whether the tags are the same."""
    if before.startswith(b"<"):
        return _TAG.findall(before) == _TAG.findall(after)
    return before == after or set(_NAME.findall(after)) <= set(_NAME.findall(before))


def without_rewritten(provider: str, data: bytes) -> bytes:
    """The lines of a log that still hold; of a Gemini CLI session only the last of those with one id, by its format."""
    if provider != "gemini_cli":
        return data
    kept: dict[object, bytes] = {}
    for rank, line in enumerate(data.splitlines(keepends=True)):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        record = value if isinstance(value, dict) else {}
        if isinstance(record.get("$set"), dict):
            # It restates the whole list.
            kept.clear()
        name = record.get("id")
        kept[name if isinstance(name, (str, int)) else (rank,)] = line
    return b"".join(kept.values())


def seen(data: bytes) -> set[str]:
    """The whole markers in some bytes."""
    return {found.decode() for found in MARKER.findall(data)}


def held(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The markers a run's database holds: in texts that a message or block points to, in payloads, arguments, titles,
    feedback, names of attachments, and in what quarantine keeps."""
    found: set[str] = set()
    for (text,) in connection.execute(_HOLDING).fetchall():
        found |= seen(text)
    return found


_STRINGS = [
    f"SELECT encode({column.name}::VARCHAR) FROM store.{table.name} WHERE {column.name}::VARCHAR LIKE '%mk%'"
    for table in RUN_TABLES
    for column in table.columns
    if column.type in ("VARCHAR", "JSON", "VARCHAR[]")
    and table.name not in ("texts", "receipts")
    and column.name != "reason"
    and column not in PROVENANCE
]
_HOLDING = " UNION ALL ".join(
    (
        "SELECT encode(text) FROM store.texts WHERE text LIKE '%mk%' AND content_sha256 IN"
        " (SELECT content_sha256 FROM store.messages UNION ALL SELECT content_sha256 FROM store.blocks)",
        *_STRINGS,
        "SELECT raw FROM store.quarantine",
    )
)


def _bears_text(provider: str, place: Place, text: str, form: str) -> bool:
    if form == "page":
        return text.startswith("Prompted") or (place.key > 0 and place.holder[place.key - 1] in ("<p>", "<li>"))
    if form == "table":
        return place.field == 3 and place.rank > 0
    beside = _RENDERINGS.get(place.field)
    if beside and isinstance(place.holder, dict) and place.holder.get(beside) and place.key == place.field:
        return False
    # JSON in a string would no longer be JSON.
    is_text = place.field in TEXT_FIELDS or (place.field == "title" and provider in _TITLES)
    return is_text and bool(text) and text[0] not in "{["


def _cut(text: str) -> tuple[str, str]:
    """Where the marker goes: at the end, but within the last element of markup."""
    if text.startswith("<") and "</" in text:
        at = text.rindex("</")
        return text[:at], text[at:]
    return text, ""
