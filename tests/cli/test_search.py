"""`moonshine search`: what it prints, what it refuses, and that it reads only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from terminal import Ran, copied, mash_hash, moonshine

from moonshine_assets.cli.moonshine import main
from moonshine_assets.cli.search import snippet
from moonshine_resources.duckdb import connect


def asked(ran: Ran, *words: str) -> Result:
    return CliRunner().invoke(main, ["search", *words, "--home", str(ran.home.root)])


@pytest.fixture
def word(ran_home: Ran) -> str:
    """A word that some message of the home has."""
    with connect(ran_home.home.mash, read_only=True) as connection:
        ((found,),) = connection.execute(
            "SELECT min(regexp_extract(text, '[a-z]{4,}')) FROM messages WHERE regexp_matches(text, '[a-z]{4,}')"
        ).fetchall()
    return str(found)


def test_it_shows_where_a_word_stands(ran_home: Ran, word: str) -> None:
    before = mash_hash(ran_home.home)
    found = json.loads(asked(ran_home, word, "--json").stdout)
    assert found
    assert all(word in one["snippet"].lower() for one in found)
    assert set(found[0]) == {
        "conversation_id",
        "message_id",
        "provider",
        "role",
        "created_at",
        "score",
        "all_words",
        "snippet",
    }
    assert "snippet" in asked(ran_home, word).stdout
    assert mash_hash(ran_home.home) == before


def test_the_limit_holds(ran_home: Ran, word: str) -> None:
    assert len(json.loads(asked(ran_home, word, "--json", "--limit", "1").stdout)) == 1


def test_filters_narrow(ran_home: Ran, word: str) -> None:
    assert json.loads(asked(ran_home, word, "--json", "--until", "1990-01-01").stdout) == []
    roles = {one["role"] for one in json.loads(asked(ran_home, word, "--json", "--role", "user").stdout)}
    assert roles <= {"user"}


def test_an_index_made_anew_answers_the_same(ran_home: Ran, word: str, tmp_path: Path) -> None:
    own = ran_home._replace(home=copied(ran_home, tmp_path / "home"))
    before = json.loads(asked(own, word, "--json").stdout)
    assert json.loads(asked(own, word, "--json", "--reindex").stdout) == before


def test_no_word_is_refused(ran_home: Ran) -> None:
    result = asked(ran_home, "?!")
    assert result.exit_code == 2
    assert "there is no word to search for" in result.stderr


def test_a_home_without_a_mash_says_what_to_do(tmp_path: Path) -> None:
    said = moonshine("search", "tea", home=tmp_path)
    assert said.code == 2
    assert "the mash is empty" in said.err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short tea", "short tea"),
        ("tea\n\n then   more", "tea then more"),
        ("x" * 100 + " tea " + "y" * 200, "…" + "x" * 49 + " tea " + "y" * 106 + "…"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_a_snippet_is_one_line_around_the_word(text: str, shown: str) -> None:
    assert snippet(text, ["tea"]) == shown
