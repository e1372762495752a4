"""By which rules the mash was cleaned, and the refusal to go on with one that was not, or by others."""

from __future__ import annotations

from typing import NamedTuple

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


class Known(NamedTuple):
    """Versions of the rules that the stored tables were made by; empty when there are none."""

    redaction: str
    signals: str


def known_versions(connection: duckdb.DuckDBPyConnection) -> Known:
    """What the mash was last cleaned by."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS store")
    connection.execute(CLEANING_STATE.ddl())
    known = connection.execute("SELECT redaction_version, signals_version FROM store.cleaning_state").fetchall()
    return Known(*known[0]) if known else Known("", "")


def record_state(connection: duckdb.DuckDBPyConnection, made_by: Known, policy: Policy) -> bool:
    """Write down what the mash was cleaned by. True if it was something else before."""
    return replace_rows(
        connection,
        CLEANING_STATE,
        "SELECT $redaction AS redaction_version, $signals AS signals_version, $policy AS policy_version",
        {**made_by._asdict(), "policy": policy.version},
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
