"""Cleaning accounts for every text, the slice holds what lanes use, and the waterfall is exact."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings

from distill.corpus import WORD_COUNTER, Corpus, call, conversation, human, injected, model, result
from distill.trees import corpora
from moonshine_assets.distill.clean import EMPTY_SHA256, clean
from moonshine_assets.distill.policy import load
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.distill.waterfall import CLEANED, CONTENT, RAW, SELECTED, Step, counters, waterfall
from moonshine_assets.errors import GateFailed
from moonshine_assets.exports.records import Block
from moonshine_assets.gates import Verdict, broken
from moonshine_assets.lanes.books import carried
from moonshine_assets.lanes.build import LANES, build_lane
from moonshine_assets.lanes.lint import lint
from moonshine_assets.tables.derived import DERIVED_TABLES

POLICY = load()
DISTILLATION = "distill_20260131_130000"


def distil(corpus: Corpus, path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    connection = corpus.mash(path)
    write_slice(connection, POLICY, DISTILLATION)
    return connection


def column(connection: duckdb.DuckDBPyConnection, query: str) -> list[object]:
    return [row[0] for row in connection.execute(query).fetchall()]


def outcomes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT message_id, outcome FROM store.cleaning").fetchall())


def selected(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT message_id, selected_because FROM store.distilled_messages").fetchall())


def test_the_first_occurrence_of_a_text_is_kept_whatever_the_order_of_the_file() -> None:
    late, early = human("late", None, "Hello there"), human("early", "late", "Hello there")
    late.message.created_at, early.message.created_at = 2_000_000, 1_000_000
    untimed = conversation("c2", human("untimed", None, "Hello there"), timed=False)
    connection = distil(Corpus(untimed, conversation("c1", late, early)))
    assert outcomes(connection) == {"early": "kept", "late": "exact_duplicate", "untimed": "exact_duplicate"}


def test_ties_in_time_go_to_the_smaller_provider_then_conversation_then_position() -> None:
    corpus = Corpus(conversation("c1", human("a", None, "Same"), timed=False))
    corpus.add(conversation("c0", human("b", None, "Same"), model("c", "b", "Same"), timed=False))
    corpus.add(conversation("c0", human("z", None, "Same"), timed=False), run="claude_20260131_120000")
    assert [name for name, outcome in outcomes(distil(corpus)).items() if outcome == "kept"] == ["b"]


def test_empty_texts_and_system_messages_are_not_kept() -> None:
    nodes = (injected("s", None, "Be brief", role="system"), human("u", "s", None), model("a", "u", "Hi"))
    connection = distil(Corpus(conversation("c1", *nodes)))
    assert outcomes(connection) == {"u": "empty", "a": "kept"}
    assert column(connection, "SELECT content_sha256 FROM store.cleaning WHERE outcome = 'empty'") == [EMPTY_SHA256]


def test_cleaning_takes_no_turn_out_of_a_conversation() -> None:
    nodes = [
        human("u1", None, "Go on"),
        model("a1", "u1", "Tick"),
        human("u2", "a1", "Go on"),
        model("a2", "u2", "Tick"),
    ]
    connection = distil(Corpus(conversation("c1", *nodes)))
    assert selected(connection) == dict.fromkeys(("u1", "a1", "u2", "a2"), "active_path")
    row = build_lane(connection, "conversational", POLICY, DISTILLATION).rows[0]
    assert [message["content"] for message in row["messages"]] == ["Go on", "Tick", "Go on", "Tick"]


def test_a_conversation_without_an_answer_after_the_question_is_not_in_the_slice() -> None:
    corpus = Corpus(
        conversation("asked", human("u", None, "Hello?")),
        conversation("reversed", model("a", None, "Welcome"), human("u", "a", "Thanks")),
        conversation("wordless", human("u", None, " \n"), model("a", "u", "Hi")),
        conversation("thought", human("u", None, "Hello?"), model("a", "u", None, Block("thinking", "Hm"))),
        conversation("spoken", human("u", None, None, Block("audio", "Hello?")), model("a", "u", "Hi")),
    )
    connection = distil(corpus)
    assert column(connection, "SELECT conversation_id FROM store.distilled_conversations") == ["spoken"]


def test_hidden_tool_messages_are_selected_when_a_row_carries_them() -> None:
    nodes = [
        human("u", None, "Add"),
        call("c", "u", "python", "1+1"),
        result("t", "c", "python", "2"),
        model("a", "t", "2"),
    ]
    refused = [human("u2", None, "Add"), call("c2", "u2", "python", "1+1"), model("a2", "c2", "It is 2")]
    connection = distil(Corpus(conversation("c1", *nodes), conversation("c2", *refused)))
    assert selected(connection) == dict.fromkeys(("u", "c", "t", "a", "u2", "a2"), "active_path")


def test_an_answer_left_behind_is_selected_only_for_a_preference_row() -> None:
    nodes = [
        human("u1", None, "Why is the sky blue?"),
        model("left", "u1", "short waves scatter more than long ones do in air " * 3),
        model("a1", "u1", "sunlight meets molecules and blue bounces around the most " * 3),
        human("u2", "a1", "And red at dusk?"),
        model("stub", "u2", "Hm."),
        model("a2", "u2", "Yes."),
    ]
    connection = distil(Corpus(conversation("c1", *nodes)))
    assert selected(connection) == {
        **dict.fromkeys(("u1", "a1", "u2", "a2"), "active_path"),
        "left": "preference_branch",
    }
    row = connection.execute(
        "SELECT eligible_dpo, eligible_conversational, eligible_grpo, reasons, active_messages, branch_messages, "
        "human_turns, model_turns, tone_shift FROM store.distilled_conversations"
    ).fetchall()[0]
    reasons = ["agentic_code:no_tool_calls", "grpo:no_verifiable_prompt", "kto:in_a_pair", "kto:too_short"]
    assert row == (True, True, False, reasons, 4, 1, 2, 2, 0.0)


def test_every_token_has_a_reason() -> None:
    corpus = Corpus(
        conversation(
            "c1",
            injected("s", None, "system words", role="system"),
            injected("i", "s", "three injected words"),
            human("u", "i", "one question here please"),
            model("side", "u", "a branch"),
            model("a", "u", "the answer"),
        ),
        conversation(
            "c2", human("alone", None, "nobody ever answered this one"), human("again", "alone", "the answer")
        ),
    )
    assert waterfall(distil(corpus), 100) == [
        Step(RAW, CONTENT, "system_text", 2),
        Step(RAW, CONTENT, "json_structure_and_escaping", 80),
        Step(CONTENT, CLEANED, "empty", 0),
        Step(CONTENT, CLEANED, "exact_duplicate", 2),
        Step(CONTENT, CLEANED, "near_duplicate", 0),
        Step(CONTENT, CLEANED, "decontaminated", 0),
        Step(CONTENT, CLEANED, "redaction", 0),
        Step(CLEANED, SELECTED, "hidden_or_injected", 3),
        Step(CLEANED, SELECTED, "side_branch", 2),
        Step(CLEANED, SELECTED, "no_exchange", 5),
        Step(CLEANED, SELECTED, "beside_benchmark", 0),
        Step(CLEANED, SELECTED, "below_selection", 0),
    ]


def check_waterfall(connection: duckdb.DuckDBPyConnection) -> None:
    totals = {RAW: 10_000, **counters(connection)}
    steps = waterfall(connection, totals[RAW])
    assert all(step.tokens >= 0 for step in steps)
    for before, after in ((RAW, CONTENT), (CONTENT, CLEANED), (CLEANED, SELECTED)):
        assert totals[before] - totals[after] == sum(step.tokens for step in steps if step.from_counter == before)
    texts = "SELECT coalesce(sum(tokens), 0) FROM store.texts SEMI JOIN {} USING (content_sha256)"
    spoken = "(SELECT content_sha256 FROM main.messages WHERE role <> 'system')"
    assert totals[CLEANED] == column(connection, texts.format(spoken))[0]
    assert totals[SELECTED] == column(connection, texts.format("store.distilled_messages"))[0]
    for table in DERIVED_TABLES:
        table.pandera().validate(connection.sql(f"SELECT * FROM store.{table.name}").pl())


def check_lanes(connection: duckdb.DuckDBPyConnection) -> None:
    in_slice = set(
        connection.execute(
            "SELECT provider, provider_run_id, conversation_id, message_id FROM store.distilled_messages"
        ).fetchall()
    )
    conversations = connection.execute(
        "SELECT provider, provider_run_id, conversation_id FROM store.distilled_conversations"
    ).fetchall()
    for lane in LANES:
        built = build_lane(connection, lane, POLICY, DISTILLATION)
        assert lint(built.rows, lane) == []
        assert built.candidates == len(built.rows) + sum(built.dropped.values())
        assert set(carried(built)) <= in_slice
        flags = column(connection, f"SELECT eligible_{lane} FROM store.distilled_conversations")
        assert flags.count(False) == len(built.reasons) and set(built.reasons) <= set(conversations)


@settings(max_examples=20)
@given(corpora())
def test_on_any_corpus_the_waterfall_is_exact_rows_lint_clean_and_the_slice_holds_what_rows_carry(
    corpus: Corpus,
) -> None:
    with distil(corpus) as connection:
        check_waterfall(connection)
        check_lanes(connection)


def test_running_again_writes_nothing(tmp_path: Path) -> None:
    nodes = [human("u", None, "Hello"), model("a", "u", "Hi")]
    path = tmp_path / "mash.db"
    distil(Corpus(conversation("c1", *nodes)), str(path)).close()
    before = path.read_bytes()
    with duckdb.connect(str(path)) as connection:
        assert not clean(connection, POLICY, WORD_COUNTER).changed
        assert not write_slice(connection, POLICY, DISTILLATION).changed
    assert path.read_bytes() == before


def test_a_new_policy_rewrites_the_slice() -> None:
    connection = distil(Corpus(conversation("c1", human("u", None, "Hello"), model("a", "u", "Hi"))))
    with pytest.raises(GateFailed, match="cleaned by another policy"):
        write_slice(connection, load("seed"), DISTILLATION)
    clean(connection, load("seed"), WORD_COUNTER)
    assert write_slice(connection, load("seed"), DISTILLATION).changed
    assert column(connection, "SELECT policy_version FROM store.distilled_conversations") == [load("seed").version]


def test_a_raw_count_smaller_than_the_texts_fails_the_gate() -> None:
    connection = distil(Corpus(conversation("c1", human("u", None, "Hello"), model("a", "u", "Hi"))))
    assert waterfall(connection, 2)[1].tokens == 0
    with pytest.raises(GateFailed, match="json_structure_and_escaping"):
        waterfall(connection, 1)


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("DELETE FROM store.cleaning WHERE message_id = 'a'", "cleaning"),
        ("UPDATE store.messages SET superseded_by = 'later' WHERE message_id = 'a'", "cleaning"),
        ("UPDATE store.distilled_messages SET tokens = tokens + 1", "distilled_messages"),
        ("DELETE FROM store.distilled_conversations", "distilled_conversations"),
        ("DROP TABLE store.cleaning", "cleaning"),
    ],
)
def test_counters_are_refused_when_the_tables_are_not_of_this_mash(change: str, table: str) -> None:
    connection = distil(Corpus(conversation("c1", human("u", None, "Hello"), model("a", "u", "Hi"))))
    connection.execute(change)
    with pytest.raises(GateFailed, match=table):
        counters(connection)


def test_superseded_messages_are_neither_cleaned_nor_sliced() -> None:
    connection = Corpus(conversation("c1", human("u", None, "Hello"), model("a", "u", "Hi"))).mash()
    for table in ("conversations", "messages", "blocks"):
        connection.execute(f"UPDATE store.{table} SET superseded_by = 'chatgpt_20260201_120000'")
    clean(connection, POLICY, WORD_COUNTER)
    assert write_slice(connection, POLICY, DISTILLATION).conversations == 0
    assert counters(connection) == {CONTENT: 0, CLEANED: 0, SELECTED: 0}


def test_a_refused_slice_leaves_the_one_before() -> None:
    connection = distil(Corpus(conversation("c", human("u", None, "Which way?"), model("a", "u", "To the left."))))
    rows = "SELECT policy_version, run_id FROM store.distilled_conversations"
    before = column(connection, rows)

    def refuse(_: duckdb.DuckDBPyConnection) -> list[Verdict]:
        return [broken("token_band", "too small", [{"selected": 1}])]

    with pytest.raises(GateFailed, match="token_band"):
        write_slice(connection, POLICY, "distill_20260201_000000", refuse)
    assert before
    assert connection.execute(rows).fetchall() == [(POLICY.version, DISTILLATION)] * len(before)
