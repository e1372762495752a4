"""Attachments: files a message refers to, with the member of the export that holds their bytes, if any."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE
from moonshine_assets.tables.schema import Column, Table

ATTACHMENTS = Table(
    name="attachments",
    doc="One row a file a message refers to.",
    key=("provider", "provider_run_id", "conversation_id", "message_id", "ordinal"),
    columns=(
        *PROVENANCE,
        Column("conversation_id", "VARCHAR", "conversation it belongs to"),
        Column("message_id", "VARCHAR", "message it belongs to"),
        Column("ordinal", "INTEGER", "rank in the message", at_least=0),
        Column("attachment_id", "VARCHAR", "the provider's file id", nullable=True),
        Column("name", "VARCHAR", "file name as the person knew it", nullable=True),
        Column("mime_type", "VARCHAR", "declared type", nullable=True),
        Column("size_bytes", "BIGINT", "declared size, bytes", nullable=True, at_least=0),
        Column(
            "member",
            "VARCHAR",
            "file of the export that holds the bytes; NULL when it holds none",
            nullable=True,
        ),
    ),
)
