"""The gate that nothing that was forgotten comes back, on a run's database and on the mash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from moonshine_assets.exports.forgotten import TOMBSTONE_SQL
from moonshine_assets.gates import Verdict, broken, held, rows

GATE = "nothing_forgotten"


def nothing_forgotten(connection: duckdb.DuckDBPyConnection, known: Iterable[dict[str, Any]]) -> Verdict:
    """No conversation of the open database, a run's or the mash, is one that was forgotten.

    Args:
        connection: the database.
        known: the home's tombstones.
    """
    names = [entry["conversation_sha256"] for entry in known]
    if not names:
        return held(GATE, "nothing was forgotten yet")
    offenders = rows(
        connection,
        f"SELECT provider, provider_run_id, conversation_sha256 FROM (SELECT provider, provider_run_id,"  # noqa: S608 - a constant
        f" {TOMBSTONE_SQL} AS conversation_sha256 FROM store.conversations)"
        " WHERE list_contains(?, conversation_sha256) ORDER BY ALL",
        [names],
    )
    if offenders:
        return broken(GATE, f"{len(offenders)} forgotten conversations are back", offenders)
    return held(GATE, f"none of {len(names)} forgotten conversations is there", tombstones=len(names))
