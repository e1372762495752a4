"""A chat that a newer export of the account no longer has stays, and says since which export it is missing."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mash.runs import FIRST, SECOND, merge, publish_run, read, talk
from moonshine_assets.mash.gates import mash_gates
from moonshine_resources.home import Home

THIRD = "chatgpt_20260301_120000"
Exports = dict[str, list[str]]


def marks(home: Home) -> dict[object, object]:
    return dict(read(home, "SELECT conversation_id, missing_since FROM main.conversations"))  # type: ignore[arg-type]


def merged(home: Home, exports: Exports, order: tuple[str, ...] | None = None) -> Home:
    """Exports as `name@day` of each conversation; the day is when it was changed last."""
    for run_id in order or tuple(exports):
        talks = [talk(name, "a", updated=int(day)) for name, _, day in (one.partition("@") for one in exports[run_id])]
        merge(home, publish_run(home, talks, run_id), gates=mash_gates)
    return home


@pytest.mark.parametrize(
    ("exports", "expected"),
    [
        pytest.param({FIRST: ["c0@0", "c1@0"], SECOND: ["c0@0"]}, {"c0": None, "c1": SECOND}, id="deleted"),
        pytest.param({FIRST: ["c0@0", "c1@9"], SECOND: ["c0@0"]}, {"c0": None, "c1": SECOND}, id="the newest deleted"),
        pytest.param(
            {FIRST: ["c0@0", "c1@0"], SECOND: ["c0@1"], THIRD: ["c0@2"]},
            {"c0": None, "c1": SECOND},
            id="the first export without it is named",
        ),
        pytest.param(
            {FIRST: ["c0@0", "c1@0"], SECOND: ["c0@1"], THIRD: ["c0@2", "c1@0"]},
            {"c0": None, "c1": None},
            id="it came back",
        ),
        pytest.param(
            {FIRST: ["c0@5", "c1@5"], SECOND: ["c0@1"]}, {"c0": None, "c1": None}, id="an old export taken in late"
        ),
        pytest.param({FIRST: ["c0@0"], SECOND: ["c1@1"]}, {"c0": None, "c1": None}, id="two accounts"),
        pytest.param(
            {FIRST: ["c0@0", "c1@0"], SECOND: ["c1@1", "c2@1"], THIRD: ["c2@2"]},
            {"c0": SECOND, "c1": THIRD, "c2": None},
            id="one account by way of another export",
        ),
    ],
)
def test_missing_chats_are_marked_in_whatever_order_exports_are_merged(
    exports: Exports, expected: dict[str, str | None], tmp_path: Path
) -> None:
    for number, order in enumerate(itertools.permutations(exports)):
        assert marks(merged(Home.at(tmp_path / str(number)), exports, order)) == expected


def test_a_missing_chat_keeps_its_rows_current(home: Home) -> None:
    merged(home, {FIRST: ["c0@0", "c1@0"], SECOND: ["c0@1"]})
    assert read(home, "SELECT provider_run_id, text FROM main.messages WHERE conversation_id = 'c1'") == [(FIRST, "a")]


def test_the_merge_counts_its_marks(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "a"), talk("c1", "b")], FIRST))
    run = publish_run(home, [talk("c0", "a", updated=1)], SECOND)
    assert {table.table: table.missing for table in merge(home, run).tables if table.missing} == {"conversations": 1}
    assert merge(home, run).written == 0


def test_a_run_built_anew_with_the_chat_takes_the_mark_away(home: Home, tmp_path: Path) -> None:
    merged(home, {FIRST: ["c0@0", "c1@0"], SECOND: ["c0@1"]})
    other = publish_run(Home.at(tmp_path / "other"), [talk("c0", "a", updated=1), talk("c1", "a")], SECOND)
    merge(home, other, gates=mash_gates)
    assert marks(home) == {"c0": None, "c1": None}
