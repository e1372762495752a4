"""Merging: all or nothing, again writes nothing, the newest version of a conversation is the current one."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest

from mash.runs import FIRST, NOW, SECOND, account, content, merge, no_gates, publish_run, read, talk
from moonshine_assets.errors import Corruption, GateFailed
from moonshine_assets.gates import Verdict, broken
from moonshine_assets.mash.gates import mash_gates
from moonshine_assets.mash.merge import Merge, merge_manifest
from moonshine_assets.mash.schema import PLAIN, TEXTS, VERSIONED
from moonshine_resources.atomic import sha256_file
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: Tables whose rows say nothing about when or in which order runs were merged.
TIMELESS = (*VERSIONED, *PLAIN, TEXTS)


def counts(merge: Merge, table: str) -> tuple[int, ...]:
    (found,) = [found for found in merge.tables if found.table == table]
    return tuple(found[1:6])


def current(home: Home) -> list[tuple[object, ...]]:
    return read(home, "SELECT conversation_id, provider_run_id, message_count FROM main.conversations ORDER BY ALL")


def test_a_merge_inserts_every_row_of_the_run(home: Home) -> None:
    merged = merge(home, publish_run(home, account(5), FIRST))
    assert counts(merged, "conversations") == (5, 0, 0, 0, 0)
    assert counts(merged, "messages") == (20, 0, 0, 0, 0)
    assert counts(merged, "runs") == (1, 0, 0, 0, 0)
    assert read(home, "SELECT count(*), count(text), count(DISTINCT text) FROM main.messages") == [(20, 20, 20)]


def test_merging_again_writes_nothing_not_a_byte(home: Home) -> None:
    run = publish_run(home, account(5), FIRST)
    merge(home, run)
    before = sha256_file(home.mash)
    again = merge(home, run, moment=NOW.replace(year=2027))
    assert again.written == 0
    assert [table.skipped for table in again.tables] == [20, 5, 20, 20, 0, 0, 0, 1, 1, 1]
    assert sha256_file(home.mash) == before


def test_an_equal_text_of_another_run_is_stored_once(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "Hello", "Hi")], FIRST))
    second = merge(home, publish_run(home, [talk("c9", "Hello", "Servus")], SECOND))
    assert counts(second, "texts") == (1, 0, 1, 0, 0)
    assert read(home, "SELECT count(*) FROM store.texts") == [(3,)]


def test_a_later_export_of_the_account_supersedes_whole_conversations(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "Hello", "Hi"), talk("c1", "Tea?", "Yes")], FIRST))
    grown = talk("c0", "Hello", "Hi", "And?", "Well", updated=3)
    second = merge(home, publish_run(home, [grown], SECOND))
    assert counts(second, "conversations") == (1, 0, 0, 1, 0)
    assert counts(second, "messages") == (4, 0, 0, 2, 0)
    assert counts(second, "blocks") == (4, 0, 0, 2, 0)
    assert current(home) == [("c0", SECOND, 4), ("c1", FIRST, 2)]
    assert read(home, "SELECT count(*) FROM main.messages") == [(6,)]
    assert read(home, "SELECT count(*) FROM store.messages") == [(8,)]
    old = "SELECT DISTINCT superseded_by FROM store.messages WHERE provider_run_id = '{}' AND conversation_id = 'c0'"
    assert read(home, old.format(FIRST)) == [(SECOND,)]


@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [
        pytest.param(talk("c0", "a", "b", updated=5), talk("c0", "a", "b", "c", updated=4), FIRST, id="changed later"),
        pytest.param(talk("c0", "a", "b", "c"), talk("c0", "a", "b"), FIRST, id="same time, more messages"),
        pytest.param(talk("c0", "a", "b"), talk("c0", "a", "b"), SECOND, id="same in all, exported later"),
    ],
)
def test_the_newest_version_is_the_current_one(home: Home, first: object, second: object, newest: str) -> None:
    merge(home, publish_run(home, [first], FIRST))  # type: ignore[list-item]
    merge(home, publish_run(home, [second], SECOND))  # type: ignore[list-item]
    assert [run for _, run, _ in current(home)] == [newest]


def test_the_order_of_merging_does_not_matter_for_what_is_current(tmp_path: Path) -> None:
    exports = {
        FIRST: [talk("c0", "a", "b"), talk("c1", "a", "b", updated=9), talk("c2", "a", "b")],
        SECOND: [talk("c0", "a", "b", "c", updated=2), talk("c1", "a", updated=2), talk("c3", "a", "b")],
        "chatgpt_20260301_120000": [talk("c0", "a", "b", "c", "d", updated=1), talk("c2", "a", "b")],
    }
    origin = Home.at(tmp_path / "origin")
    runs = [publish_run(origin, conversations, run_id) for run_id, conversations in exports.items()]
    hashes = set()
    for rank, order in enumerate(itertools.permutations(runs)):
        home = Home.at(tmp_path / str(rank))
        for run in order:
            merge(home, run)
        hashes.add(content(home.mash, TIMELESS))
        assert [run for _, run, _ in current(home)] == [SECOND, FIRST, "chatgpt_20260301_120000", SECOND]
    assert len(hashes) == 1


def test_other_providers_conversations_are_left_alone(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "a", "b")], FIRST))
    merge(home, publish_run(home, [talk("c0", "a", "b", "c", updated=5)], "claude_20260201_120000"))
    assert [run for _, run, _ in current(home)] == [FIRST, "claude_20260201_120000"]


def test_a_run_built_anew_is_brought_up_to_date(home: Home, tmp_path: Path) -> None:
    merge(home, publish_run(home, [talk("c0", "a", "b")], FIRST))
    merge(home, publish_run(home, [talk("c0", "a", "b", "c", updated=5), talk("c1", "x", "y")], SECOND))
    rebuilt = publish_run(Home.at(tmp_path / "other"), [talk("c1", "x", "better"), talk("c2", "new")], SECOND)
    merged = merge(home, rebuilt, moment=NOW.replace(day=21))
    assert counts(merged, "conversations") == (1, 1, 0, 1, 1)
    assert counts(merged, "messages") == (1, 2, 0, 2, 3)
    assert current(home) == [("c0", FIRST, 2), ("c1", SECOND, 2), ("c2", SECOND, 1)]
    assert read(home, "SELECT text FROM store.texts ORDER BY 1") == [("a",), ("b",), ("better",), ("new",), ("x",)]
    fresh = Home.at(tmp_path / "fresh")
    merge(fresh, publish_run(Home.at(tmp_path / "origin"), [talk("c0", "a", "b")], FIRST))
    merge(fresh, rebuilt)
    assert content(home.mash, TIMELESS) == content(fresh.mash, TIMELESS)


def test_a_gate_that_fails_inside_the_merge_rolls_everything_back(home: Home) -> None:
    merge(home, publish_run(home, account(3), FIRST))
    before = content(home.mash), sha256_file(home.mash)
    seen = []

    def refuse(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
        seen.append(connection.execute("SELECT count(*) FROM store.runs").fetchall()[0][0])
        return [broken("example", "one row is wrong", [{"id": 1}])]

    with pytest.raises(GateFailed, match=f"{SECOND}: gate example: one row is wrong"):
        merge(home, publish_run(home, account(4, updated=2), SECOND), gates=refuse)
    assert seen == [2], "the gate looks at the mash as it would be"
    assert content(home.mash) == before[0]
    merge(home, publish_run(home, account(2, first=50), "chatgpt_20260301_120000"))


def test_a_first_merge_that_is_refused_leaves_no_mash(home: Home) -> None:
    with pytest.raises(GateFailed):
        merge(home, publish_run(home, account(1), FIRST), gates=lambda _: [broken("example", "no", [])])
    with connect(home.mash, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]


def test_rows_of_another_run_are_refused(home: Home) -> None:
    run = publish_run(home, account(1), FIRST)
    with pytest.raises(GateFailed, match="merging again would write"):
        merge(home, run._replace(run_id=SECOND), gates=no_gates)


def test_rows_with_the_same_key_are_refused(home: Home) -> None:
    run = publish_run(home, [talk("c0", "a", "b")], FIRST)
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute("INSERT INTO store.messages SELECT * FROM store.messages")
    with pytest.raises(GateFailed, match="gate mash_schema"):
        merge(home, run, gates=mash_gates)


def test_a_run_database_of_another_version_is_named_as_such(home: Home) -> None:
    run = publish_run(home, [talk("c0", "a", "b")], FIRST)
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute("ALTER TABLE store.messages DROP COLUMN alias_id")
    with pytest.raises(Corruption, match=r"store\.messages does not have the columns"):
        merge(home, run)


def test_a_mash_of_another_version_is_named_as_such(home: Home) -> None:
    merge(home, publish_run(home, account(1), FIRST))
    with connect(home.mash, read_only=False) as connection:
        connection.execute("ALTER TABLE store.receipts ADD COLUMN mood VARCHAR")
    with pytest.raises(Corruption, match=r"store\.receipts does not have the columns"):
        merge(home, publish_run(home, account(1), SECOND))


def test_a_run_database_cut_off_is_named_as_damaged(home: Home) -> None:
    run = publish_run(home, account(200), FIRST)
    run.database.chmod(0o644)
    with run.database.open("r+b") as stream:
        stream.truncate(run.database.stat().st_size // 2)
    with pytest.raises(Corruption):
        merge(home, run)
    assert read(home, "SELECT count(*) FROM duckdb_tables()") == [(0,)]


def test_the_manifest_lists_each_merge_that_wrote_something(home: Home) -> None:
    first = publish_run(home, account(2), FIRST)
    merge(home, first)
    merge(home, first, moment=NOW.replace(day=21))
    merge(home, publish_run(home, account(2, updated=1), SECOND), moment=NOW.replace(day=22))
    with connect(home.mash, read_only=True) as connection:
        merges = merge_manifest(connection)["merges"]
    assert isinstance(merges, list)
    assert [(entry["run_id"], entry["merged_at"]) for entry in merges] == [
        (FIRST, "2026-11-20T12:00:00Z"),
        (SECOND, "2026-11-22T12:00:00Z"),
    ]
    assert merges[1]["tables"]["messages"] == {
        "inserted": 8,
        "updated": 0,
        "skipped": 0,
        "superseded": 8,
        "removed": 0,
        "missing": 0,
    }


def test_a_run_without_conversations_is_merged_too(home: Home) -> None:
    merge(home, publish_run(home, [], FIRST))
    assert read(home, "SELECT provider_run_id, messages FROM main.runs") == [(FIRST, 0)]
