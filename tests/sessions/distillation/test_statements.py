"""What a statement must hold before it is carried on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.sessions.distillation.statements import MAXIMUM_CHARACTERS, Candidate, check

EVIDENCE = {"a": "The limit is 90 s.\nSee /srv/shop/pay.py and run `make check`.", "b": "We keep Redis 7.2."}
TIMES = {"a": 5_000_000, "b": None}


def outcome(kind: str, text: str, *ids: str) -> str:
    checked = check([Candidate(kind, text, ids)], EVIDENCE, TIMES)
    return next(iter(checked.rejected), "kept")


@pytest.mark.parametrize(
    ("kind", "text", "ids", "expected"),
    [
        ("number", "Uploads may take 90 s", ("a",), "kept"),
        ("number", "Uploads may take 9 s", ("a",), "unsupported"),
        ("number", "Uploads may take 90 s", ("b",), "unsupported"),
        ("path", "/srv/shop/pay.py", ("a",), "kept"),
        ("path", "/srv/shop/pays.py", ("a",), "unsupported"),
        ("command", "run `make check` first", ("a",), "kept"),
        ("command", "run `make checks` first", ("a",), "unsupported"),
        ("decision", "Redis stays", ("b", "a"), "kept"),
        ("decision", "Redis stays", (), "uncited"),
        ("decision", "Redis stays", ("b", "ghost"), "phantom_citation"),
        ("gossip", "Redis stays", ("b",), "unknown_kind"),
        ("decision", "  ", ("b",), "empty"),
        ("decision", "x" * (MAXIMUM_CHARACTERS + 1), ("b",), "too_long"),
    ],
)
def test_a_statement_rests_on_what_it_cites(kind: str, text: str, ids: tuple[str, ...], expected: str) -> None:
    assert outcome(kind, text, *ids) == expected


def test_a_repeat_is_dropped_and_the_time_is_that_of_its_last_message() -> None:
    checked = check(
        [Candidate("decision", "Redis stays", ("b", "a")), Candidate("decision", "redis stays", ("a",))],
        EVIDENCE,
        TIMES,
    )
    assert [(one.message_ids, one.at) for one in checked.statements] == [(("b", "a"), 5)]
    assert checked.rejected == {"repeated": 1}


@given(
    st.lists(
        st.builds(
            Candidate,
            st.sampled_from(["rule", "decision", "x"]),
            st.text(),
            st.lists(st.sampled_from(["a", "b", "ghost"])).map(tuple),
        )
    )
)
def test_nothing_uncited_or_phantom_is_ever_kept(candidates: list[Candidate]) -> None:
    checked = check(candidates, EVIDENCE, TIMES)
    assert all(one.message_ids and set(one.message_ids) <= {"a", "b"} for one in checked.statements)
    assert len(checked.statements) + sum(checked.rejected.values()) == len(candidates)
