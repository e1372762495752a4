"""Ratings and preferences to rows: what stands with the messages at once, what stands in files of its own by a join."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from moonshine_assets.exports.decode import compact_json
from moonshine_assets.exports.records import FeedbackRecord, Message, ParsedConversation, RawElement
from moonshine_assets.tables import FEEDBACK
from moonshine_assets.tables.provenance import PROVENANCE

_JOIN = Path(__file__).with_name("join_feedback.sql").read_text("utf-8")
_RATE = Path(__file__).with_name("rate_messages.sql").read_text("utf-8")
_OWN = FEEDBACK.arrow(set(FEEDBACK.column_names) - {column.name for column in PROVENANCE})
_THUMBS = ("up", "down")
#: Where the providers' own objects have the person's words, the reasons ticked, and the other answer.
_COMMENTS = ("comment", "text", "reactionComment")
_OVER = ("preferenceOver", "other_message_id")
Row = tuple[Any, ...]


def rating_of(feedback: str | None) -> str | None:
    """The thumb a message's feedback states: "up", "down" or None."""
    if feedback is None or feedback in _THUMBS:
        return feedback
    said = _decoded(feedback)
    value = said.get("value") if said is not None and said.get("kind") == "rating" else None
    return value if value in _THUMBS else None


def conversation_rows(
    parsed: ParsedConversation, messages: Sequence[Message], element: RawElement
) -> Iterator[tuple[object, ...]]:
    """Rows (without provenance) of what a conversation and its messages state, in order."""
    records = [
        *(record for message in messages if message.feedback is not None for record in _said(message)),
        *parsed.feedback,
    ]
    known = {message.message_id for message in messages} if records else set()
    for rank, record in enumerate(records):
        record.conversation_id = parsed.conversation_id
        record.source_member = element.member
        yield _row(record, f"{element.member}#{element.rank}/{rank}", joined=record.message_id in known)


def join(connection: duckdb.DuckDBPyConnection, records: Iterable[FeedbackRecord]) -> pa.Table:
    """Rows (without provenance) of what stands in files of its own, joined to the stored messages.

    A message is found by its node id or else its alias: in the conversation the entry names, or in the only one that
    has it. Where several others have it nothing tells which is meant, and the entry stays as it is.
    """
    ranks: dict[str, int] = {}
    rows = []
    for record in records:
        rank = ranks[record.source_member] = ranks.get(record.source_member, -1) + 1
        rows.append(_row(record, f"{record.source_member}#{rank}", joined=False))
    columns = zip(*rows, strict=True) if rows else [[] for _ in _OWN]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _OWN, strict=True)]
    connection.register("stated_feedback", pa.Table.from_arrays(arrays, schema=_OWN))
    try:
        return connection.sql(_JOIN).to_arrow_table().cast(_OWN)
    finally:
        connection.unregister("stated_feedback")


def rate_messages(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the latest joined rating of each message into its `feedback` column."""
    connection.execute(_RATE)


def _row(record: FeedbackRecord, feedback_id: str, *, joined: bool) -> Row:
    values = {**msgspec.structs.asdict(record), "feedback_id": feedback_id, "joined": joined}
    return tuple(values[name] for name in _OWN.names)


def _said(message: Message) -> Iterator[FeedbackRecord]:
    """What a message's own feedback states; a choice over several answers gives one record each."""
    feedback = message.feedback or ""
    if feedback in _THUMBS:
        yield FeedbackRecord("rating", feedback, message_id=message.message_id)
        return
    said = _decoded(feedback)
    kind = said.get("kind") if said is not None else None
    if said is None or kind not in ("rating", "preference"):
        yield FeedbackRecord("unknown", message_id=message.message_id, payload=compact_json(feedback))
        return
    stated = said.get("details")
    details: dict[str, Any] = stated if isinstance(stated, dict) else {}
    rest = dict(details)
    comment = next((rest.pop(key) for key in _COMMENTS if isinstance(rest.get(key), str)), None)
    tags = [rest.pop("tag")] if isinstance(rest.get("tag"), str) else []
    if isinstance(rest.get("tags"), list) and all(isinstance(tag, str) for tag in rest["tags"]):
        tags += rest.pop("tags")
    record = FeedbackRecord(
        kind,
        message_id=message.message_id,
        comment=comment,
        tags=tags,
        payload=compact_json(rest) if rest else None,
    )
    if kind == "rating":
        record.value = said.get("value") if said.get("value") in _THUMBS else None
        yield record
        return
    chosen = said.get("chosen") is True
    record.value = "chosen" if chosen else "rejected"
    for other in _others(details, chosen=chosen):
        yield msgspec.structs.replace(record, other_message_id=other)


def _others(details: dict[str, Any], *, chosen: bool) -> list[str | None]:
    """Ids of the answers it was compared with, [None] where none is named."""
    named = next((details[key] for key in (_OVER if chosen else ("preferred",)) if details.get(key)), None)
    ids = [name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str) and name]
    return [*ids] or [None]


def _decoded(feedback: str) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(feedback)
    except msgspec.DecodeError:
        return None
    return said if isinstance(said, dict) else None
