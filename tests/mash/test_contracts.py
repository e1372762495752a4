"""Query contracts: what they declare is what they answer, and broken data turns them red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from moonshine_assets.errors import BadInput
from moonshine_assets.gates import Verdict
from moonshine_assets.mash import contracts
from moonshine_assets.mash.contracts import Contract, query_contracts
from moonshine_assets.mash.schema import create
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

BreakIt = Callable[..., Path]

HEADER = "-- contract: example\n-- question: How many?\n-- column: n INTEGER\n"


def red(verdict: Verdict) -> set[str]:
    return {offender["contract"] for offender in verdict.offenders}


def test_every_contract_keeps_its_promises_on_a_good_mash(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        verdict = query_contracts(connection)
    assert verdict.passed, verdict
    assert verdict.figures == {
        "rows_conversation_turns": 6,
        "rows_format_shapes": 2,
        "rows_rows_trace_to_raw_bytes": 2,
        "rows_tokens_by_provider_month": 1,
    }


def test_each_declares_a_question_and_an_invariant() -> None:
    names = [contract.name for contract in contracts.load()]
    assert names == ["conversation_turns", "format_shapes", "rows_trace_to_raw_bytes", "tokens_by_provider_month"]
    assert all(contract.question.endswith("?") and contract.invariants for contract in contracts.load())


def test_turns_are_those_of_the_shown_path(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        turns = contracts.run(connection, "conversation_turns")
    shown = turns.filter(pl.col("conversation_id").is_in(["c0", "c1"])).select(
        "conversation_id", "human_turns", "model_turns", "branch_points", "active_depth"
    )
    assert shown.sort("conversation_id").rows() == [("c0", 2, 2, 0, 4), ("c1", 1, 1, 1, 2)]


def test_tokens_are_those_of_current_messages(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        answer = contracts.run(connection, "tokens_by_provider_month")
        ((tokens, messages),) = connection.execute("SELECT sum(content_tokens), count(*) FROM main.messages").fetchall()
    assert answer.select("provider", "messages", "tokens").rows() == [("chatgpt", messages, tokens)]


@pytest.mark.parametrize(
    ("contract", "damage"),
    [
        ("rows_trace_to_raw_bytes", "UPDATE store.messages SET raw_end = 1000000 WHERE message_id = 'c1-0'"),
        ("rows_trace_to_raw_bytes", "UPDATE store.messages SET raw_start = raw_end WHERE message_id = 'c1-0'"),
        ("rows_trace_to_raw_bytes", "UPDATE store.messages SET raw_member = 'x' WHERE message_id = 'c1-0'"),
        ("rows_trace_to_raw_bytes", "UPDATE store.messages SET source_file_sha256 = sha256('x')"),
        ("rows_trace_to_raw_bytes", "DELETE FROM store.receipts"),
        ("rows_trace_to_raw_bytes", "DELETE FROM store.runs"),
        ("tokens_by_provider_month", "UPDATE store.messages SET content_tokens = 99 WHERE message_id = 'c1-0'"),
        ("tokens_by_provider_month", "UPDATE store.messages SET content_tokens = -1 WHERE message_id = 'c1-0'"),
        ("tokens_by_provider_month", "UPDATE store.runs SET content_tokens_non_system = 0"),
        ("format_shapes", "DELETE FROM store.runs"),
        ("format_shapes", "INSERT INTO store.runs SELECT * FROM store.runs"),
        ("conversation_turns", "UPDATE store.conversations SET branch_points = 7 WHERE conversation_id = 'c1'"),
        ("conversation_turns", "UPDATE store.messages SET sibling_index = 1 WHERE message_id = 'c2-1'"),
        ("conversation_turns", "UPDATE store.messages SET on_active_path = false WHERE conversation_id = 'c1'"),
        ("conversation_turns", "UPDATE store.messages SET on_active_path = true WHERE conversation_id = 'c1'"),
        (
            "conversation_turns",
            "INSERT INTO store.conversations SELECT * FROM store.conversations WHERE conversation_id = 'c2'",
        ),
    ],
)
def test_broken_data_turns_the_contract_red(broken_by: BreakIt, contract: str, damage: str) -> None:
    with connect(broken_by(damage), read_only=True) as connection:
        assert contract in red(query_contracts(connection))


def test_an_answer_with_other_columns_is_red(merged: Home) -> None:
    contract = Contract("example", "?", (("n", "BIGINT"),), (), "SELECT 1 AS n")
    with connect(merged.mash, read_only=True) as connection:
        verdict = query_contracts(connection, [contract])
    assert verdict.offenders == [
        {"contract": "example", "rule": "result columns", "declared": "n BIGINT", "found": "n INTEGER"}
    ]


def test_an_invariant_that_is_null_does_not_hold(merged: Home) -> None:
    contract = Contract("example", "?", (("n", "INTEGER"),), ("max(n) > 0",), "SELECT 1 AS n WHERE false")
    with connect(merged.mash, read_only=True) as connection:
        assert red(query_contracts(connection, [contract])) == {"example"}


def test_a_query_the_mash_cannot_answer_is_red(broken_by: BreakIt) -> None:
    with connect(broken_by("DROP VIEW main.runs"), read_only=True) as connection:
        verdict = query_contracts(connection)
    assert red(verdict) == {"rows_trace_to_raw_bytes", "tokens_by_provider_month"}


def test_an_empty_mash_keeps_every_contract(home: Home) -> None:
    home.mash.parent.mkdir(parents=True)
    with connect(home.mash, read_only=False) as connection:
        create(connection)
        assert query_contracts(connection).passed


def test_a_contract_is_read_from_its_header(tmp_path: Path) -> None:
    (tmp_path / "example.sql").write_text(HEADER + "-- invariant: count(*) = 1\n-- One row.\nSELECT 1 AS n\n")
    (contract,) = contracts.load(tmp_path)
    assert contract == Contract(
        "example", "How many?", (("n", "INTEGER"),), ("count(*) = 1",), "-- One row.\nSELECT 1 AS n"
    )


@pytest.mark.parametrize("line", ["-- contract: example\n", "-- question: How many?\n", "-- column: n INTEGER\n"])
def test_an_incomplete_header_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "example.sql").write_text(HEADER.replace(line, "") + "SELECT 1 AS n\n")
    with pytest.raises(BadInput, match=r"example\.sql"):
        contracts.load(tmp_path)


def test_an_unknown_contract_is_refused_with_those_there_are(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection, pytest.raises(BadInput, match="conversation_turns"):
        contracts.run(connection, "nothing")
