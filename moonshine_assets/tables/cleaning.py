"""Cleaning: an account of distinct text, one row a current message of user, assistant or tool."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

OUTCOMES: tuple[str, ...] = ("kept", "empty", "exact_duplicate", "near_duplicate", "decontaminated")

CLEANING = Table(
    name="cleaning",
    doc="What cleaning made of each message's text; it takes no turn out of a conversation.",
    key=("provider", "provider_run_id", "conversation_id", "message_id"),
    columns=(
        Column("provider", "VARCHAR", "provider name"),
        Column("provider_run_id", "VARCHAR", "run that brought the message"),
        Column("conversation_id", "VARCHAR", "conversation it belongs to"),
        Column("message_id", "VARCHAR", "node id, unique in its conversation"),
        Column("record_uid", "VARCHAR", "identity of the message", sha256=True),
        Column("content_sha256", "VARCHAR", "SHA-256 of its text", sha256=True),
        Column("cluster_sha256", "VARCHAR", "SHA-256 of the kept text that stands for it", sha256=True),
        Column("tokens", "INTEGER", "tokens of its text, o200k_base", at_least=0),
        Column("outcome", "VARCHAR", "kept: first occurrence of its text", one_of=OUTCOMES),
        Column(
            "cleaned_tokens",
            "INTEGER",
            "what a kept text counts after redaction, never more than before; 0 for the others",
            at_least=0,
        ),
    ),
)
