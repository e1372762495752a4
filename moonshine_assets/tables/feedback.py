"""Feedback: what a person said of an answer by a click, be it a thumb, a choice between answers, or a comparison."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE
from moonshine_assets.tables.schema import Column, Table

#: `comparison`: two answers were shown for this purpose; `unknown`: kept as it stands, nothing made of it.
FEEDBACK_KINDS: tuple[str, ...] = ("rating", "preference", "comparison", "unknown")

FEEDBACK = Table(
    name="feedback",
    doc="One row a rating, stated preference or comparison; message_id is the answer meant, or the preferred one.",
    key=("provider", "provider_run_id", "feedback_id"),
    columns=(
        *PROVENANCE,
        Column(
            "conversation_id",
            "VARCHAR",
            "conversation of the message; as the entry states it when not joined",
            nullable=True,
        ),
        Column(
            "message_id",
            "VARCHAR",
            "the message's node id; as the entry states it when not joined",
            nullable=True,
        ),
        Column(
            "feedback_id",
            "VARCHAR",
            "place in the export: <file>#<entry>, or <file>#<conversation>/<statement>",
        ),
        Column("kind", "VARCHAR", "what was said", one_of=FEEDBACK_KINDS),
        Column(
            "value",
            "VARCHAR",
            "rating: up, down; preference: chosen, rejected; comparison: original, new, same, skip or another word of"
            " the provider; NULL: only words were given",
            nullable=True,
        ),
        Column(
            "other_message_id",
            "VARCHAR",
            "the answer it was compared with, the one not preferred where one was",
            nullable=True,
        ),
        Column("comment", "VARCHAR", "the person's own words", nullable=True, long=True),
        Column("tags", "VARCHAR[]", "reasons the person ticked, in the order given"),
        Column("source_member", "VARCHAR", "file of the export that says so"),
        Column("created_at", "TIMESTAMP", "UTC, where the entry has a time of its own", nullable=True),
        Column("joined", "BOOLEAN", "the message is in this run, found by its node id or its alias"),
        Column(
            "payload",
            "JSON",
            "the rest of the entry, without ids of the person; unknown kinds: all of it",
            nullable=True,
            long=True,
        ),
    ),
)
