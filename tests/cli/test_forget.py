"""`moonshine forget` as a person types it: asked what would go, done, proved, and completed after a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from intake import query
from terminal import Ran, copied, in_process, mash_hash

from moonshine_assets.exports.forgotten import Conversation, bury
from moonshine_assets.forget import intent as journal
from moonshine_assets.forget.intent import Intent
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import search
from moonshine_resources.atomic import read_json
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

#: A conversation of the bundled ChatGPT sample, and one of the Claude sample.
CURRY, MEDIAN = "8a9f7cda-69a6-54e2-94e0-9a425aa5c5b3", "abb2c91e-bf23-529c-bf03-a4c8a934e734"


def test_a_dry_run_says_what_would_go_and_changes_nothing(ran_home: Ran) -> None:
    before = mash_hash(ran_home.home)
    said = in_process("forget", "--conversation", f"chatgpt/{CURRY}", "--dry-run", "--json", home=ran_home.home)
    told = json.loads(said.out)
    assert said.code == 0
    assert [(one["conversation"], one["messages"]) for one in told["conversations"]] == [(f"chatgpt/{CURRY}", 14)]
    assert len(told["runs"]) == 1
    assert len(told["snapshots"]) == 2
    assert mash_hash(ran_home.home) == before
    assert not ran_home.home.tombstones.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing to forget; name it: --conversation PROVIDER/CONVERSATION_ID, or --run RUN_ID"),
        (("--conversation", "curry"), "'curry' names no conversation"),
        (("--conversation", "chatgpt/nobody-has-it"), "there is no such conversation in this home"),
        (("--run", "chatgpt_20200101_000000"), "the run has no database"),
    ],
)
def test_what_cannot_be_forgotten_ends_with_2_and_one_line(words: tuple[str, ...], says: str, ran_home: Ran) -> None:
    said = in_process("forget", *words, home=ran_home.home)
    assert said.code == 2
    assert len(said.errors) == 1
    assert says in said.errors[0]


def test_without_a_yes_nothing_is_forgotten(ran_home: Ran) -> None:
    said = in_process("forget", "--conversation", f"chatgpt/{CURRY}", home=ran_home.home)
    assert said.code != 0
    assert not ran_home.home.tombstones.exists()


@pytest.mark.slow
def test_conversations_of_two_providers_leave_a_whole_home(
    ran_home: Ran, counter: TokenCounter, tmp_path: Path
) -> None:
    home = copied(ran_home, tmp_path / "home")
    names = ("--conversation", f"chatgpt/{CURRY}", "--conversation", f"claude/{MEDIAN}")
    said = in_process("forget", *names, "--yes", "--reason", "a test", home=home, counter=counter)
    assert (said.code, said.err) == (0, "")
    assert "2 conversations forgotten: no file of the home holds their ids or any of" in said.out
    wanted = [Needle(ID, CURRY), Needle(ID, MEDIAN)]
    assert search(home, wanted) == []
    assert read_json(home.validation_manifest)["passed"] is True
    assert {entry["operation"] for entry in read_json(home.merge_manifest)["merges"]} == {"merge", "forget"}
    before = mash_hash(home)
    again = in_process("run", *sorted(ran_home.exports.iterdir()), home=home, counter=counter)
    assert (again.code, again.err) == (0, "")
    assert mash_hash(home) == before
    assert search(home, wanted) == []


@pytest.mark.slow
def test_the_next_run_completes_what_was_broken_off(ran_home: Ran, counter: TokenCounter, tmp_path: Path) -> None:
    home = copied(ran_home, tmp_path / "home")
    broken_off(home, Conversation("chatgpt", CURRY))
    said = in_process("run", home=home, counter=counter)
    assert said.code == 0
    assert said.err == "a forgetting was broken off; it is completed first\n"
    assert query(home.mash, "SELECT count(*) FROM store.conversations WHERE conversation_id = ?", CURRY) == [(0,)]
    assert search(home, [Needle(ID, CURRY)]) == []


def broken_off(home: Home, conversation: Conversation) -> None:
    """What a crash right after the beginning leaves."""
    bury(home, [conversation], "2026-02-01T12:00:00Z")
    journal.keep(home, Intent([conversation], "test", "2026-02-01T12:00:00Z"))
