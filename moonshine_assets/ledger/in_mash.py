"""What the mash holds now of each run, to be held against the run's own ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from moonshine_assets.gates import rows
from moonshine_assets.mash.journal import rolled_back
from moonshine_assets.mash.missing import accounts

_HERE = Path(__file__).parent


@dataclass
class InMash:
    """A run's part of the mash; tokens of user, assistant and tool messages.

    Args:
        raw: of its export, as its merge was told.
        recounted: of all its rows, each as long as its text.
        current: of its rows that no newer version replaces.
        texts: of its distinct texts.
        kept: of the distinct texts that are counted with this run, as cleaning left them.
        selected: of those, in the slice.
        superseded: messages and tokens by the run that superseded them.
        superseded_texts: number and tokens of distinct texts that only its superseded rows have.
        repeated: number and tokens of its distinct texts that are counted with another run, by that run.
        shortened: number of texts kept with this run that cleaning made shorter, and by how many tokens.
        cleaned_away: number and tokens of its distinct texts that the policy's cleaning leaves out.
    """

    run_id: str
    provider: str
    database_sha256: str
    raw: int
    recounted: int = 0
    current: int = 0
    texts: int = 0
    kept: int = 0
    selected: int = 0
    superseded: dict[str, tuple[int, int]] = field(default_factory=dict)
    superseded_texts: tuple[int, int] = (0, 0)
    repeated: dict[str, tuple[int, int]] = field(default_factory=dict)
    shortened: tuple[int, int] = (0, 0)
    cleaned_away: tuple[int, int] = (0, 0)


def runs_in_mash(connection: duckdb.DuckDBPyConnection) -> dict[str, InMash]:
    """Every merged run by id, of a mash that has been cleaned and sliced."""
    found = {
        row["provider_run_id"]: InMash(
            row["provider_run_id"], row["provider"], row["database_sha256"], row["raw_json_tokens"]
        )
        for row in rows(connection, "SELECT * FROM store.runs ORDER BY provider_run_id")
    }
    for row in rows(connection, _sql("runs_in_mash")):
        run = found[row["run_id"]]
        run.recounted += row["recounted"]
        run.current += row["current"]
        run.texts += row["texts"]
        run.selected += row["selected"]
        count, tokens = run.superseded_texts
        run.superseded_texts = (count + row["superseded_count"], tokens + row["superseded_texts"])
        if row["kept_with"] == run.run_id:
            run.kept += row["cleaned_tokens"]
            run.shortened = (row["shortened_count"], row["current_texts"] - row["cleaned_tokens"])
        elif row["kept_with"] is not None:
            run.repeated[row["kept_with"]] = (row["current_count"], row["current_texts"])
        else:
            run.cleaned_away = (row["current_count"], row["current_texts"])
    for row in rows(connection, _sql("superseded_in_mash")):
        found[row["run_id"]].superseded[row["superseded_by"]] = (row["messages"], row["tokens"])
    return found


def successive_exports(connection: duckdb.DuckDBPyConnection, runs: dict[str, InMash]) -> list[tuple[str, str]]:
    """Every run that has an export of the same account before it, with that one: (newer, older)."""
    pairs = []
    for provider in sorted({run.provider for run in runs.values()}):
        of_provider = {run.run_id for run in runs.values() if run.provider == provider}
        for account in accounts(connection, provider, of_provider):
            pairs += list(zip(account[1:], account, strict=False))
    return pairs


def conversation_changes(
    connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]
) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """Of each pair of exports (newer, older): kinds of change with conversations and tokens (between_exports.sql)."""
    changes: dict[tuple[str, str], list[tuple[str, int, int]]] = {pair: [] for pair in pairs}
    for row in rows(connection, _sql("between_exports"), _sides(pairs)):
        changes[row["newer"], row["older"]].append((row["change"], row["conversations"], row["tokens"]))
    return changes


def text_changes(
    connection: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]
) -> dict[tuple[str, str], dict[bool, tuple[int, int]]]:
    """Of each pair: number and tokens of the texts only the newer (True) or only the older one has."""
    changes: dict[tuple[str, str], dict[bool, tuple[int, int]]] = {pair: {} for pair in pairs}
    for row in rows(connection, _sql("texts_between_exports"), _sides(pairs)):
        changes[row["newer"], row["older"]][row["in_newer"]] = (row["texts"], row["tokens"])
    return changes


def why_outside(connection: duckdb.DuckDBPyConnection, run_ids: list[str]) -> dict[str, str]:
    """Kind (mismatch.py) of each run the mash does not hold."""
    taken_out = rolled_back(connection)
    return {run_id: "rolled_back" if run_id in taken_out else "staged" for run_id in run_ids}


def _sides(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {"newer": [newer for newer, _ in pairs], "older": [older for _, older in pairs]}


def _sql(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text("utf-8")
