"""Blocks: the parts of a message in order (prose, thinking, tool calls and results, attachments, unknown kinds)."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE
from moonshine_assets.tables.schema import Column, Table

BLOCK_KINDS: tuple[str, ...] = (
    "text",
    "thinking",
    "code",
    "tool_call",
    "tool_result",
    "image",
    "audio",
    "file",
    "citation",
    "artifact",
    "error",
    "raw",
)

BLOCKS = Table(
    name="blocks",
    doc="One row a part of a message; its text is in texts, by content_sha256.",
    key=("provider", "provider_run_id", "conversation_id", "message_id", "ordinal"),
    columns=(
        *PROVENANCE,
        Column("conversation_id", "VARCHAR", "conversation it belongs to"),
        Column("message_id", "VARCHAR", "message it belongs to"),
        Column("ordinal", "INTEGER", "rank in the message", at_least=0),
        Column("kind", "VARCHAR", "what it is", one_of=BLOCK_KINDS),
        Column(
            "content_sha256",
            "VARCHAR",
            "SHA-256 of its text; NULL when it has none",
            nullable=True,
            sha256=True,
        ),
        Column("tool_name", "VARCHAR", "tool called or answering", nullable=True),
        Column("tool_call_id", "VARCHAR", "pairs a call with its result", nullable=True),
        Column("arguments", "JSON", "arguments of a call, where the export has them as JSON", nullable=True, long=True),
        Column(
            "is_error",
            "BOOLEAN",
            "a result that reports failure; NULL when the export does not say",
            nullable=True,
        ),
        Column("payload", "JSON", "everything else the block holds, as JSON", nullable=True, long=True),
    ),
)
