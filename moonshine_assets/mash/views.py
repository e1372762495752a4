"""The views that are more than a table's current rows: what their columns mean. Their SQL is in views/."""

from __future__ import annotations

from pathlib import Path

from moonshine_assets.tables.messages import USAGE
from moonshine_assets.tables.schema import Column, Table

FOLDER = Path(__file__).with_name("views")

_PROVIDER = Column("provider", "VARCHAR", "provider name")
_CONVERSATION = (
    _PROVIDER,
    Column("provider_run_id", "VARCHAR", "run the conversation's current version is from"),
    Column("conversation_id", "VARCHAR", "conversation"),
)
TURNS = Table(
    name="turns",
    doc="What somebody asked and what answered it, on the path the conversation shows.",
    key=("provider_run_id", "conversation_id", "turn"),
    columns=(
        *_CONVERSATION,
        Column("turn", "BIGINT", "rank in the conversation, from 1"),
        Column("message_id", "VARCHAR", "the person's message"),
        Column("created_at", "TIMESTAMP", "when it was sent, UTC", nullable=True),
        Column("question", "VARCHAR", "its text"),
        Column("question_tokens", "INTEGER", "tokens of it, o200k_base"),
        Column("answers", "BIGINT", "the model's messages up to the person's next one", at_least=0),
        Column("answer_ids", "VARCHAR[]", "these messages, in order"),
        Column("answer", "VARCHAR", "their texts, with an empty line between; NULL: none has any", nullable=True),
        Column("answer_tokens", "BIGINT", "tokens of them, o200k_base", at_least=0),
        Column("model", "VARCHAR", "model of the last of them that names one", nullable=True),
        Column("feedback", "VARCHAR", "rating of the last of them that has one", nullable=True),
    ),
)
BRANCHES = Table(
    name="branches",
    doc="Every message that has siblings: other answers to, or versions of, the same; roots of one conversation too.",
    key=("provider_run_id", "conversation_id", "message_id"),
    columns=(
        *_CONVERSATION,
        Column("parent_id", "VARCHAR", "the message they all follow; NULL: they are roots", nullable=True),
        Column("siblings", "BIGINT", "how many there are, this one included", at_least=2),
        Column("sibling_index", "INTEGER", "rank among them", at_least=0),
        Column("message_id", "VARCHAR", "this one"),
        Column("on_active_path", "BOOLEAN", "on the path the conversation shows"),
        Column("author_kind", "VARCHAR", "who wrote it"),
        Column("model", "VARCHAR", "model that answered", nullable=True),
        Column("created_at", "TIMESTAMP", "UTC", nullable=True),
        Column("content_tokens", "INTEGER", "tokens of its text, o200k_base", at_least=0),
    ),
)
USAGE_BY_MONTH = Table(
    name="usage_by_month",
    doc="Messages and tokens by provider, model and month, without system messages.",
    key=("provider", "model", "month"),
    columns=(
        _PROVIDER,
        Column("model", "VARCHAR", "model that answered; NULL: persons' messages and tools'", nullable=True),
        Column("month", "DATE", "first day of the month, UTC; NULL: time unknown", nullable=True),
        Column("messages", "BIGINT", "messages on every branch", at_least=1),
        Column("conversations", "BIGINT", "conversations they are in", at_least=1),
        Column("content_tokens", "BIGINT", "tokens of their texts: adds up to the ledger's content_tokens_non_system"),
        *(Column(column.name, "BIGINT", f"sum of: {column.doc}", at_least=0) for column in USAGE),
    ),
)
VIEWS: tuple[Table, ...] = (TURNS, BRANCHES, USAGE_BY_MONTH)
