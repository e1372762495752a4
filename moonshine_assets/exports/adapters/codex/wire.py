"""The lines of a rollout in one form, whatever version wrote them (EXPORT-FORMATS §14)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from moonshine_assets.exports.fields import ident, items, mapping, text_or_none

#: What the model and the tools say; old versions write these without an envelope.
ITEM_TYPES = frozenset(
    {
        "agent_message",
        "compaction",
        "custom_tool_call",
        "custom_tool_call_output",
        "function_call",
        "function_call_output",
        "function_result",
        "ghost_snapshot",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_call",
        "message",
        "reasoning",
        "tool_call",
        "tool_result",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)
_KINDS = {
    "compacted": "compacted",
    "event_msg": "event",
    "inter_agent_communication_metadata": "bookkeeping",
    "response_item": "item",
    "session_meta": "meta",
    "token_usage_record": "bookkeeping",
    "turn_context": "turn",
    "world_state": "bookkeeping",
}
_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)


class Entry(NamedTuple):
    """One line; `kind` is item, event, meta, turn, compacted, bookkeeping or unknown.

    `body` is what the envelope holds, or the line itself where it has none.
    """

    number: int
    kind: str
    body: dict[str, Any]
    time: Any

    @property
    def type(self) -> str:
        """The type of an item or event; a message may leave it out."""
        named = text_or_none(self.body.get("type"))
        return "message" if self.kind == "item" and "role" in self.body and named not in ITEM_TYPES else named or ""

    @property
    def turn_id(self) -> str | None:
        """The turn it belongs to, where it says so."""
        for holder in (
            self.body,
            self.body.get("metadata"),
            self.body.get("internal_chat_message_metadata_passthrough"),
        ):
            if turn := ident(mapping(holder).get("turn_id")):
                return turn
        return None

    @property
    def item(self) -> dict[str, Any]:
        """What an item_completed event tells of."""
        return mapping(self.body.get("item"))


def entry(number: int, record: dict[str, Any]) -> Entry:
    """A line in the common form."""
    kind = text_or_none(record.get("type"))
    time = record.get("timestamp", record.get("created_at"))
    payload = record.get("payload")
    if kind in _KINDS and payload and not isinstance(payload, dict):
        return Entry(number, "unknown", record, time)
    if kind in _KINDS:
        body = mapping(payload)
        return Entry(number, _KINDS[kind], body, body.get("timestamp") if time is None else time)
    if "record_type" in record:
        return Entry(number, "bookkeeping", record, time)
    if kind in ITEM_TYPES or (kind is None and "role" in record):
        return Entry(number, "item", record, time)
    if kind is None and ident(record.get("id")) and ("instructions" in record or "git" in record):
        return Entry(number, "meta", record, time)
    return Entry(number, "unknown", record, time)


def whole_session(value: dict[str, Any]) -> list[Any] | None:
    """The lines of the one-object form of April 2025, `{session, items}`; None for other objects."""
    if not isinstance(value.get("items"), list) or not isinstance(value.get("session"), dict):
        return None
    return [{"instructions": None, **value["session"]}, *value["items"]]


def minted_at(name: str | None) -> int | None:
    """Milliseconds since 1970 at which a UUID of version 7 was made."""
    match = _UUID7.fullmatch(name or "")
    return int(match[1] + match[2], 16) if match else None


def lineage(meta: dict[str, Any]) -> tuple[str | None, bool]:
    """The thread that a session_meta says this one comes from, and whether this one is a sub-agent of it."""
    source = mapping(meta.get("source"))
    sub_agent = source.get("subagent")
    is_agent = sub_agent is not None or text_or_none(meta.get("thread_source")) == "subagent"
    spawned = mapping(mapping(sub_agent).get("thread_spawn"))
    parent = ident(spawned.get("parent_thread_id")) or ident(meta.get("parent_thread_id"))
    return parent or ident(meta.get("forked_from_id")), is_agent


def texts_of(content: Any) -> list[str]:
    """The texts of a message's content."""
    if isinstance(content, str):
        return [content]
    return [text for part in items(content) if isinstance(text := mapping(part).get("text"), str)]
