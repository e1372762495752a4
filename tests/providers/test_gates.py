"""Each gate of a run's database holds on a good draft and turns red for what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from exporting import chatgpt, chatgpt_node, write_zip
from intake import Intake

from moonshine_assets.gates import schema_gate
from moonshine_assets.providers.gates import (
    draft_gates,
    no_contamination,
    provider_coverage,
    receipt_balances,
    source_lock,
)
from moonshine_assets.providers.source import Secured
from moonshine_assets.tables import RUN_TABLES
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

RUN = "chatgpt_20260131_120000"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A draft with something of everything: visible, hidden, structural, quarantined, duplicate, older, empty."""
    folder = tmp_path_factory.mktemp("gates")
    bad_node = chatgpt("bad-node")
    bad_node["mapping"]["odd"] = "no object"
    hidden = chatgpt_node("hidden-1", "hidden-0", "system", "Be kind.")
    members = {
        "conversations-000.json": [
            chatgpt("one"),
            bad_node,
            chatgpt("hidden", nodes=[chatgpt_node("hidden-0", None, "user", "Hello"), hidden]),
            chatgpt("empty", []),
            chatgpt("one"),
            {"mapping": 5, "conversation_id": "broken"},
        ],
        "conversations-001.json": [chatgpt("one", ["Newer question", "Newer answer"], updated=1.8e9), chatgpt("one")],
        "user.json": {"id": "user-1"},
        "picture.png": b"\x89PNG",
        "__MACOSX/._picture.png": b"1234",
    }
    run = Intake(Home.at(folder / "home")).drafted(write_zip(folder / "export.zip", members))
    with connect(run.database_draft, read_only=False) as opened:
        yield opened


@pytest.fixture
def draft(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The draft to be broken by hand; it is whole again afterwards."""
    connection.execute("BEGIN")
    yield connection
    connection.execute("ROLLBACK")


def test_all_gates_hold_on_a_good_draft(draft: duckdb.DuckDBPyConnection) -> None:
    verdicts = draft_gates(draft, "chatgpt", RUN)
    assert [verdict.gate for verdict in verdicts if verdict.passed] == [
        "receipt_balances",
        "schema",
        "provider_coverage",
        "no_contamination",
    ]
    assert verdicts[0].figures["conversations_in"] == 8


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM store.messages WHERE message_id = (SELECT min(message_id) FROM store.messages)",
        "DELETE FROM store.conversations WHERE conversation_id = 'empty'",
        "DELETE FROM store.quarantine WHERE unit = 'conversation'",
        "DELETE FROM store.quarantine WHERE unit = 'node'",
        "DELETE FROM store.quarantine WHERE quarantine_id = (SELECT max(quarantine_id) FROM store.quarantine"
        " WHERE unit = 'older_copy')",
        "UPDATE store.quarantine SET raw = ''::BLOB WHERE unit = 'conversation'",
        "UPDATE store.receipts SET bytes_total = bytes_total + 1 WHERE member = 'conversations-000.json'",
        "UPDATE store.receipts SET bytes_sidecar = bytes_sidecar - 1 WHERE member = 'picture.png'",
        "UPDATE store.receipts SET bytes_sidecar = 0 WHERE member_role = 'ignored'",
        "UPDATE store.receipts SET nodes_in = nodes_in - 1 WHERE member = 'conversations-000.json'",
        "UPDATE store.receipts SET conversations_duplicate = 0 WHERE conversations_duplicate > 0",
        "UPDATE store.receipts SET conversations_older = 0 WHERE conversations_older > 0",
        "UPDATE store.receipts SET nodes_structural = nodes_structural + 1, nodes_in = nodes_in + 1,"
        " nodes_visible = nodes_visible - 1, nodes_duplicate = nodes_duplicate + 1 WHERE nodes_in > 0",
        "DELETE FROM store.receipts WHERE member = 'conversations-001.json'",
        "DELETE FROM store.texts WHERE text = 'Hello'",
        "UPDATE store.messages SET visible = NOT visible WHERE conversation_id = 'hidden'",
        "UPDATE store.messages SET message_id = 'renamed' WHERE conversation_id = 'one' AND position = 0",
    ],
)
def test_a_receipt_broken_by_hand_turns_red(draft: duckdb.DuckDBPyConnection, statement: str) -> None:
    draft.execute(statement)
    verdict = receipt_balances(draft)
    assert not verdict.passed
    assert verdict.offenders


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store.messages SET role = 'robot' WHERE conversation_id = 'one'",
        "UPDATE store.messages SET depth = -1 WHERE conversation_id = 'one'",
        "UPDATE store.messages SET record_uid = upper(record_uid)",
        "UPDATE store.blocks SET kind = 'prose'",
        "UPDATE store.receipts SET member_role = 'unknown'",
        "INSERT INTO store.texts SELECT * FROM store.texts LIMIT 1",
        "INSERT INTO store.conversations SELECT * FROM store.conversations WHERE conversation_id = 'empty'",
        "ALTER TABLE store.messages ALTER depth TYPE BIGINT",
    ],
)
def test_a_row_against_its_declaration_turns_the_schema_gate_red(
    draft: duckdb.DuckDBPyConnection, statement: str
) -> None:
    draft.execute(statement)
    assert not schema_gate(draft, RUN_TABLES).passed


@pytest.mark.parametrize("table", ["conversations", "messages", "blocks", "quarantine", "receipts"])
@pytest.mark.parametrize("column", ["provider", "provider_run_id"])
def test_a_row_of_another_run_turns_coverage_red(draft: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    draft.execute(f"UPDATE store.{table} SET {column} = 'other' WHERE rowid = (SELECT min(rowid) FROM store.{table})")
    verdict = provider_coverage(draft, "chatgpt", RUN)
    assert not verdict.passed
    assert verdict.offenders == [{"table": table, "rows": 1, "expected_run": RUN}]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store.conversations SET source_type = 'stackoverflow' WHERE conversation_id = 'one'",
        "DELETE FROM store.conversations WHERE conversation_id = 'one'",
    ],
)
def test_a_foreign_source_turns_contamination_red(draft: duckdb.DuckDBPyConnection, statement: str) -> None:
    draft.execute(statement)
    verdict = no_contamination(draft)
    assert not verdict.passed
    assert [offender["conversation_id"] for offender in verdict.offenders] == ["one"]


def test_the_source_lock_holds_for_the_locked_bytes_alone(tmp_path: Path) -> None:
    secured = Secured(tmp_path, "a" * 64, 10)
    assert source_lock(secured, {"source_sha256": "a" * 64}).passed
    assert source_lock(secured, {"source_sha256": "a" * 64}, "a" * 64).passed
    assert not source_lock(secured, {"source_sha256": "b" * 64}).passed
    assert not source_lock(secured, {"source_sha256": "a" * 64}, "b" * 64).passed


def test_offenders_are_ids_and_counts_and_never_text(draft: duckdb.DuckDBPyConnection) -> None:
    draft.execute("UPDATE store.messages SET role = 'robot', provider = 'other'")
    draft.execute("DELETE FROM store.texts")
    verdicts = draft_gates(draft, "chatgpt", RUN)
    assert sum(not verdict.passed for verdict in verdicts) == 3
    assert "moon" not in str(verdicts) and "Newer question" not in str(verdicts)
