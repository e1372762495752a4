"""Merges: what each merge wrote, one row a table, in the same transaction as the rows themselves."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

MERGES = Table(
    name="merges",
    doc="What each merge wrote, one row a table.",
    key=("provider_run_id", "merged_at", "table_name"),
    columns=(
        Column("provider", "VARCHAR", "provider of the run"),
        Column("provider_run_id", "VARCHAR", "run that was merged"),
        Column("merged_at", "TIMESTAMP", "when, UTC"),
        Column("table_name", "VARCHAR", "table written"),
        Column("inserted", "BIGINT", "rows inserted", at_least=0),
        Column("updated", "BIGINT", "rows updated", at_least=0),
        Column("skipped", "BIGINT", "rows of the run the mash already had", at_least=0),
        Column("superseded", "BIGINT", "rows this merge marked as superseded, or as current again", at_least=0),
        Column("removed", "BIGINT", "rows of an earlier build of the run that are no longer in it", at_least=0),
        Column("reason", "VARCHAR", "why the merge was made"),
    ),
)
