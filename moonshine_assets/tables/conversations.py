"""Conversations: one row a conversation of a run, empty shells included."""

from __future__ import annotations

from moonshine_assets.tables.provenance import PROVENANCE, RAW_REF
from moonshine_assets.tables.schema import Column, Table

#: The only sources a row may come from; the no_contamination gate refuses any other value.
SOURCE_TYPES: tuple[str, ...] = (
    "aistudio_export",
    "chatbotui_export",
    "chatgpt_export",
    "claude_export",
    "copilot_export",
    "deepseek_export",
    "gemini_export",
    "grok_export",
    "lechat_export",
    "librechat_export",
    "openwebui_export",
    "perplexity_export",
    "qwen_export",
    "qwen_code_log",
    "claude_code_log",
    "codex_log",
    "openclaw_log",
    "pi_log",
    "gemini_cli_log",
    "opencode_log",
)

CONVERSATIONS = Table(
    name="conversations",
    doc="One row a conversation, empty shells included.",
    key=("provider", "provider_run_id", "conversation_id"),
    columns=(
        *PROVENANCE,
        Column("conversation_id", "VARCHAR", "the provider's id, or anon-<hash> where it gives none"),
        Column(
            "parent_conversation_id",
            "VARCHAR",
            "conversation that a sub-agent works for, or that this one was resumed or forked from",
            nullable=True,
        ),
        Column("title", "VARCHAR", "title as given; NULL when absent", nullable=True),
        Column("created_at", "TIMESTAMP", "UTC; falls back to the earliest message", nullable=True),
        Column("updated_at", "TIMESTAMP", "UTC; falls back to the latest message", nullable=True),
        Column("default_model", "VARCHAR", "model of the conversation, where one is named", nullable=True),
        Column("project", "VARCHAR", "project or custom-assistant id", nullable=True),
        Column("shape", "VARCHAR", "format generation, e.g. chatgpt-2025"),
        Column("source_type", "VARCHAR", "kind of export or log", one_of=SOURCE_TYPES),
        Column("message_count", "INTEGER", "messages kept", at_least=0),
        Column("visible_count", "INTEGER", "messages a person saw", at_least=0),
        Column("branch_points", "INTEGER", "messages (or roots) with more than one child", at_least=0),
        Column("max_depth", "INTEGER", "longest path, in messages", at_least=0),
        Column("flags", "VARCHAR[]", "what was repaired or inferred, sorted"),
        *RAW_REF,
    ),
)
