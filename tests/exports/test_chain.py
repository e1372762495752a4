"""Forks of a log: which are branches, and how the others are put into one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.chain import Start, chain

P, Q = Start(True, "p"), Start(True, "q")
A, B = Start(False, "a"), Start(False, "b")


@pytest.mark.parametrize(
    ("why", "parents", "starts", "chained"),
    [
        ("a line stays a line", [-1, 0, 1], [P, A, Q], [-1, 0, 1]),
        ("two prompts are branches", [-1, 0, 0], [A, P, Q], [-1, 0, 0]),
        ("two answers are branches", [-1, 0, 0], [P, A, B], [-1, 0, 0]),
        ("a prompt beside an answer is none", [-1, 0, 0], [P, A, Q], [-1, 0, 1]),
        ("lines of one answer are none", [-1, 0, 0], [P, A, A], [-1, 0, 1]),
        ("results of parallel calls are none", [-1, 0, 1, 1, 2, 4], [P, A, A, None, None, B], [-1, 0, 1, 2, 3, 4]),
        ("a branch shows behind a hook", [-1, 0, 0, 2], [P, A, None, B], [-1, 0, 0, 2]),
        ("branches hang on the end of the stretch", [-1, 0, 0, 0], [P, A, B, None], [-1, 3, 3, 0]),
        ("a child before its parent in the file", [2, -1, 1], [None, P, A], [2, -1, 1]),
        ("a circle is cut at its first", [1, 0], [P, A], [-1, 0]),
    ],
)
def test_forks(why: str, parents: list[int], starts: list[Start | None], chained: list[int]) -> None:
    assert chain(parents, starts).parents == chained, why


@given(st.data())
def test_any_pointers_make_a_forest_that_keeps_every_order(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 12))
    parents = data.draw(st.lists(st.integers(-1, size - 1), min_size=size, max_size=size))
    starts = data.draw(st.lists(st.sampled_from([None, P, Q, A, B]), min_size=size, max_size=size))
    made = chain(parents, starts)
    for rank in range(size):
        above, steps = rank, 0
        while above >= 0:
            above = made.parents[above]
            steps += 1
            assert steps <= size
        assert 0 <= made.tails[rank] < size


def test_a_hundred_thousand_records_are_no_trouble() -> None:
    size = 100_000
    fan = [-1] + [0] * (size - 1)
    line = list(range(-1, size - 1))
    for parents in (fan, line):
        made = chain(parents, [None] * size)
        assert made.parents == line
    prompts: list[Start | None] = [Start(True, str(rank)) for rank in range(size)]
    assert chain(fan, prompts).parents == fan
