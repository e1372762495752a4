"""Rolling back: the mash is one that never had the run, the run can come again, and refusals change nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from mash.runs import FIRST, NOW, SECOND, account, archive, content, merge, publish_run, read, talk
from moonshine_assets.errors import BadInput, GateFailed
from moonshine_assets.gates import Verdict, broken
from moonshine_assets.mash.gates import mash_gates, touched_gates
from moonshine_assets.mash.merge import Merge, RunFacts
from moonshine_assets.mash.rollback import rollback_run, take_out
from moonshine_assets.mash.schema import CONTENT_TABLES
from moonshine_resources.atomic import read_json
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

THIRD = "chatgpt_20260301_120000"
#: Three exports of one account: c0 grows, c1 vanishes and comes back, c3 is new; texts are shared throughout.
EXPORTS = {
    FIRST: [talk("c0", "a", "b"), talk("c1", "a", "b", updated=1), talk("c2", "x", "y")],
    SECOND: [talk("c0", "a", "b", "c", updated=2), talk("c2", "x", "y")],
    THIRD: [
        talk("c0", "a", "b", "c", "d", updated=3),
        talk("c1", "a", "b", updated=1),
        talk("c3", "x", "z", updated=3),
    ],
}


def roll_back(home: Home, run_id: str) -> Merge:
    def gates(mash: duckdb.DuckDBPyConnection) -> list[Verdict]:
        return touched_gates(mash, "chatgpt", run_id, attached=False) + mash_gates(mash)

    with connect(home.mash, read_only=False) as connection:
        return rollback_run(connection, "chatgpt", run_id, moment=NOW, reason="test", gates=gates)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFacts]:
    origin = Home.at(tmp_path_factory.mktemp("origin"))
    return {run_id: publish_run(origin, talks, run_id) for run_id, talks in EXPORTS.items()}


def built(home: Home, runs: Iterable[RunFacts]) -> Home:
    for run in runs:
        merge(home, run)
    return home


@pytest.mark.parametrize("order", list(itertools.permutations(EXPORTS)))
def test_content_is_that_of_a_mash_without_the_run(
    order: tuple[str, ...], runs: dict[str, RunFacts], tmp_path: Path
) -> None:
    home = built(Home.at(tmp_path / "home"), [runs[run_id] for run_id in order])
    roll_back(home, order[1])
    without = built(Home.at(tmp_path / "without"), [runs[order[0]], runs[order[2]]])
    assert content(home.mash, CONTENT_TABLES) == content(without.mash, CONTENT_TABLES)


def test_what_the_run_superseded_is_current_again(home: Home, runs: dict[str, RunFacts]) -> None:
    built(home, [runs[FIRST], runs[SECOND]])
    done = roll_back(home, SECOND)
    assert {t.table: (t.removed, t.superseded) for t in done.tables if t.table in ("conversations", "messages")} == {
        "conversations": (2, 2),
        "messages": (5, 4),
    }
    current = "SELECT conversation_id, provider_run_id, missing_since FROM main.conversations ORDER BY ALL"
    assert read(home, current) == [("c0", FIRST, None), ("c1", FIRST, None), ("c2", FIRST, None)]


def test_merging_it_again_brings_it_back(home: Home, runs: dict[str, RunFacts]) -> None:
    built(home, runs.values())
    before = content(home.mash, CONTENT_TABLES)
    roll_back(home, SECOND)
    assert content(home.mash, CONTENT_TABLES) != before
    merge(home, runs[SECOND])
    assert content(home.mash, CONTENT_TABLES) == before


def test_the_last_run_leaves_an_empty_mash_and_its_journal(home: Home, runs: dict[str, RunFacts]) -> None:
    built(home, [runs[FIRST]])
    roll_back(home, FIRST)
    assert read(home, "SELECT count(*) FROM store.texts") == [(0,)]
    assert read(home, "SELECT DISTINCT number, operation FROM store.merges ORDER BY ALL") == [
        (1, "merge"),
        (2, "rollback"),
    ]


def test_a_gate_that_fails_leaves_the_mash_as_it_was(home: Home, runs: dict[str, RunFacts]) -> None:
    built(home, [runs[FIRST], runs[SECOND]])
    before = content(home.mash)
    with connect(home.mash, read_only=False) as connection, pytest.raises(GateFailed, match="gate example: no"):
        rollback_run(
            connection, "chatgpt", SECOND, moment=NOW, reason="test", gates=lambda _: [broken("example", "no", [])]
        )
    assert content(home.mash) == before


def test_the_home_s_run_goes_out_with_an_entry_in_the_manifest(home: Home) -> None:
    run = publish_run(home, account(2), FIRST)
    archive(home, run)
    merge(home, run)
    take_out(home, FIRST, moment=NOW, reason="read with an adapter that lost a branch")
    last = read_json(home.merge_manifest)["merges"][-1]
    assert (last["run_id"], last["operation"], last["reason"]) == (
        FIRST,
        "rollback",
        "read with an adapter that lost a branch",
    )
    assert last["tables"]["messages"]["removed"] == 8
    with pytest.raises(BadInput, match=f"{FIRST}: the run is not in the mash, which holds 0 runs"):
        take_out(home, FIRST, moment=NOW, reason="again")


def test_unknown_runs_are_refused_by_name(home: Home) -> None:
    with pytest.raises(BadInput, match="nothing has been merged yet"):
        take_out(home, FIRST, moment=NOW, reason="test")
    merge(home, publish_run(home, account(1), FIRST))
    with pytest.raises(BadInput, match=f"{SECOND}: the run is not in the mash, which holds 1 runs"):
        take_out(home, SECOND, moment=NOW, reason="test")
    with pytest.raises(BadInput, match="is not a run id"):
        take_out(home, "../elsewhere", moment=NOW, reason="test")


def test_a_run_that_could_not_come_back_stays(home: Home) -> None:
    merge(home, publish_run(home, account(1), FIRST))
    before = content(home.mash)
    with pytest.raises(GateFailed, match="gate archived_first: the run's archive is not whole"):
        take_out(home, FIRST, moment=NOW, reason="test")
    assert content(home.mash) == before
