"""The order lock: a provider waits for the staged runs of those before it, and a run is of one provider."""

from __future__ import annotations

import pytest

from mash.runs import NOW, archive, merge, publish_run, talk
from moonshine_assets.errors import BadInput
from moonshine_assets.mash.merge import RunFacts
from moonshine_assets.mash.order import ENVIRONMENT, by_order, configured_order, merge_order
from moonshine_assets.mash.rollback import take_out
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

QWEN = "qwen_20260101_120000"
DEEPSEEK = "deepseek_20260101_120000"
ORDER = ("qwen", "deepseek")


def staged(home: Home, run_id: str) -> RunFacts:
    return publish_run(home, [talk(run_id[:4], "a", "b")], run_id)


def test_a_provider_waits_for_a_staged_run_of_an_earlier_one(home: Home) -> None:
    first, second = staged(home, QWEN), staged(home, DEEPSEEK)
    verdict = merge_order(home, second, ORDER)
    assert (verdict.gate, verdict.passed) == ("merge_order", False)
    assert verdict.offenders == [{"staged_first": QWEN}]
    assert "qwen before deepseek when both are staged" in verdict.reason
    assert merge_order(home, first, ORDER).passed
    merge(home, first)
    assert merge_order(home, second, ORDER).passed


def test_it_does_not_wait_for_runs_that_are_not_counted_or_were_rolled_back(home: Home) -> None:
    first, second = staged(home, QWEN), staged(home, DEEPSEEK)
    archive(home, first)
    merge(home, first)
    take_out(home, QWEN, moment=NOW, reason="test")
    assert merge_order(home, second, ORDER).passed
    third = staged(home, "qwen_20260301_120000")
    assert not merge_order(home, second, ORDER).passed
    home.run(third.run_id).ledger.unlink()
    assert merge_order(home, second, ORDER).passed


@pytest.mark.parametrize("order", [(), ("deepseek", "qwen"), ("qwen", "claude")])
def test_other_locks_hold_nothing_back(home: Home, order: tuple[str, ...]) -> None:
    staged(home, QWEN)
    assert merge_order(home, staged(home, DEEPSEEK), order).passed


def test_rows_of_another_provider_are_named(home: Home) -> None:
    run = staged(home, QWEN)
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute("UPDATE store.messages SET provider = 'claude' WHERE message_id = 'qwen-0'")
    assert merge_order(home, run, ()).offenders == [{"run_id": QWEN, "foreign_provider": "claude", "rows": 1}]


@pytest.mark.parametrize(
    ("value", "order"),
    [(None, ORDER), ("", ()), ("claude, chatgpt", ("claude", "chatgpt")), (" qwen ,", ("qwen",))],
)
def test_the_lock_is_configured_by_the_environment(
    value: str | None, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    if value is not None:
        monkeypatch.setenv(ENVIRONMENT, value)
    assert configured_order() == order


@pytest.mark.parametrize(("value", "said"), [("qwne", "'qwne' is no provider"), ("qwen,qwen", "stands there twice")])
def test_a_lock_that_cannot_hold_is_refused(value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, value)
    with pytest.raises(BadInput, match=f"{ENVIRONMENT}: {said}|{ENVIRONMENT}.*{said}"):
        configured_order()


def test_given_runs_are_taken_in_the_order_of_the_lock() -> None:
    given = ["deepseek", "chatgpt", "qwen", "deepseek", "claude"]
    assert [given[place] for place in by_order(given, ORDER)] == ["qwen", "chatgpt", "deepseek", "deepseek", "claude"]
    assert by_order(given, ORDER) == [2, 1, 0, 3, 4]
    assert by_order(given, ()) == [0, 1, 2, 3, 4]
