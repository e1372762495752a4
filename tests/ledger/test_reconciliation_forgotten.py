"""What was forgotten is a kind of its own in the reconciliation, to the token."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from exporting import chatgpt, write
from forget.children import WORDS
from forget.homes import MOMENT, forget, merged

from ledger.books import Books, terms, verdict
from moonshine_assets.exports.forgotten import losses
from moonshine_assets.ledger.explain import CLEANED, CONTENT
from moonshine_assets.ledger.explain import RAW as RAW_COUNTER
from moonshine_resources.home import Home

SECRET = "secret-11111111"


def test_conversations_that_were_forgotten_explain_the_state_since(tmp_path: Path) -> None:
    books = Books(Home.at(tmp_path / "home"))
    kept, gone = chatgpt("kept-22222222", ["one two three", "four"]), chatgpt(SECRET, ["five six", "seven eight nine"])
    run = merged(books.home, write(tmp_path / "conversations.json", [kept, gone]), WORDS)
    only = merged(
        books.home, write(tmp_path / "more.json", [chatgpt(SECRET, ["ten eleven"])]), WORDS, MOMENT + timedelta(days=1)
    )
    before = books.settled()
    assert verdict(before).passed, verdict(before).offenders
    assert forget(books.home, f"chatgpt/{SECRET}", counter=WORDS) == []
    record = books.settled()
    assert verdict(record).passed, verdict(record).offenders
    lost = {entry["run_id"]: entry for entry in losses(books.home)}
    assert set(lost) == {run.run_id, only.run_id}
    found = terms(record, "main_ledger_and_earlier_state", RAW_COUNTER)
    assert found == {"forgotten": -sum(entry[RAW_COUNTER] for entry in lost.values())}
    assert lost[run.run_id][CONTENT] == 5
    assert set(terms(record, "main_ledger_and_earlier_state", CONTENT)) == {"forgotten", "superseded"}
    assert "forgotten" in terms(record, "main_ledger_and_earlier_state", CLEANED)
