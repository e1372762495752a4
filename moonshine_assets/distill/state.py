"""By which rules the mash was cleaned, and the refusal to go on with one that was not, or by others."""

from __future__ import annotations

import duckdb

from moonshine_assets.distill.policy import Policy
from moonshine_assets.distill.replace import replace_rows
from moonshine_assets.errors import GateFailed
from moonshine_assets.tables.redaction import CLEANING_STATE

_UNSCANNED = """
SELECT count(*) FROM (
    SELECT content_sha256 FROM store.messages WHERE superseded_by IS NULL
    UNION
    SELECT content_sha256 FROM store.blocks WHERE superseded_by IS NULL AND content_sha256 IS NOT NULL
    UNION
    SELECT sha256(arguments) FROM store.blocks WHERE superseded_by IS NULL AND arguments IS NOT NULL
) ANTI JOIN store.text_scans USING (content_sha256)
"""


def known_redaction_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Version of the rules the stored scans were made by; empty when there are none."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS store")
    connection.execute(CLEANING_STATE.ddl())
    known = connection.execute("SELECT redaction_version FROM store.cleaning_state").fetchall()
    return known[0][0] if known else ""


def record_state(connection: duckdb.DuckDBPyConnection, redaction_version: str, policy: Policy) -> bool:
    """Write down what the mash was cleaned by. True if it was something else before."""
    return replace_rows(
        connection,
        CLEANING_STATE,
        "SELECT $redaction_version AS redaction_version, $policy_version AS policy_version",
        {"redaction_version": redaction_version, "policy_version": policy.version},
    )


def require_clean(connection: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Every text that could reach a row was searched, under this policy.

    Raises:
        GateFailed: the mash was not cleaned, was cleaned by another policy, or holds texts that came later.
    """
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not {"cleaning_state", "text_scans", "redacted_texts"} <= tables:
        raise GateFailed("the mash was never cleaned", where="store", fix="run clean first")
    state = connection.execute("SELECT policy_version FROM store.cleaning_state").fetchall()
    if state != [(policy.version,)]:
        raise GateFailed(
            f"the mash was cleaned by another policy than {policy.version}",
            where="cleaning_state",
            fix="run clean first",
        )
    (unscanned,) = connection.execute(_UNSCANNED).fetchall()[0]
    if unscanned:
        raise GateFailed(
            f"{unscanned:,} texts were not searched for secrets", where="text_scans", fix="run clean first"
        )
