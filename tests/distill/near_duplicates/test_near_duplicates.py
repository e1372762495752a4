"""Near duplicates are found, verified and gathered under the first of them; what is not alike stays apart."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.near_texts import jaccard, near_texts
from distill.corpus import POLICY, WORD_COUNTER, Corpus, conversation, human, model
from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.near_duplicates.clusters import gathered
from moonshine_assets.distill.near_duplicates.shingles import normalised, shingles

RULES = POLICY.near_duplicates
SENTENCE = "the quick brown fox jumps over the lazy dog while nine old owls look on from a tall tree"


def corpus_of(texts: list[str], size: int = 50) -> Corpus:
    """The texts as turns of conversations, in order."""
    corpus = Corpus()
    for start in range(0, len(texts), size):
        nodes = []
        for rank, words in enumerate(texts[start : start + size]):
            make = model if rank % 2 else human
            nodes.append(make(f"t{start + rank}", nodes[-1].node_id if nodes else None, words))
        corpus.add(conversation(f"c{start:06}", *nodes))
    return corpus


def test_recall_and_false_merges_on_planted_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    planted = near_texts(1_300, 1_300)
    connection = corpus_of(planted.texts).mash()
    cluster = dict(connection.execute("SELECT message_id, cluster_sha256 FROM store.cleaning").fetchall())
    merged = {pair: cluster[f"t{pair[0]}"] == cluster[f"t{pair[1]}"] for pair in planted.pairs}
    alike = [pair for pair, index in planted.pairs.items() if index >= 0.8]
    recall = sum(merged[pair] for pair in alike) / len(alike)
    members: dict[str, list[int]] = {}
    for name, text in cluster.items():
        members.setdefault(text, []).append(int(name[1:]))
    false = [
        pair
        for group in members.values()
        for pair in itertools.combinations(group, 2)
        if jaccard(planted.texts[pair[0]], planted.texts[pair[1]]) < 0.5
    ]
    below = sum(index < 0.5 for index in planted.pairs.values())
    with capsys.disabled():
        print(f"\nnear duplicates: recall {recall:.4f} of {len(alike)} pairs at J >= 0.8,", end=" ")
        print(f"{len(false)} false merges ({below} planted pairs below 0.5)")
    assert len(alike) > 200 and below > 200
    assert recall >= 0.99
    assert false == []


def test_the_first_occurrence_stands_for_the_others_and_each_token_has_its_reason() -> None:
    late, early = f"{SENTENCE} today indeed", f"{SENTENCE} today then"
    nodes = [
        human("u1", None, late),
        model("a1", "u1", early),
        human("u2", "a1", early.upper()),
        model("a2", "u2", late),
    ]
    for rank, node in enumerate(nodes):
        assert node.message is not None
        node.message.created_at = [4, 1, 3, 5][rank] * 1_000_000
    connection = Corpus(conversation("c1", *nodes)).mash()
    found = connection.execute("SELECT message_id, outcome, cluster_sha256 FROM store.cleaning ORDER BY ALL").fetchall()
    assert [row[:2] for row in found] == [
        ("a1", "kept"),
        ("a2", "exact_duplicate"),
        ("u1", "near_duplicate"),
        ("u2", "exact_duplicate"),
    ]
    assert len({row[2] for row in found}) == 1
    ((index,),) = connection.execute("SELECT jaccard FROM store.near_duplicates").fetchall()
    assert index == pytest.approx(jaccard(late, early))


def test_short_texts_are_compared_exactly_only() -> None:
    assert RULES.minimum_words > 5
    connection = corpus_of(["one two three four five six", "one two three four five six seven"]).mash()
    assert connection.execute("SELECT count(*) FROM store.minhash_bands").fetchall() == [(0,)]


def test_scripts_without_spaces_have_runs_of_characters() -> None:
    frame = pl.DataFrame({"normal": ["今天天气很好我们去公园散步吧然后吃饭", "今天天气很好我们去公园散步吧然后喝茶"]})
    runs = shingles(frame, 5).partition_by("row", include_key=False)
    left, right = (set(part["shingle"]) for part in runs)
    assert len(left) == 14 and len(left & right) == 12


def test_case_and_white_space_do_not_make_a_text_another() -> None:
    frame = pl.DataFrame({"text": [" Hello \n\n World\t", "hello world", "helloworld"]})
    assert frame.select(normalised(pl.col("text"))).to_series().to_list() == [
        "hello world",
        "hello world",
        "helloworld",
    ]


def test_growing_a_corpus_finds_what_one_build_finds() -> None:
    planted = near_texts(60, 60, seed=3)
    whole = corpus_of(planted.texts).mash()
    grown = corpus_of(planted.texts).mash(policy=None)
    for table in ("messages", "blocks"):
        grown.execute(f"UPDATE store.{table} SET superseded_by = 'later' WHERE conversation_id >= 'c000050'")
    clean(grown, POLICY, WORD_COUNTER)
    for table in ("messages", "blocks"):
        grown.execute(f"UPDATE store.{table} SET superseded_by = NULL")
    assert clean(grown, POLICY, WORD_COUNTER).measured == 70
    for table in ("near_duplicates", "cleaning"):
        rows = f"SELECT * FROM store.{table} ORDER BY ALL"
        assert grown.execute(rows).fetchall() == whole.execute(rows).fetchall()
    assert whole.execute("SELECT count(*) FROM store.near_duplicates").fetchall()[0][0] > 10


def test_a_chain_is_cut_where_it_leads_too_far() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d")]
    far = {("a", "b"): 0.9, ("a", "c"): 0.6, ("a", "d"): 0.3}
    under = gathered(
        edges, {name: rank for rank, name in enumerate("abcd")}, 0.5, lambda pairs: {p: far[p] for p in pairs}
    )
    assert under == {"b": ("a", 0.9), "c": ("a", 0.6)}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1]), max_size=20))
def test_nothing_comes_under_what_it_is_not_alike_to(numbers: list[tuple[int, int]]) -> None:
    edges = [(f"n{min(pair):02}", f"n{max(pair):02}") for pair in numbers]

    def index(left: str, right: str) -> float:
        return 0.9 if (left, right) in edges or (right, left) in edges else (int(left[1:]) * int(right[1:]) % 10) / 10

    rank = {f"n{number:02}": (number * 7) % 13 for number in range(13)}
    under = gathered(edges, rank, 0.5, lambda pairs: {pair: index(*pair) for pair in pairs})
    for node, (first, jaccard_) in under.items():
        assert first not in under and rank[first] < rank[node] and jaccard_ == index(first, node) >= 0.5
