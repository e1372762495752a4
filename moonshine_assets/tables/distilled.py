"""The distilled slice: the conversations worth training on, and the messages of them that are selected."""

from __future__ import annotations

from moonshine_assets.tables.conversation_scores import SCORES
from moonshine_assets.tables.conversations import SOURCE_TYPES
from moonshine_assets.tables.schema import Column, Table

SELECTED_BECAUSE: tuple[str, ...] = ("active_path", "preference_branch")

_CONVERSATION = (
    Column("provider", "VARCHAR", "provider name"),
    Column("provider_run_id", "VARCHAR", "run that brought the conversation"),
    Column("conversation_id", "VARCHAR", "the provider's id"),
)

DISTILLED_CONVERSATIONS = Table(
    name="distilled_conversations",
    doc="One row a conversation whose active path has a human message with text and a later model message with text.",
    key=("provider", "provider_run_id", "conversation_id"),
    columns=(
        *_CONVERSATION,
        Column("record_uid", "VARCHAR", "identity of the conversation", sha256=True),
        Column("source_sha256", "VARCHAR", "SHA-256 of the export", sha256=True),
        Column("policy_version", "VARCHAR", "policy that selected it"),
        Column("run_id", "VARCHAR", "distillation run"),
        Column("source_type", "VARCHAR", "kind of export", one_of=SOURCE_TYPES),
        Column("active_messages", "INTEGER", "selected messages of its active path", at_least=0),
        Column("branch_messages", "INTEGER", "selected messages off its active path", at_least=0),
        Column("human_turns", "INTEGER", "human messages with text on the active path", at_least=1),
        Column("model_turns", "INTEGER", "model messages with text on the active path", at_least=1),
        Column("tokens", "BIGINT", "tokens of its selected messages, repeats included", at_least=0),
        *SCORES,
        Column("eligible_conversational", "BOOLEAN", "has a row in the conversational lane"),
        Column("eligible_dpo", "BOOLEAN", "has a row in the dpo lane"),
        Column("eligible_kto", "BOOLEAN", "has a row in the kto lane"),
        Column("eligible_grpo", "BOOLEAN", "has a row in the grpo lane"),
        Column("eligible_agentic_code", "BOOLEAN", "has a row in the agentic_code lane"),
        Column("reasons", "VARCHAR[]", "lane:reason for the lanes it has no row in, sorted"),
    ),
)

DISTILLED_MESSAGES = Table(
    name="distilled_messages",
    doc="One row a selected message.",
    key=("provider", "provider_run_id", "conversation_id", "message_id"),
    columns=(
        *_CONVERSATION,
        Column("message_id", "VARCHAR", "node id, unique in its conversation"),
        Column("record_uid", "VARCHAR", "identity of the message", sha256=True),
        Column("content_sha256", "VARCHAR", "SHA-256 of its text", sha256=True),
        Column("tokens", "INTEGER", "tokens of its text, o200k_base", at_least=0),
        Column("selected_because", "VARCHAR", "where it stands", one_of=SELECTED_BECAUSE),
    ),
)
