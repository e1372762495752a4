"""Quarantine: what could not be taken in, with the reason and the raw bytes, so that a fix can replay it."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE, RAW_REF
from moonshine_assets.tables.schema import Column, Table

#: An `older_copy` is a further copy of a conversation with other bytes; it counts as duplicate, not as quarantined.
UNITS: tuple[str, ...] = ("conversation", "node", "older_copy")

QUARANTINE = Table(
    name="quarantine",
    doc="One row a conversation or node that was not taken in; nothing of it is lost.",
    key=("provider", "provider_run_id", "quarantine_id"),
    columns=(
        *PROVENANCE,
        Column("quarantine_id", "INTEGER", "rank in the run", at_least=0),
        Column("unit", "VARCHAR", "what is kept here", one_of=UNITS),
        Column("reason", "VARCHAR", "why, one sentence"),
        Column("conversation_id", "VARCHAR", "its conversation, where one is known", nullable=True),
        Column("message_id", "VARCHAR", "its node, where one is known", nullable=True),
        Column("raw", "BLOB", "the bytes as they stood in the export (a node: its JSON)"),
        *RAW_REF,
    ),
)
