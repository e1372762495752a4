"""The gates of a merge look at what it touches: every fault a run can bring is refused, and nothing else is read."""

from __future__ import annotations

import pytest

from mash.runs import FIRST, NOW, SECOND, account, content, merge, publish_run, read, talk
from moonshine_assets.mash.checked import merge_checked
from moonshine_assets.mash.merge import RunFacts
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: Faults of a run's database, and the gate that sees each.
FAULTS = [
    ("mash_schema", "INSERT INTO store.messages SELECT * FROM store.messages WHERE message_id = 'c5-0'"),
    ("mash_schema", "UPDATE store.messages SET role = 'narrator' WHERE message_id = 'c5-0'"),
    ("mash_schema", "UPDATE store.texts SET tokens = -1 WHERE text = 'only here'"),
    ("mash_schema", "INSERT INTO store.texts SELECT * FROM store.texts WHERE text = 'only here'"),
    ("provider_coverage", "UPDATE store.blocks SET source_file_sha256 = sha256('x')"),
    ("mash_integrity", "DELETE FROM store.conversations WHERE conversation_id = 'c5'"),
    ("mash_integrity", "UPDATE store.blocks SET record_uid = sha256('nobody') WHERE message_id = 'c5-0'"),
    ("mash_integrity", "DELETE FROM store.texts WHERE text = 'only here'"),
    ("mash_integrity", "INSERT INTO store.texts VALUES (sha256('nobody'), 'nobody', 1)"),
    ("mash_integrity", "UPDATE store.messages SET content_tokens = 99 WHERE message_id = 'c5-0'"),
]


def runs(home: Home) -> tuple[RunFacts, RunFacts]:
    """Two exports of one account: c0 went on, c5 is new."""
    first = publish_run(home, [talk("c0", "a", "b"), talk("c1", "x", "y")], FIRST)
    return first, publish_run(home, [talk("c0", "a", "b", "c", updated=2), talk("c5", "only here", "a")], SECOND)


@pytest.mark.parametrize(("gate", "damage"), FAULTS)
def test_a_fault_the_run_brings_is_refused_and_the_mash_is_as_it_was(home: Home, gate: str, damage: str) -> None:
    first, second = runs(home)
    merge(home, first)
    before = content(home.mash)
    second.database.chmod(0o644)
    with connect(second.database, read_only=False) as connection:
        connection.execute(damage)
    with connect(home.mash, read_only=False) as connection:
        done, verdicts = merge_checked(connection, second, moment=NOW, reason="test")
    assert done is None
    assert gate in {verdict.gate for verdict in verdicts if not verdict.passed}
    assert content(home.mash) == before


def test_gates_count_what_is_touched_and_not_the_mash(home: Home) -> None:
    first, second = runs(home)
    merge(home, publish_run(home, account(30, first=100), "chatgpt_20251201_120000"))
    merge(home, first)
    with connect(home.mash, read_only=False) as connection:
        done, verdicts = merge_checked(connection, second, moment=NOW, reason="test")
    assert done is not None
    seen = {verdict.gate: verdict for verdict in verdicts}
    assert seen["provider_coverage"].passed
    # Two conversations and the older version of one, five messages and two older ones, as many blocks, two receipts.
    assert seen["provider_coverage"].figures["rows"] == 3 + 7 + 7 + 2
    assert read(home, "SELECT count(*) FROM store.messages") == [(120 + 4 + 5,)]


def test_nothing_of_the_looking_stays_behind(home: Home) -> None:
    first, second = runs(home)
    merge(home, first)
    with connect(home.mash, read_only=False) as connection:
        merge_checked(connection, second, moment=NOW, reason="test")
        left = "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal UNION ALL SELECT table_name FROM"
        assert connection.execute(f"{left} duckdb_tables() WHERE temporary").fetchall() == []
