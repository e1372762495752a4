"""Processes that change a home: archive, merge, roll back and forget, each to be killed at any time."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from exporting import chatgpt, write
from intake import count_words
from mash.children import child as child

from forget.homes import LATER, archive, counted, merge_again, merged
from moonshine_assets.exports.forgotten import Conversation
from moonshine_assets.forget.forget import begin, carry_out, plan, prove
from moonshine_assets.forget.intent import pending
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.rollback import take_out
from moonshine_assets.mash.schema import PLAIN, TEXTS, VERSIONED
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

SECRET = "secret-9f8e7d6c-conversation"
FIRST, SECOND = "chatgpt_20260201_120000", "chatgpt_20260202_120000"


class Words:
    """A stand-in for the tokenizer that costs no start: words. Every rule of ledgers holds for it too."""

    def count(self, text: str) -> int:
        return len(text.split())

    reference = count

    def count_many(self, texts: Any) -> list[int]:
        return count_words(texts)

    def count_utf8(self, view: memoryview) -> int:
        return self.count(bytes(view).decode("utf-8", errors="replace"))

    def identity(self) -> dict[str, str]:
        return {"tokenizer": "words", "library": "none", "version": "1", "vocabulary_sha256": "0" * 64}


WORDS: Any = Words()


def talks(later: int, conversations: int = 20) -> list[dict[str, Any]]:
    """An account of some talks, one of which is the secret; in a later export all went on."""
    names = [*(f"talk-{number:08d}" for number in range(conversations)), SECRET]
    return [
        chatgpt(
            name,
            [f"{name} said {turn} of the lantern and the {name[-3:]} harbour" for turn in range(6 + 2 * later)],
            updated=1.7e9 + later,
        )
        for name in names
    ]


def prepared(base: Path, *, second: str, conversations: int = 20) -> Home:
    """A home with one export merged; the second one is `counted`, or `merged` too."""
    home = Home.at(base / "home")
    merged(home, write(base / "first.json", talks(0, conversations)), WORDS)
    take_in = {"counted": counted, "merged": merged}[second]
    take_in(home, write(base / "second.json", talks(1, conversations)), WORDS, LATER)
    return home


def archive_only(home: Home) -> None:
    with exclusive(home.mash_lock, seconds=60, what="the mash"):
        archive(home, home.run(SECOND), LATER)


def archive_and_merge(home: Home) -> None:
    with exclusive(home.mash_lock, seconds=60, what="the mash"):
        merge_again(home, home.run(SECOND), LATER)


def roll_back(home: Home) -> None:
    with connect(home.mash, read_only=True) as connection:
        held = connection.execute("SELECT 1 FROM store.runs WHERE provider_run_id = ?", [SECOND]).fetchall()
    if held:
        take_out(home, SECOND, moment=LATER, reason="test")


def forget_it(home: Home) -> None:
    """As the command does: what was broken off is completed, else it begins."""
    intent = pending(home)
    if intent is None:
        found = plan(home, [Conversation("chatgpt", SECRET)])
        intent = begin(home, found, reason="test", moment=LATER)
    carry_out(home, intent, WORDS)
    places, _ = prove(home, intent)
    assert places == []


def working(pipe: Connection, home: Home, work: Any) -> None:
    """Says when it begins and when it is done."""
    pipe.send("begins")
    work(home)
    pipe.send("done")


def state(home: Home) -> str:
    """What the mash holds, but for the hashes of databases, which differ from one building to the next."""
    with connect(home.mash, read_only=True) as connection:
        runs = connection.execute(
            "SELECT * EXCLUDE (database_sha256) FROM store.runs ORDER BY provider_run_id"
        ).fetchall()
        merges = connection.execute("SELECT * FROM store.merges ORDER BY number, table_name").fetchall()
        return f"{content_hash(connection, (*VERSIONED, *PLAIN, TEXTS))} {runs} {merges}"
