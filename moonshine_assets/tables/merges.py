"""Merges: what each merge, rollback and forgetting wrote, one row a table, in the same transaction as the rows."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

MERGES = Table(
    name="merges",
    doc="What each merge, rollback and forgetting wrote, one row a table.",
    key=("number", "table_name"),
    columns=(
        Column("number", "BIGINT", "rank of the merge, rollback or forgetting, from 1", at_least=1),
        Column("provider", "VARCHAR", "provider of the run"),
        Column("provider_run_id", "VARCHAR", "run that was merged, taken out, or rid of a conversation"),
        Column("operation", "VARCHAR", "what was done", one_of=("merge", "rollback", "forget")),
        Column("merged_at", "TIMESTAMP", "when, UTC"),
        Column("table_name", "VARCHAR", "table written"),
        Column("inserted", "BIGINT", "rows inserted", at_least=0),
        Column("updated", "BIGINT", "rows updated", at_least=0),
        Column("skipped", "BIGINT", "rows of the run the mash already had", at_least=0),
        Column("superseded", "BIGINT", "rows it marked as superseded, or as current again", at_least=0),
        Column("removed", "BIGINT", "rows of a run taken out, or of an earlier build of the run", at_least=0),
        Column("missing", "BIGINT", "chats it marked as missing from a newer export, or as not missing", at_least=0),
        Column("reason", "VARCHAR", "why it was done"),
    ),
)
