"""Full-text search: what it finds and in which order, and that the index is the mash's whatever happened to it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mash.runs import FIRST, NOW, SECOND, account, content, merge, no_gates, publish_run, talk
from moonshine_assets.errors import BadInput, GateFailed
from moonshine_assets.gates import Verdict, broken
from moonshine_assets.mash.rollback import rollback_run
from moonshine_assets.mash.search import segments
from moonshine_assets.mash.search.build import rebuild
from moonshine_assets.mash.search.find import find, is_current
from moonshine_assets.mash.search.question import Filters, holds, parsed
from moonshine_assets.mash.search.tables import drop
from moonshine_assets.mash.search.terms import terms
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home

#: What an index says, whatever numbers it gave to texts and segments.
LOGICAL = {
    "runs": "SELECT provider_run_id, database_sha256 FROM search.runs ORDER BY ALL",
    "texts": "SELECT text_key, length FROM search.texts ORDER BY ALL",
    "uses": "SELECT text_key, provider_run_id, raw_index, position, role, created_at FROM search.uses"
    " JOIN search.texts USING (text) JOIN search.runs USING (run) ORDER BY ALL",
    "postings": "SELECT text_key, term, tf, norm FROM search.postings JOIN search.texts USING (text) ORDER BY ALL",
}
THIRD = "chatgpt_20260301_120000"


def logical(path: Path, *, fresh: bool = False) -> dict[str, list[tuple[object, ...]]]:
    """The index of a mash file; `fresh`: as one made anew would be, which is not kept."""
    with connect(path, read_only=not fresh) as connection:
        if fresh:
            connection.execute("BEGIN TRANSACTION")
            rebuild(connection)
        found = {name: connection.execute(query).fetchall() for name, query in LOGICAL.items()}
        if fresh:
            connection.execute("ROLLBACK")
        return found


def asked(home: Home, question: str, **filters: object) -> list[str]:
    """Message ids of the answers, best first."""
    with connect(home.mash, read_only=True) as connection:
        return [hit.message_id for hit in find(connection, question, filters=Filters(**filters))]  # type: ignore[arg-type]


@pytest.fixture
def talks(home: Home) -> Home:
    conversations = [
        talk("c0", "Which tea is best in the morning?", "Green tea, or a strong black tea"),
        talk("c1", "Coffee or cocoa?", "Coffee in the morning"),
        talk("c2", "東京都の天気は？", "Größe des ÄRGERS: STRASSE und naïve café"),
        talk(
            "c3", "merge_run() in a long text " + "about nothing at all " * 40, "The morning comes first, tea is next"
        ),
    ]
    merge(home, publish_run(home, conversations, FIRST), gates=no_gates)
    return home


@pytest.mark.parametrize(
    ("question", "found"),
    [
        pytest.param("cocoa", ["c1-0"], id="one word"),
        pytest.param("COFFEE", ["c1-0", "c1-1"], id="whatever its case"),
        pytest.param("merge", ["c3-0"], id="a part of an identifier"),
        pytest.param('"merge_run"', ["c3-0"], id="an identifier"),
        pytest.param("京都", ["c2-0"], id="two characters in a row"),
        pytest.param("東京都", ["c2-0"], id="three"),
        pytest.param("天", ["c2-0"], id="one"),
        pytest.param("京東", [], id="not in another order"),
        pytest.param("größe", ["c2-1"], id="letters beyond ASCII"),
        pytest.param("cafe\u0301", ["c2-1"], id="a composed letter asked for in two"),
        pytest.param('"in the morning"', ["c1-1", "c0-0"], id="a phrase"),
        pytest.param('"the tea"', [], id="words of a phrase apart"),
        pytest.param('"天気は"', ["c2-0"], id="a phrase without spaces"),
        pytest.param("nowhere", [], id="no text"),
    ],
)
def test_a_question_finds(talks: Home, question: str, found: list[str]) -> None:
    assert asked(talks, question) == found


def test_messages_with_every_word_come_before_those_with_some(talks: Home) -> None:
    with connect(talks.mash, read_only=True) as connection:
        hits = find(connection, "morning tea")
    assert {hit.message_id for hit in hits if hit.all_words} == {"c0-0", "c3-1"}
    assert {hit.message_id for hit in hits if not hit.all_words} == {"c0-1", "c1-1"}
    assert [hit.all_words for hit in hits] == [True, True, False, False]


def test_the_answer_is_the_same_every_time_and_a_prefix_of_a_longer_one(talks: Home) -> None:
    with connect(talks.mash, read_only=True) as connection:
        answers = [find(connection, "tea coffee the", limit=limit) for limit in (9, 9, 3, 1)]
    assert answers[0] == answers[1]
    assert answers[2] == answers[0][:3]
    assert answers[3] == answers[0][:1]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"role": "user"}, ["c0-0"]),
        ({"role": "assistant"}, ["c1-1", "c3-1"]),
        ({"provider": "claude"}, []),
        ({"provider": "chatgpt", "role": "user"}, ["c0-0"]),
        ({"since": datetime(2026, 1, 2)}, []),
        ({"until": datetime(2026, 1, 1)}, []),
        ({"since": datetime(2026, 1, 1, 12), "until": datetime(2026, 1, 2)}, ["c1-1", "c0-0", "c3-1"]),
    ],
)
def test_filters_are_those_of_the_messages(talks: Home, filters: dict[str, object], found: list[str]) -> None:
    assert sorted(asked(talks, "morning", **filters)) == sorted(found)


def test_only_current_versions_are_found(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "An apple", "Yes")], FIRST), gates=no_gates)
    merge(home, publish_run(home, [talk("c0", "A pear", "Yes", updated=3)], SECOND), gates=no_gates)
    assert asked(home, "apple") == []
    assert asked(home, "pear") == ["c0-0"]


def test_a_current_message_is_found_behind_any_number_of_superseded_ones(home: Home) -> None:
    names = [f"c{number}" for number in range(8)]
    merge(home, publish_run(home, [talk(name, "An apple", "Yes") for name in names], FIRST), gates=no_gates)
    edited = [talk(name, "A pear", "Yes", updated=3) for name in names[:-1]]
    merge(home, publish_run(home, edited, SECOND), gates=no_gates)
    with connect(home.mash, read_only=True) as connection:
        assert [hit.message_id for hit in find(connection, "apple", limit=1)] == ["c7-0"]
        assert [hit.message_id for hit in find(connection, "pear", limit=3)] == ["c0-0", "c1-0", "c2-0"]


def test_an_equal_text_is_indexed_once_and_found_wherever_it_stands(home: Home) -> None:
    merge(home, publish_run(home, [talk("c0", "An apple", "Yes")], FIRST), gates=no_gates)
    merge(home, publish_run(home, [talk("c1", "An apple", "No")], SECOND), gates=no_gates)
    assert sorted(asked(home, "apple")) == ["c0-0", "c1-0"]
    assert len(logical(home.mash)["texts"]) == 3


@pytest.mark.parametrize("question", ["", "  ", '""', "?!", " ".join(f"w{n}" for n in range(40))])
def test_a_question_without_words_or_with_too_many_is_refused(question: str) -> None:
    with pytest.raises(BadInput, match="word"):
        parsed(question)


def test_a_phrase_is_whole_words_in_their_order() -> None:
    phrases = parsed('"red apple"').phrases
    texts = pl.Series(["A red apple.", "a RED,\napple", "red apples", "infrared apple", "apple red", "redapple", ""])
    assert holds(texts, phrases).to_list() == [True, True, False, False, False, False, False]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_terms_of_a_text_are_those_of_its_question(text: str) -> None:
    found = set(terms(pl.DataFrame({"text": [0], "content": [text]}))["term"])
    try:
        question = parsed(text.replace('"', " "))
    except BadInput:
        return
    assert set(question.wanted) <= found
    assert bool(holds(pl.Series([text]), parsed(f'"{text.replace(chr(34), " ")}"').phrases)[0])


ACCOUNT = st.lists(
    st.tuples(
        st.sampled_from(["c0", "c1", "c2"]), st.sampled_from(["red apple", "pear", "東京 apple", "", "pear pear"])
    ),
    max_size=3,
    unique_by=lambda pair: pair[0],
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from([FIRST, SECOND, THIRD]), ACCOUNT), min_size=1, max_size=5),
    back=st.booleans(),
)
def test_after_any_merges_the_index_is_one_made_anew(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[tuple[str, str]]]], back: bool
) -> None:
    home = Home.at(tmp_path_factory.mktemp("any"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "FAN", 2)
        for number, (run_id, pairs) in enumerate(steps):
            talks = [talk(name, text, f"answer {text}", updated=number) for name, text in pairs]
            origin = Home.at(home.root / f"origin{number}")
            merge(home, publish_run(origin, [talk("always", "there"), *talks], run_id), gates=no_gates)
            if back:
                with connect(home.mash, read_only=False) as connection:
                    rollback_run(connection, "chatgpt", run_id, moment=NOW, reason="test", gates=no_gates)
                back = False
    assert logical(home.mash) == logical(home.mash, fresh=True)


def test_a_merge_that_is_refused_leaves_the_index_as_it_was(talks: Home) -> None:
    before = logical(talks.mash)

    def refuse(_: object) -> list[Verdict]:
        return [broken("any", "refused", [{"run": SECOND}])]

    with pytest.raises(GateFailed):
        merge(talks, publish_run(talks, account(3), SECOND), gates=refuse)
    assert logical(talks.mash) == before


def test_a_rebuilt_run_takes_its_old_texts_along(talks: Home, tmp_path: Path) -> None:
    merge(
        talks,
        publish_run(Home.at(tmp_path / "anew"), [talk("c0", "Only water", "Yes")], FIRST),
        gates=no_gates,
        moment=NOW,
    )
    assert asked(talks, "tea") == []
    assert asked(talks, "water") == ["c0-0"]
    assert logical(talks.mash) == logical(talks.mash, fresh=True)


def test_a_run_rolled_back_is_found_no_more_and_its_index_is_as_before(talks: Home) -> None:
    before = logical(talks.mash)
    merge(talks, publish_run(talks, [talk("c9", "Tea and water", "Yes")], SECOND), gates=no_gates)
    assert "c9-0" in asked(talks, "tea")
    with connect(talks.mash, read_only=False) as connection:
        rollback_run(connection, "chatgpt", SECOND, moment=NOW, reason="test", gates=no_gates)
    assert "c9-0" not in asked(talks, "tea")
    assert logical(talks.mash) == before


def test_a_mash_without_index_says_so_and_the_next_merge_makes_it(talks: Home) -> None:
    with connect(talks.mash, read_only=False) as connection:
        drop(connection)
    with connect(talks.mash, read_only=True) as connection:
        assert not is_current(connection)
        with pytest.raises(BadInput, match="--reindex"):
            find(connection, "tea")
    merge(talks, publish_run(talks, [talk("c9", "More tea", "Yes")], SECOND), gates=no_gates)
    assert "c9-0" in asked(talks, "tea")
    assert logical(talks.mash) == logical(talks.mash, fresh=True)


def test_texts_are_found_where_they_were_moved(talks: Home) -> None:
    with connect(talks.mash, read_only=False) as connection:
        connection.execute("UPDATE search.texts SET place = CASE text WHEN 0 THEN NULL ELSE place + 1 END")
    with connect(talks.mash, read_only=True) as connection:
        assert {hit.message_id: hit.text for hit in find(connection, "cocoa")} == {"c1-0": "Coffee or cocoa?"}
        assert [hit.message_id for hit in find(connection, '"which tea"')] == ["c0-0"]


def test_places_are_those_of_the_texts(talks: Home) -> None:
    merge(talks, publish_run(talks, account(3), SECOND), gates=no_gates)
    with connect(talks.mash, read_only=True) as connection:
        misplaced = connection.execute(
            "SELECT count(*) FROM search.texts AS s LEFT JOIN store.texts AS t ON t.rowid = s.place"
            " WHERE t.text_key IS DISTINCT FROM s.text_key"
        ).fetchall()
    assert misplaced == [(0,)]


def test_the_index_does_not_count_into_what_the_mash_holds(talks: Home) -> None:
    before = content(talks.mash)
    with connect(talks.mash, read_only=False) as connection:
        drop(connection)
    assert content(talks.mash) == before
