"""The best conversations fill the band, in a fixed order; what is left out has its reason, to the token."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from distill.corpus import POLICY, WORD_COUNTER, Corpus, conversation, human, model
from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.decontamination import Benchmarks, gram_hashes, read_benchmarks
from moonshine_assets.distill.gates import token_band
from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.distill.selection import stored_selection
from moonshine_assets.distill.slice import write_slice
from moonshine_assets.distill.waterfall import CLEANED, SELECTED, counters, waterfall
from moonshine_assets.errors import BadInput
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.lanes.build import LANES, build_lane

DISTILLATION = "distill_20260131_130000"


def talk(name: str, words: int, *, feedback: str | None = None, turns: int = 2) -> ParsedConversation:
    """A conversation of `words` words in all, a rating on its last answer."""
    each, nodes = words // (2 * turns), []
    for turn in range(turns):
        parent = nodes[-1].node_id if nodes else None
        asked = " ".join(f"{name}q{turn}w{rank}" for rank in range(each))
        said = " ".join(f"{name}a{turn}w{rank}" for rank in range(each))
        nodes += [human(f"{name}u{turn}", parent, asked), model(f"{name}a{turn}", f"{name}u{turn}", said)]
    assert nodes[-1].message is not None
    nodes[-1].message.feedback = feedback
    return conversation(name, *nodes)


def banded(folder: Path, low: int, high: int) -> Policy:
    path = folder / f"band_{low}_{high}.toml"
    band = f'[band]\nkind = "absolute"\nlow = {low}\nhigh = {high}\nminimum_cleaned_tokens = 0\n'
    path.write_text(f'extends = "default"\nname = "banded"\n{band}', "utf-8")
    return load(path)


def selected(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT conversation_id, outcome FROM store.selection ORDER BY rank").fetchall())


def left_out(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    steps = waterfall(connection, 100_000)
    return {step.reason: step.tokens for step in steps if step.from_counter == CLEANED and step.tokens}


CORPUS = Corpus(talk("bad", 40, feedback="down"), talk("good", 40, feedback="up"), talk("plain", 40))


def test_the_best_are_taken_until_the_band_is_full_and_the_rest_has_a_reason(tmp_path: Path) -> None:
    policy = banded(tmp_path, 60, 90)
    connection = CORPUS.mash(policy=policy)
    write_slice(connection, policy, DISTILLATION)
    assert list(selected(connection).items()) == [
        ("good", "selected"),
        ("plain", "selected"),
        ("bad", "below_selection"),
    ]
    assert counters(connection)[SELECTED] == 80
    assert left_out(connection) == {"below_selection": 40}
    assert token_band(policy, counters(connection)).passed
    quality = connection.execute(
        "SELECT conversation_id, quality, approval FROM store.distilled_conversations ORDER BY quality DESC"
    ).fetchall()
    assert [row[0] for row in quality] == ["good", "plain"] and [row[2] for row in quality] == [1.0, 0.5]


def test_rows_of_what_is_left_out_are_refused_under_that_reason(tmp_path: Path) -> None:
    policy = banded(tmp_path, 30, 50)
    connection = CORPUS.mash(policy=policy)
    lanes = write_slice(connection, policy, DISTILLATION).lanes
    rows = [row for lane in LANES for row in lanes[lane].rows]
    assert rows and {row["conversation_id"] for row in rows} == {"good"}
    assert lanes["conversational"].dropped["below_selection"] == 2
    candidates, below = stored_selection(connection)
    for lane in LANES:
        alone = build_lane(connection, lane, policy, DISTILLATION, among=candidates, leave_out=lambda _, out=below: out)
        assert (list(alone.rows), alone.dropped) == (list(lanes[lane].rows), lanes[lane].dropped)


def test_a_giant_is_passed_over_while_the_band_is_not_reached(tmp_path: Path) -> None:
    policy = banded(tmp_path, 60, 90)
    connection = Corpus(talk("giant", 4000, feedback="up"), talk("a", 40), talk("b", 40)).mash(policy=policy)
    write_slice(connection, policy, DISTILLATION)
    assert {name for name, outcome in selected(connection).items() if outcome == "selected"} == {"a", "b"}


def test_a_band_that_cannot_be_met_fails_with_the_numbers(tmp_path: Path) -> None:
    policy = banded(tmp_path, 5_000, 6_000)
    connection = CORPUS.mash(policy=policy)
    write_slice(connection, policy, DISTILLATION)
    verdict = token_band(policy, counters(connection))
    assert not verdict.passed
    assert "120 tokens are below the band 5,000 to 6,000" in verdict.reason


def test_a_text_that_conversations_share_counts_once(tmp_path: Path) -> None:
    policy = banded(tmp_path, 20, 40)
    same = [conversation(f"c{copy}", *talk("x", 40).nodes) for copy in range(3)]
    connection = Corpus(*same).mash(policy=policy)
    write_slice(connection, policy, DISTILLATION)
    assert set(selected(connection).values()) == {"selected"}
    assert counters(connection)[SELECTED] == 40


def test_tone_shift_is_the_change_over_an_answer_and_null_where_it_is_not_known() -> None:
    def of(name: str, *said: str) -> ParsedConversation:
        nodes = []
        for rank, words in enumerate(said):
            make = model if rank % 2 else human
            nodes.append(make(f"{name}{rank}", nodes[-1].node_id if nodes else None, words))
        return conversation(name, *nodes)

    answer = "Here is the code that you asked me for, with all of the tests."
    connection = Corpus(
        of("better", "This is terrible, I hate this horrible broken code.", answer, "Wonderful, I love it, thank you!"),
        of("alone", "Please write a function that adds two numbers for me.", answer),
        of(
            "german",
            "Das ist schrecklich, ich hasse diesen furchtbaren Code.",
            answer,
            "Wunderbar, das liebe ich!",
        ),
    ).mash()
    found = dict(connection.execute("SELECT conversation_id, tone_shift FROM store.conversation_scores").fetchall())
    assert found["better"] > 0.8 and (found["alone"], found["german"]) == (None, None)


QUESTION = "A train leaves the station at noon and travels at sixty miles an hour toward the old harbor town"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "decontamination"
    folder.mkdir()
    (folder / "trains.jsonl").write_text(f'{{"question": "{QUESTION}", "n": 1}}\n', "utf-8")
    return folder


@pytest.mark.parametrize("form", ["jsonl", "txt", "hashes"])
def test_a_conversation_with_text_of_a_benchmark_is_left_out_with_its_reasons(lists: Path, form: str) -> None:
    grams = [f"{gram:016x}" for gram in gram_hashes(pl.Series([QUESTION]), 13)["gram"]]
    (lists / "trains.jsonl").unlink()
    written = {"jsonl": f'["{QUESTION}"]', "txt": QUESTION, "hashes": "\n".join(grams)}[form]
    (lists / f"trains.{form}").write_text(written, "utf-8")
    asked = f"Solve: {QUESTION.upper().replace(' ', ', ')}. When does it arrive?"
    nodes = [human("u", None, asked), model("a", "u", "It depends on the distance.")]
    connection = Corpus(conversation("c1", *nodes), talk("clean", 40)).mash(policy=None)
    clean(connection, POLICY, WORD_COUNTER, benchmarks=read_benchmarks(lists, 13))
    write_slice(connection, POLICY, DISTILLATION)
    assert selected(connection) == {"clean": "selected", "c1": "beside_benchmark"}
    outcomes = dict(connection.execute("SELECT message_id, outcome FROM store.cleaning").fetchall())
    assert (outcomes["u"], outcomes["a"]) == ("decontaminated", "kept")
    assert left_out(connection) == {"beside_benchmark": 5}
    clean(connection, POLICY, WORD_COUNTER)
    assert connection.execute("SELECT DISTINCT outcome FROM store.cleaning").fetchall() == [("kept",)]


def test_a_list_that_cannot_be_read_is_named(lists: Path) -> None:
    (lists / "broken.jsonl").write_text("{", "utf-8")
    with pytest.raises(BadInput, match=r"broken\.jsonl"):
        read_benchmarks(lists, 13)


def test_without_lists_nothing_is_a_benchmark(tmp_path: Path) -> None:
    assert read_benchmarks(tmp_path / "none", 13).version == Benchmarks().version == ""
