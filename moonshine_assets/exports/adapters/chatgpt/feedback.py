"""message_feedback.json and model_comparisons.json, each in three generations (EXPORT-FORMATS §2.11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moonshine_assets.errors import BadInput
from moonshine_assets.exports import times
from moonshine_assets.exports.adapters.chatgpt.container import Read, logical_name
from moonshine_assets.exports.adapters.chatgpt.wire import as_id, as_text
from moonshine_assets.exports.decode import compact_json, decode
from moonshine_assets.exports.records import FeedbackRecord

#: Both spellings of the thumbs, without their underscore.
_THUMBS = {"thumbsup": "up", "thumbsdown": "down"}
#: Who the person is, and from where they came: the archived file has it.
_PERSONAL = frozenset({"user_id", "cf_headers", "user_agent"})
Entry = dict[str, Any]


def feedback(read: Read, members: Mapping[str, int]) -> Iterator[FeedbackRecord]:
    """Every entry of both files, in order; what is of no known generation, or no JSON, is of kind `unknown`.

    Args:
        read: gives the bytes of a member.
        members: every member → its size.
    """
    for member in members:
        one = _ENTRIES.get(logical_name(member))
        if one is not None:
            for record in _records(member, read, one):
                record.source_member = member
                yield record


def _records(member: str, read: Read, one: Callable[[Entry], FeedbackRecord | None]) -> list[FeedbackRecord]:
    data = b""
    try:
        data = read(member) or b""
        value, _ = decode(data, object)
        entries = value if isinstance(value, list) else [value]
        return [(one(entry) if isinstance(entry, dict) else None) or _unknown(entry) for entry in entries]
    except (BadInput, RecursionError):
        # A file that cannot be read, is no JSON or is nested too deeply costs itself alone.
        return [FeedbackRecord("unknown", payload=compact_json(data.decode("utf-8", errors="replace")))]


def _unknown(entry: object) -> FeedbackRecord:
    """An entry as it stands, with those ids that have a known name."""
    if not isinstance(entry, dict):
        return FeedbackRecord("unknown", payload=compact_json(entry))
    return FeedbackRecord(
        "unknown",
        conversation_id=as_id(entry.get("conversation_id")),
        message_id=as_id(entry.get("message_id")),
        created_at=times.to_micros(entry.get("create_time")),
        payload=compact_json(entry),
    )


def _rating(entry: Entry) -> FeedbackRecord | None:
    """`message_id` (until 2023-07) or `id` is the id of the message; `content` is JSON in a string."""
    message_id = as_id(entry.get("message_id")) or as_id(entry.get("id"))
    rating = entry.get("rating")
    value = _THUMBS.get(rating.lower().replace("_", "")) if isinstance(rating, str) else None
    if message_id is None or value is None:
        return None
    content = _inner(entry.get("content"))
    comment, tags = None, []
    if isinstance(content, dict):
        comment, tags = as_text(content.get("text")), _tags(content.get("tags"))
        taken = {"text": comment is not None, "tags": bool(tags)}
        content = {key: item for key, item in content.items() if not taken.get(key)}
    return FeedbackRecord(
        "rating",
        value,
        conversation_id=as_id(entry.get("conversation_id")),
        message_id=message_id,
        comment=comment,
        tags=tags,
        created_at=times.to_micros(entry.get("create_time")),
        payload=_rest({**entry, "content": content}),
    )


def _comparison(entry: Entry) -> FeedbackRecord | None:
    """The third generation names both messages; the first two hold both turns, the second inside `content`."""
    original, new = as_id(entry.get("original_message_id")), as_id(entry.get("new_message_id"))
    value = as_text(entry.get("rating"))
    if original is not None and new is not None and value is not None:
        return _compared(entry, value, original, new, entry.get("conversation_id"), _rest(entry))
    whole = dict(entry)
    body: object = entry
    if "output" not in entry:
        body = whole["content"] = _inner(entry.get("content"))
    output = _part(body, "output")
    first, second = _part(output, "feedback_step_1"), _part(output, "feedback_step_2")
    value = as_text(second.get("completion_comparison_rating"))
    if value is None or not {"original_turn", "new_turn"} <= second.keys():
        return None
    original, new = _answer(second["original_turn"]), _answer(second["new_turn"])
    conversation_id = entry.get("conversation_id") or _part(body, "input").get("conversation_id")
    record = _compared(entry, value, original, new, conversation_id, _rest(whole))
    record.comment, record.tags = as_text(first.get("critique_text")), _tags(first.get("tags"))
    return record


def _part(value: object, key: str) -> Entry:
    """The object under a key, empty where there is none."""
    part = value.get(key) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _compared(
    entry: Entry, value: str, original: str | None, new: str | None, conversation_id: object, payload: str | None
) -> FeedbackRecord:
    """The preferred message first; without a preference the original one."""
    preferred, other = (new, original) if value.endswith("new") else (original, new)
    return FeedbackRecord(
        "comparison",
        value,
        conversation_id=as_id(conversation_id),
        message_id=preferred,
        other_message_id=other,
        created_at=times.to_micros(entry.get("create_time")),
        payload=payload,
    )


def _answer(turn: object) -> str | None:
    """Id of a turn's last message with one: what comes before are calls and results."""
    messages = turn if isinstance(turn, list) else [turn]
    ids = [as_id(message.get("id")) for message in messages if isinstance(message, dict)]
    return next((found for found in reversed(ids) if found is not None), None)


def _inner(content: object) -> object:
    """What the JSON in a string holds; a string that is none stays."""
    if not isinstance(content, str):
        return content
    try:
        return decode(content.encode("utf-8", errors="replace"), object)[0]
    except BadInput:
        return content


def _tags(value: object) -> list[str]:
    """A list of strings; anything else is left to the payload."""
    return value if isinstance(value, list) and all(isinstance(tag, str) for tag in value) else []


def _rest(entry: Entry) -> str:
    return compact_json(_impersonal(entry))


def _impersonal(value: Any) -> Any:
    """The value without what is said of the person; the turns' own messages are left as they are."""
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key not in _PERSONAL and item not in (None, {}, "")}
    return {key: _impersonal(item) if key in ("content", "metadata") else item for key, item in kept.items()}


_ENTRIES: dict[str, Callable[[Entry], FeedbackRecord | None]] = {
    "message_feedback.json": _rating,
    "model_comparisons.json": _comparison,
}
