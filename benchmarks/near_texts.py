"""Texts with near duplicates of known Jaccard index among them, for the benchmark and the test of recall."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

SHINGLE_WORDS = 5
_VOCABULARY = 4_000


class Planted(NamedTuple):
    """Texts, and for each planted pair (numbers of two texts) the Jaccard index of their sets of word runs."""

    texts: list[str]
    pairs: dict[tuple[int, int], float]


def word_runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[at : at + SHINGLE_WORDS]) for at in range(len(words) - SHINGLE_WORDS + 1)}


def jaccard(left: str, right: str) -> float:
    """Of the two texts' sets of word runs, counted here once more so that nothing is measured by itself."""
    one, other = word_runs(left), word_runs(right)
    return len(one & other) / len(one | other) if one | other else 0.0


def near_texts(originals: int, copies: int, *, seed: int = 7, words: tuple[int, int] = (60, 400)) -> Planted:
    """`originals` texts of random words, and of the first `copies` of them one copy each with words changed.

    Changes are words replaced, dropped and added in a few places, so that indexes spread over 0.2 to 1.
    """
    random_ = random.Random(seed)
    vocabulary = ["".join(random_.choices("bcdfghlmnprstv", k=2)) + f"{rank:x}" for rank in range(_VOCABULARY)]
    texts = [" ".join(random_.choices(vocabulary, k=random_.randint(*words))) for _ in range(originals)]
    pairs: dict[tuple[int, int], float] = {}
    for number in range(copies):
        changed = " ".join(_changed(texts[number].split(), vocabulary, random_))
        pairs[number, len(texts)] = jaccard(texts[number], changed)
        texts.append(changed)
    return Planted(texts, pairs)


def _changed(words: list[str], vocabulary: list[str], random_: random.Random) -> Iterator[str]:
    places = set(random_.sample(range(len(words)), k=max(1, int(len(words) * random_.uniform(0.0, 0.16)))))
    for place, word in enumerate(words):
        if place not in places:
            yield word
            continue
        what = random_.random()
        if what < 0.6:
            yield random_.choice(vocabulary)
        elif what < 0.8:
            yield word
            yield random_.choice(vocabulary)
