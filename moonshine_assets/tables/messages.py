"""Messages: one row a node of the conversation tree that has a message, on every branch, hidden ones included."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE, RAW_REF
from moonshine_assets.tables.schema import Column, Table

ROLES: tuple[str, ...] = ("user", "assistant", "tool", "system")
AUTHOR_KINDS: tuple[str, ...] = ("human", "model", "tool", "provider_injected", "client_injected")

#: What an answer cost in the model's own tokens, as agents log it: once an answer, however many lines repeat it.
USAGE: tuple[Column, ...] = tuple(
    Column(f"usage_{name}", "BIGINT", doc, nullable=True, at_least=0)
    for name, doc in (
        ("input", "tokens of the prompt as the log states them, without those of a cache where it tells them apart"),
        ("output", "tokens of the answer as the log states them"),
        ("cache_read", "tokens of the prompt that were read from a cache"),
        ("cache_write", "tokens of the prompt that were written to a cache"),
        ("reasoning", "tokens of the answer that were spent on reasoning"),
    )
)

MESSAGES = Table(
    name="messages",
    doc="One row a message of every branch; its text is in texts, by content_sha256.",
    key=("provider", "provider_run_id", "conversation_id", "message_id"),
    columns=(
        *PROVENANCE,
        Column("conversation_id", "VARCHAR", "conversation it belongs to"),
        Column("message_id", "VARCHAR", "node id, unique in its conversation"),
        Column("alias_id", "VARCHAR", "the message's own id where it differs from the node id", nullable=True),
        Column("parent_id", "VARCHAR", "nearest ancestor that has a message; NULL at a root", nullable=True),
        Column("sibling_index", "INTEGER", "rank among the children of its parent, file order", at_least=0),
        Column("depth", "INTEGER", "messages between it and its root", at_least=0),
        Column("position", "INTEGER", "rank in its conversation: depth first, then file order", at_least=0),
        Column("on_active_path", "BOOLEAN", "on the path the conversation shows now"),
        Column("role", "VARCHAR", "who speaks, in the trainers' terms", one_of=ROLES),
        Column("author_kind", "VARCHAR", "who wrote it in truth", one_of=AUTHOR_KINDS),
        Column("author_name", "VARCHAR", "tool or author name", nullable=True),
        Column(
            "recipient",
            "VARCHAR",
            "tool an assistant message is sent to; NULL when shown to all",
            nullable=True,
        ),
        Column("visible", "BOOLEAN", "shown to the person"),
        Column("model", "VARCHAR", "model that answered", nullable=True),
        Column("created_at", "TIMESTAMP", "UTC", nullable=True),
        Column("status", "VARCHAR", "the provider's status, e.g. in_progress", nullable=True),
        Column("stop_reason", "VARCHAR", "why generation ended", nullable=True),
        Column("content_sha256", "VARCHAR", "SHA-256 of the text (UTF-8), see texts", sha256=True),
        Column("content_tokens", "INTEGER", "tokens of the text, o200k_base", at_least=0),
        *USAGE,
        Column("feedback", "VARCHAR", "latest explicit rating: up or down; more in table feedback", nullable=True),
        Column("flags", "VARCHAR[]", "what was repaired or inferred, sorted"),
        *RAW_REF,
    ),
)
