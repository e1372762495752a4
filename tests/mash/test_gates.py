"""Each gate of the mash holds on a good one, and names what breaks it in a broken one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mash.runs import FIRST, SECOND, merge, no_gates, publish_run, talk
from moonshine_assets.gates import Verdict
from moonshine_assets.mash import gates
from moonshine_assets.mash.gates import mash_gates, mash_integrity, mash_schema, merge_idempotent, provider_coverage
from moonshine_assets.mash.texts import KEY_SQL
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

BreakIt = Callable[..., Path]

WRONG_ROWS = [
    ("message_without_conversation", "DELETE FROM store.conversations WHERE conversation_id = 'c1'"),
    ("part_without_message", "DELETE FROM store.messages WHERE message_id = 'c1-0'"),
    (
        "part_without_message",
        "INSERT INTO store.attachments BY NAME SELECT COLUMNS('^(provider|source|ingested|conversation|message)'),"
        " sha256('x') AS record_uid, 0 AS ordinal FROM (SELECT * EXCLUDE (superseded_by) FROM store.blocks LIMIT 1)",
    ),
    (
        "feedback_without_message",
        "INSERT INTO store.feedback BY NAME SELECT COLUMNS('^(provider|source_|ingested|conversation)'),"
        " record_uid, 'nowhere' AS message_id, 'conversations.json#0/0' AS feedback_id, 'rating' AS kind, []::VARCHAR[]"
        " AS tags, 'conversations.json' AS source_member, true AS joined FROM (FROM store.messages LIMIT 1)",
    ),
    (
        "statement_mark_differs",
        f"INSERT INTO store.feedback BY NAME SELECT COLUMNS('^(provider|source_|ingested|conversation|message)'),"
        f" record_uid, 'conversations.json#0/0' AS feedback_id, 'rating' AS kind, []::VARCHAR[] AS tags,"
        f" 'conversations.json' AS source_member, true AS joined, '{SECOND}' AS superseded_by"
        f" FROM (FROM store.messages WHERE conversation_id = 'c2')",
    ),
    ("text_missing", "DELETE FROM store.texts WHERE text = 'Tea'"),
    (
        "text_unused",
        f"INSERT INTO store.texts SELECT content_sha256, 'nobody', 1, {KEY_SQL}"
        " FROM (SELECT sha256('nobody') AS content_sha256)",
    ),
    ("text_key_differs", "UPDATE store.texts SET text_key = 7 WHERE text = 'Tea'"),
    ("missing_mark_differs", f"UPDATE store.conversations SET missing_since = '{SECOND}' WHERE conversation_id = 'c1'"),
    (
        "missing_mark_differs",
        "UPDATE store.conversations SET missing_since = 'chatgpt_20990101_000000' WHERE missing_since IS NOT NULL",
    ),
    ("token_count_differs", "UPDATE store.texts SET tokens = 99 WHERE text = 'Tea'"),
    ("token_count_differs", "UPDATE store.messages SET content_tokens = 99 WHERE message_id = 'c1-1'"),
    ("current_versions", "UPDATE store.conversations SET superseded_by = NULL"),
    ("current_versions", f"UPDATE store.conversations SET superseded_by = '{FIRST}' WHERE conversation_id = 'c2'"),
    ("mark_differs", "UPDATE store.messages SET superseded_by = NULL"),
    ("mark_differs", f"UPDATE store.blocks SET superseded_by = '{SECOND}' WHERE conversation_id = 'c2'"),
    (
        "older_version_current",
        "UPDATE store.conversations SET superseded_by = 'chatgpt_20990101_000000' WHERE superseded_by IS NOT NULL",
    ),
    (
        "older_version_current",
        "UPDATE store.conversations SET updated_at = '2099-01-01' WHERE superseded_by IS NOT NULL",
    ),
]


def problems(verdict: Verdict) -> set[str]:
    return {offender["problem"] for offender in verdict.offenders}


def test_every_gate_holds_on_a_mash_of_two_exports(merged: Home) -> None:
    with connect(merged.mash, read_only=True) as connection:
        verdicts = mash_gates(connection)
    assert [verdict.gate for verdict in verdicts] == ["mash_schema", "provider_coverage", "mash_integrity"]
    assert all(verdict.passed for verdict in verdicts), verdicts
    assert verdicts[1].figures["runs"] == 2


@pytest.mark.parametrize(("problem", "damage"), WRONG_ROWS)
def test_integrity_names_each_kind_of_wrong_row(broken_by: BreakIt, problem: str, damage: str) -> None:
    with connect(broken_by(damage), read_only=True) as connection:
        verdict = mash_integrity(connection)
    assert not verdict.passed
    assert problem in problems(verdict)
    assert verdict.offender_count == sum(verdict.figures.values()) > 0  # type: ignore[arg-type]
    assert "Tea" not in str(verdict), "texts never show in a verdict"


def test_every_integrity_rule_has_been_seen_to_fail() -> None:
    assert {problem for problem, _ in WRONG_ROWS} == {path.stem for path in gates._INTEGRITY}


def test_the_number_of_offenders_is_given_in_full_and_ten_are_shown(broken_by: BreakIt) -> None:
    copy = broken_by(
        f"INSERT INTO store.texts SELECT content_sha256, 'n', 1, {KEY_SQL}"
        " FROM (SELECT sha256('n' || i) AS content_sha256 FROM range(500) t(i))"
    )
    with connect(copy, read_only=True) as connection:
        verdict = mash_integrity(connection)
    assert (verdict.offender_count, len(verdict.offenders)) == (500, 10)


@pytest.mark.parametrize(
    ("problem", "damage"),
    [
        ("names no merged run", "UPDATE store.blocks SET provider = 'claude' WHERE conversation_id = 'c1'"),
        ("names no merged run", f"DELETE FROM store.runs WHERE provider_run_id = '{FIRST}'"),
        ("names no merged run", "UPDATE store.messages SET source_file_sha256 = sha256('x') WHERE message_id = 'c1-0'"),
        ("run is not whole", "DELETE FROM store.messages WHERE message_id = 'c1-0'"),
        ("run is not whole", f"DELETE FROM store.conversations WHERE provider_run_id = '{SECOND}'"),
    ],
)
def test_coverage_names_rows_without_a_run_and_runs_without_rows(broken_by: BreakIt, problem: str, damage: str) -> None:
    with connect(broken_by(damage), read_only=True) as connection:
        verdict = provider_coverage(connection)
    assert not verdict.passed
    assert problem in problems(verdict)


@pytest.mark.parametrize(
    ("rule", "damage"),
    [
        ("unique key", "INSERT INTO store.messages SELECT * FROM store.messages WHERE message_id = 'c1-0'"),
        ("isin", "UPDATE store.messages SET role = 'narrator' WHERE message_id = 'c1-0'"),
        ("str_matches", "UPDATE store.runs SET database_sha256 = 'placeholder'"),
    ],
)
def test_schema_names_the_rule_a_row_breaks(broken_by: BreakIt, rule: str, damage: str) -> None:
    with connect(broken_by(damage), read_only=True) as connection:
        verdict = mash_schema(connection)
    assert (verdict.gate, verdict.passed) == ("mash_schema", False)
    assert any(rule in offender["rule"] for offender in verdict.offenders)


def test_a_merged_run_is_idempotent_with_its_figures(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "a", "b")], FIRST))
    second = publish_run(home, [talk("c0", "a", "b", "c", updated=2)], SECOND)
    merge(home, second)
    with connect(home.mash, read_only=True) as connection:
        verdict = merge_idempotent(connection, second)
    assert verdict.passed
    assert verdict.figures == {
        "inserted": 1 + 1 + 3 + 3 + 1 + 1 + 1,
        "updated": 0,
        "superseded": 1 + 2 + 2,
        "skipped": 2,
        "removed": 0,
        "written_by_merging_again": 0,
    }


def test_idempotence_is_also_asked_inside_the_merge(home: Home) -> None:
    run = publish_run(home, [talk("c0", "a", "b")], FIRST)
    merge(home, run, gates=lambda connection: [merge_idempotent(connection, run)])


def test_a_run_that_is_not_merged_yet_is_not_idempotent(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "a", "b")], FIRST))
    other = publish_run(home, [talk("c1", "x", "y")], SECOND)
    with connect(home.mash, read_only=True) as connection:
        verdict = merge_idempotent(connection, other)
    assert not verdict.passed
    assert {"table": "messages", "rows": 2, "run_id": SECOND} in verdict.offenders


def test_a_row_changed_behind_the_merge_is_found(home: Home) -> None:
    run = publish_run(home, [talk("c0", "a", "b")], FIRST)
    merge(home, run, gates=no_gates)
    with connect(home.mash, read_only=False) as connection:
        connection.execute("UPDATE store.messages SET model = 'other' WHERE message_id = 'c0-1'")
    with connect(home.mash, read_only=True) as connection:
        verdict = merge_idempotent(connection, run)
    assert verdict.figures["written_by_merging_again"] == 1
