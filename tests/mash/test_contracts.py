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
from moonshine_assets.mash.views import VIEWS
from moonshine_assets.tables.schema import Table
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

BreakIt = Callable[..., Path]

HEADER = "-- contract: example\n-- question: How many?\n-- column: n INTEGER\n"
#: What a careless change of a view would make of it.
ONE_SIBLING = "CREATE OR REPLACE VIEW main.branches AS SELECT *, 1::BIGINT AS siblings FROM main.messages"
TURN_AGAIN = (
    "CREATE OR REPLACE VIEW main.turns AS SELECT m.*, 1::BIGINT AS turn, 1::BIGINT AS answers,"
    " [message_id] AS answer_ids, 1 AS question_tokens, 1::BIGINT AS answer_tokens FROM main.messages AS m"
    " WHERE on_active_path AND author_kind = 'human'"
)
TURNS_OF_EVERY_BRANCH = TURN_AGAIN.replace("on_active_path AND", "").replace(
    "1::BIGINT AS turn", "position + 1::BIGINT AS turn"
)
FEEDBACK_OF_NOTHING = """
INSERT INTO store.feedback BY NAME
SELECT provider, provider_run_id, source_file_sha256, source_path, ingested_at, record_uid, conversation_id,
       'nothing' AS message_id, 'f#0' AS feedback_id, 'rating' AS kind, 'up' AS value, []::VARCHAR[] AS tags,
       'feedback.json' AS source_member, true AS joined
FROM store.conversations WHERE superseded_by IS NULL AND conversation_id = 'c1'
"""


def red(verdict: Verdict) -> set[str]:
    return {offender["contract"] for offender in verdict.offenders}


def test_every_contract_keeps_its_promises_on_a_good_mash(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        verdict = query_contracts(connection)
    assert verdict.passed, verdict
    assert verdict.figures == {
        "rows_branch_siblings": 2,
        "rows_conversation_turns": 6,
        "rows_feedback_with_message": 0,
        "rows_format_shapes": 2,
        "rows_rows_trace_to_raw_bytes": 2,
        "rows_tokens_by_provider_month": 1,
        "rows_turns_pair_questions_with_answers": 10,
        "rows_usage_by_month": 1,
    }


def test_each_declares_a_question_and_an_invariant() -> None:
    names = [contract.name for contract in contracts.load()]
    assert names == [
        "branch_siblings",
        "conversation_turns",
        "feedback_with_message",
        "format_shapes",
        "rows_trace_to_raw_bytes",
        "tokens_by_provider_month",
        "turns_pair_questions_with_answers",
        "usage_by_month",
    ]
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


def test_a_turn_has_the_question_and_what_answered_it(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        turns = connection.execute(
            "SELECT turn, message_id, question, answers, answer_ids, answer, answer_tokens FROM turns"
            " WHERE conversation_id IN ('c0', 'c1') ORDER BY conversation_id, turn"
        ).fetchall()
    assert turns == [
        (1, "c0-0", "Hello there", 1, ["c0-1"], "Hi", 1),
        (2, "c0-2", "And now?", 1, ["c0-3"], "Later", 1),
        (1, "c1-0", "Tea or coffee?", 1, ["c1-again"], "Tea again", 2),
    ]


def test_a_branch_lists_every_sibling(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        found = connection.execute(
            "SELECT conversation_id, parent_id, siblings, message_id, on_active_path FROM branches"
            " ORDER BY sibling_index"
        ).fetchall()
    assert found == [("c1", "c1-0", 2, "c1-1", False), ("c1", "c1-0", 2, "c1-again", True)]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_the_columns_it_declares(merged: Home, view: Table) -> None:
    with connect(merged.mash, read_only=True) as connection:
        shown = connection.sql(f"FROM main.{view.name}")
        live = [(name, str(type_)) for name, type_ in zip(shown.columns, shown.types, strict=True)]
    assert live == [(column.name, column.type) for column in view.columns]


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
        ("branch_siblings", "UPDATE store.conversations SET branch_points = 7 WHERE conversation_id = 'c1'"),
        ("branch_siblings", "UPDATE store.messages SET sibling_index = 0 WHERE conversation_id = 'c1'"),
        ("branch_siblings", "UPDATE store.messages SET on_active_path = true WHERE conversation_id = 'c1'"),
        ("branch_siblings", ONE_SIBLING),
        ("turns_pair_questions_with_answers", TURN_AGAIN),
        ("turns_pair_questions_with_answers", TURNS_OF_EVERY_BRANCH),
        ("usage_by_month", "UPDATE store.messages SET content_tokens = content_tokens + 1 WHERE message_id = 'c1-0'"),
        ("usage_by_month", "DELETE FROM store.messages WHERE message_id = 'c1-0'"),
        ("usage_by_month", "UPDATE store.runs SET content_tokens_non_system = content_tokens_non_system + 1"),
        ("feedback_with_message", FEEDBACK_OF_NOTHING),
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
