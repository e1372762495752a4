"""The redacted texts follow the mash: each text is searched once, values keep their numbers, lanes read the result."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from distill.corpus import POLICY, WORD_COUNTER, Corpus, call, conversation, human, model, result
from distill.redaction.secrets import AWS, GITHUB, PLANTED
from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import load
from moonshine_assets.distill.redaction.identity import Identity
from moonshine_assets.distill.redaction.rules import Rules
from moonshine_assets.distill.state import require_clean
from moonshine_assets.errors import GateFailed, UndefinedPolicy
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.lanes.build import build_lane
from moonshine_assets.lanes.sensitive import sensitive

DISTILLATION = "distill_20260131_130000"


def told(name: str, *, mail: str = "jane.roe@acme.io") -> ParsedConversation:
    arguments = json.dumps({"cmd": f"echo {AWS}\n{GITHUB}", "card": 4111111111111111})
    return conversation(
        name,
        human(f"{name}u1", None, f"I am {mail} in /home/jroe"),
        call(f"{name}c", f"{name}u1", "sh", arguments),
        result(f"{name}t", f"{name}c", "sh", f'{{"out": "a\\n{AWS}"}}', False),
        model(f"{name}a1", f"{name}t", f"Done, {mail}, with {GITHUB}"),
    )


def texts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM store.redacted_texts ORDER BY ALL").fetchall()]


def numbers(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    return connection.execute("SELECT * FROM store.placeholders ORDER BY label, number").fetchall()


def test_a_row_carries_the_redacted_text_and_its_tokens() -> None:
    connection = Corpus(told("c1")).mash()
    (row,) = build_lane(connection, "agentic_code", POLICY, DISTILLATION).rows
    assert [message["content"] for message in row["messages"]] == [
        "I am <EMAIL_1> in /home/<USER_1>",
        "",
        '{"out": "a\\n<AWS_ACCESS_KEY_1>"}',
        "Done, <EMAIL_1>, with <GITHUB_TOKEN_1>",
    ]
    arguments = row["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert arguments == {"cmd": "echo <AWS_ACCESS_KEY_1>\n<GITHUB_TOKEN_1>", "card": "<CARD_1>"}
    stored = connection.execute("SELECT text, tokens FROM store.redacted_texts").fetchall()
    assert all(WORD_COUNTER.count_many([text]) == [tokens] for text, tokens in stored)


def test_numbers_go_by_the_first_place_and_stay_when_the_corpus_grows() -> None:
    first, both = Corpus(told("c1")), Corpus(told("c1"), told("c2", mail="john.roe@acme.io"))
    alone = first.mash()
    connection = both.mash()
    before = numbers(alone)
    assert set(before) < set(numbers(connection))
    assert set(texts(alone)) < set(texts(connection))
    assert any("<EMAIL_2>" in text for text in texts(connection))


def test_a_text_is_searched_once_and_forgotten_with_its_message() -> None:
    connection = Corpus(told("c1"), told("c2", mail="john.roe@acme.io")).mash()
    assert clean(connection, POLICY, WORD_COUNTER) == (0, 0, 0, False)
    for table in ("messages", "blocks"):
        connection.execute(f"UPDATE store.{table} SET superseded_by = 'later' WHERE conversation_id = 'c2'")
    kept = numbers(connection)
    assert clean(connection, POLICY, WORD_COUNTER).scanned == 0
    assert not any("<EMAIL_2>" in text for text in texts(connection))
    connection.execute("UPDATE store.messages SET superseded_by = NULL")
    connection.execute("UPDATE store.blocks SET superseded_by = NULL")
    assert clean(connection, POLICY, WORD_COUNTER).scanned > 0
    assert numbers(connection) == kept and any("<EMAIL_2>" in text for text in texts(connection))


def test_other_rules_or_owners_search_everything_again(tmp_path: Path) -> None:
    connection = Corpus(told("c1")).mash()
    everything = connection.execute("SELECT count(*) FROM store.text_scans").fetchall()[0][0]
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "default"\nname = "mine"\n[redaction]\noff = ["home_directory"]\n', "utf-8")
    assert clean(connection, load(mine), WORD_COUNTER).scanned == everything
    assert any("/home/jroe" in text for text in texts(connection))
    owner = [Identity("name", "Done With")]
    assert clean(connection, load(mine), WORD_COUNTER, owner).scanned == everything


@pytest.mark.parametrize(
    "change",
    [
        'off = ["emial"]',
        'rules_file = "redacton"',
        '[[redaction.rules]]\nname = "x"\nkind = "pii"\nlabel = "X"\npattern = "("',
    ],
)
def test_rules_that_cannot_be_are_refused(tmp_path: Path, change: str) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f'extends = "default"\nname = "mine"\n[redaction]\n{change}\n', "utf-8")
    with pytest.raises(UndefinedPolicy):
        load(mine)


def test_placeholders_longer_than_what_they_replace_do_not_make_a_text_count_more() -> None:
    class Counts:
        def count_many(self, given: list[str]) -> list[int]:
            return [99 for _ in given]

    connection = Corpus(told("c1")).mash(policy=None)
    clean(connection, POLICY, Counts())
    wrong = "SELECT count(*) FROM store.cleaning WHERE cleaned_tokens > tokens"
    assert connection.execute(wrong).fetchall() == [(0,)]
    assert connection.execute("SELECT count(*) FROM store.redacted_texts WHERE tokens = 99").fetchall()[0][0] > 0


def test_a_mash_with_texts_nobody_searched_is_refused() -> None:
    connection = Corpus(told("c1")).mash(policy=None)
    with pytest.raises(GateFailed, match="never cleaned"):
        require_clean(connection, POLICY)
    clean(connection, POLICY, WORD_COUNTER)
    require_clean(connection, POLICY)
    with pytest.raises(GateFailed, match="another policy"):
        require_clean(connection, load("seed"))
    connection.execute("UPDATE store.blocks SET arguments = '{\"later\": 1}' WHERE kind = 'tool_call'")
    with pytest.raises(GateFailed, match="1 texts were not searched"):
        require_clean(connection, POLICY)


@pytest.mark.parametrize("name", PLANTED)
def test_a_value_planted_in_a_row_refuses_the_lane_and_is_not_shown(name: str) -> None:
    rows = list(build_lane(Corpus(told("c1")).mash(), "agentic_code", POLICY, DISTILLATION).rows)
    rules = Rules(POLICY.redaction)
    assert [verdict.passed for verdict in sensitive(rows, rules)] == [True, True]
    text, value = PLANTED[name]
    rows[0]["messages"][1]["tool_calls"][0]["function"]["arguments"]["deep"] = [{"er": f"x\n{text}"}]
    verdicts = sensitive(rows, rules)
    refused = [verdict for verdict in verdicts if not verdict.passed]
    assert {"record_uid": rows[0]["record_uid"], "rule": name} in [one for v in refused for one in v.offenders]
    assert value not in str(verdicts)
