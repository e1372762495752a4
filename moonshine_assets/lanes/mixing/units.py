"""Rows of a lane as the mix sees them: provider, quality of the conversation, length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from moonshine_assets.lanes.mixing.selection import Unit
from moonshine_assets.lanes.spill import Entry
from moonshine_assets.lanes.strata import deciles, quintiles
from moonshine_assets.lanes.trees import ConversationKey


def qualities(connection: duckdb.DuckDBPyConnection) -> dict[ConversationKey, float]:
    """Quality of each current conversation, 0 to 1, as cleaning scored it; nothing where it was not scored."""
    scored = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = 'conversation_scores'"
    if not connection.execute(scored).fetchall()[0][0]:
        return {}
    rows = connection.execute(
        "SELECT provider, provider_run_id, conversation_id, quality FROM store.conversation_scores"
    ).fetchall()
    return {ConversationKey(*key): quality for *key, quality in rows}


def units(entries: Sequence[Entry], quality: Mapping[ConversationKey, float]) -> list[Unit]:
    """One a row. Tenths and fifths are of the lane as a whole; rows of unknown quality count as the lowest."""
    tenths = deciles([quality.get(entry.conversation, 0.0) for entry in entries])
    fifths = quintiles([entry.tokens for entry in entries])
    return [
        Unit(entry.record_uid, entry.conversation.provider, (tenth, fifth))
        for entry, tenth, fifth in zip(entries, tenths, fifths, strict=True)
    ]
