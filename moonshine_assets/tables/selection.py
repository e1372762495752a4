"""Selection: which conversations with an exchange are in the slice, and why the others are not."""

from __future__ import annotations

from moonshine_assets.tables.schema import Column, Table

SELECTION_OUTCOMES: tuple[str, ...] = ("selected", "beside_benchmark", "below_selection")

SELECTION = Table(
    name="selection",
    doc="One row a conversation whose active path has a human message with text and a later model message with text.",
    key=("provider", "provider_run_id", "conversation_id"),
    columns=(
        Column("provider", "VARCHAR", "provider name"),
        Column("provider_run_id", "VARCHAR", "run that brought the conversation"),
        Column("conversation_id", "VARCHAR", "the provider's id"),
        Column("rank", "INTEGER", "place by quality, then record_uid, from 0", at_least=0),
        Column("outcome", "VARCHAR", "what became of it", one_of=SELECTION_OUTCOMES),
    ),
)
