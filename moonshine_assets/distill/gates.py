"""The gates of the distilled slice."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from moonshine_assets.distill.band import check_band
from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.waterfall import CLEANED, SELECTED
from moonshine_assets.gates import Verdict, broken, held, rows, schema_gate
from moonshine_assets.tables.conversations import SOURCE_TYPES
from moonshine_assets.tables.derived import DERIVED_TABLES


def slice_schema(connection: duckdb.DuckDBPyConnection) -> Verdict:
    """Cleaning and slice satisfy their declared schemas."""
    return schema_gate(connection, DERIVED_TABLES)


def no_contamination(connection: duckdb.DuckDBPyConnection) -> Verdict:
    """Every selected conversation comes from a supported export, and every selected message from such a one."""
    offenders = rows(
        connection,
        "SELECT conversation_id, source_type FROM store.distilled_conversations"
        " WHERE NOT list_contains(?, source_type) ORDER BY ALL LIMIT 100",
        [list(SOURCE_TYPES)],
    )
    offenders += rows(
        connection,
        "SELECT conversation_id, message_id, 'not selected' AS source_type FROM store.distilled_messages"
        " ANTI JOIN store.distilled_conversations USING (provider, provider_run_id, conversation_id)"
        " ORDER BY ALL LIMIT 100",
    )
    if offenders:
        return broken("no_contamination", f"{len(offenders)} selected records of a foreign source", offenders)
    return held("no_contamination", f"every selected conversation is one of {', '.join(SOURCE_TYPES)}")


def token_band(policy: Policy, tokens: Mapping[str, int]) -> Verdict:
    """Selected tokens lie in the policy's band."""
    band = check_band(policy, tokens[CLEANED], tokens[SELECTED])
    figures: dict[str, int | float | str] = {"selected": tokens[SELECTED], "cleaned": tokens[CLEANED]}
    if band.low is not None and band.high is not None:
        figures |= {"low": band.low, "high": band.high}
    if band.passed:
        return held("token_band", band.reason, policy=policy.version, **figures)
    return broken("token_band", band.reason, [{"policy": policy.version, **figures}], **figures)
