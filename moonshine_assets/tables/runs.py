"""Runs: one row a provider run that is in the mash."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

RUNS = Table(
    name="runs",
    doc="One row a provider run that is in the mash.",
    key=("provider_run_id",),
    columns=(
        Column("provider", "VARCHAR", "provider name"),
        Column("provider_run_id", "VARCHAR", "run id"),
        Column("source_file_sha256", "VARCHAR", "SHA-256 of the export", sha256=True),
        Column("source_path", "VARCHAR", "name of the export as it was given"),
        Column("database_sha256", "VARCHAR", "SHA-256 of the run's database file", sha256=True),
        Column("ingested_at", "TIMESTAMP", "when the run was locked to its source, UTC"),
        Column("merged_at", "TIMESTAMP", "when it entered the mash, UTC"),
        Column("conversations", "INTEGER", "conversations of the run", at_least=0),
        Column("messages", "INTEGER", "messages of the run", at_least=0),
        Column("raw_json_tokens", "BIGINT", "o200k_base tokens of the export's conversation JSON", at_least=0),
        Column("content_tokens_non_system", "BIGINT", "tokens of its user, assistant and tool messages", at_least=0),
    ),
)
