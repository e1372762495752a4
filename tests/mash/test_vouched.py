"""A mash checked whole stays vouched for through Moonshine's own writes, and through nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mash.runs import FIRST, NOW, SECOND, account, publish_run
from moonshine_assets.gates import Verdict
from moonshine_assets.mash import vouched
from moonshine_assets.mash.checked import merge_checked
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.vouched import carried, checked_gates
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


def by_hand(mash: Path, statement: str) -> None:
    with duckdb.connect(str(mash)) as connection:
        connection.execute(statement)


def merged(home: Home, run: RunFacts) -> None:
    """As mash_merge does it."""
    home.mash.parent.mkdir(parents=True, exist_ok=True)
    with carried(home), connect(home.mash, read_only=False) as connection:
        merge, _ = merge_checked(connection, run, moment=NOW, reason="test")
        assert merge is not None


def asked(home: Home, *, whole: bool = False) -> list[Verdict]:
    with connect(home.mash, read_only=True) as connection:
        return checked_gates(connection, home, checked_at="2026-11-20T12:00:00Z", whole=whole)


@pytest.fixture
def full_checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each look at every row."""
    looks: list[int] = []
    gates = vouched.mash_gates

    def counted(connection: duckdb.DuckDBPyConnection) -> list[Verdict]:
        looks.append(1)
        return gates(connection)

    monkeypatch.setattr(vouched, "mash_gates", counted)
    return looks


def test_a_mash_is_checked_whole_once_and_by_what_is_merged_then(home: Home, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(2), FIRST))
    assert all(verdict.passed for verdict in asked(home))
    merged(home, publish_run(home, account(2, updated=1), SECOND))
    verdicts = asked(home)
    assert [verdict.gate for verdict in verdicts] == ["mash_schema", "provider_coverage", "mash_integrity"]
    assert verdicts[0].figures == {"merges_since": 1}
    assert len(full_checks) == 1


def test_a_full_check_can_be_asked_for(home: Home, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(1), FIRST))
    asked(home)
    asked(home, whole=True)
    assert len(full_checks) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE store.conversations SET title = 'other'", "CREATE TABLE store.other (a INTEGER)"]
)
def test_a_mash_written_by_hand_is_checked_whole(home: Home, statement: str, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(1), FIRST))
    asked(home)
    by_hand(home.mash, statement)
    asked(home)
    assert len(full_checks) == 2


def test_a_log_beside_the_mash_is_a_state_nobody_knows(home: Home, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(1), FIRST))
    asked(home)
    with connect(home.mash, read_only=True) as connection:
        home.mash.with_name(f"{home.mash.name}.wal").write_bytes(b"left by a process that was killed")
        checked_gates(connection, home, checked_at="2026-11-20T12:00:00Z")
    assert len(full_checks) == 2


def test_an_edit_before_a_merge_is_not_carried_by_it(home: Home, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(2), FIRST))
    asked(home)
    by_hand(home.mash, "UPDATE store.texts SET tokens = 99")
    merged(home, publish_run(home, account(1, first=50), SECOND))
    assert [verdict.passed for verdict in asked(home)] == [True, True, False]
    assert not home.mash_check.exists()
    assert len(full_checks) == 2


def test_a_write_that_fails_is_not_carried(home: Home, full_checks: list[int]) -> None:
    merged(home, publish_run(home, account(1), FIRST))
    asked(home)
    with pytest.raises(KeyError), carried(home):
        by_hand(home.mash, "UPDATE store.conversations SET title = 'other'")
        raise KeyError
    asked(home)
    assert len(full_checks) == 2


def test_other_rules_or_a_broken_record_vouch_for_nothing(
    home: Home, full_checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    merged(home, publish_run(home, account(1), FIRST))
    asked(home)
    monkeypatch.setattr(vouched, "RULES_SHA256", "other")
    asked(home)
    home.mash_check.write_text("{")
    asked(home)
    assert len(full_checks) == 3
