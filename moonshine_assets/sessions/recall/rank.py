"""How well passages answer: BM25 over what is looked for, with what a passage has of it all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from moonshine_assets.sessions.recall.kinds import NOTHING, Wants
from moonshine_assets.sessions.recall.terms import extra_words, folded, words

_K1 = 1.2
_B = 0.5
#: Words a passage has on the whole.
_USUAL = 120
#: What stands as it was asked for counts so much more than its words one by one.
_VERBATIM = 2.0
#: Output of tools repeats what was said; what a person or the model says about it comes before it.
_OUTPUT = 0.85
#: Another form of a word than the one asked for.
_OTHER_FORM = 0.8
#: What stands together counts up to so much more.
_CLOSE = 0.5
#: A passage that has the kind of thing that is asked for.
_WANTED = 1.25


class Concept(NamedTuple):
    """One thing that is looked for.

    Args:
        variants: any of these runs of words.
        passages: about how many passages have it.
        literal: how it is written, in lower case; empty for a word.
    """

    variants: tuple[tuple[str, ...], ...]
    passages: int
    literal: str = ""

    @property
    def expression(self) -> str:
        """As SQLite's full-text search is asked for it; words are letters and digits alone."""
        return "(" + " OR ".join('"' + " ".join(run) + '"' for run in self.variants) + ")"


@dataclass(slots=True)
class Candidate:
    """A passage: its text, its message's id and times, and where it stands. `row` is the caller's."""

    text: str
    context: str
    at: int
    who: str
    path: str
    line: int
    facts: dict[str, str]
    row: Any
    score: float = 0.0
    has_all: bool = False


def ranked(candidates: list[Candidate], concepts: list[Concept], total: int, wants: Wants = NOTHING) -> list[Candidate]:
    """The candidates that have anything, best first; of the same text the best alone."""
    weights = [math.log(1 + (total - min(one.passages, total) + 0.5) / (one.passages + 0.5)) for one in concepts]
    for candidate in candidates:
        _judge(candidate, concepts, weights, wants)
    ordered = sorted(
        (one for one in candidates if one.score > 0),
        key=lambda one: (-round(one.score, 6), -one.at, one.path, one.line),
    )
    told: set[str] = set()
    kept = []
    for one in ordered:
        print_ = " ".join(one.text.split())
        if print_ not in told:
            told.add(print_)
            kept.append(one)
    return kept


def _judge(candidate: Candidate, concepts: list[Concept], weights: list[float], wants: Wants) -> None:
    text = folded(f"{candidate.text}\n{candidate.context}")
    said = words(folded(candidate.text))
    found = [*said, *words(candidate.context)]
    places = _places(found)
    for word in extra_words(candidate.text):
        places.setdefault(word, [])
    line = f" {' '.join(found)} "
    length = 1 - _B + _B * len(said) / _USUAL
    score = covered = 0.0
    spots: list[list[int]] = []
    has_all = True
    for concept, weight in zip(concepts, weights, strict=True):
        times, where = _occurrences(concept, places, line)
        if not times:
            has_all = False
            continue
        value = weight * times * (_K1 + 1) / (times + _K1 * length)
        score += value * (_VERBATIM if concept.literal and concept.literal in text else 1.0)
        covered += weight
        if where:
            spots.append(where)
    share = covered / (sum(weights) or 1.0)
    candidate.has_all = has_all
    candidate.score = score * (0.4 + 0.6 * share * share) * _closeness(spots)
    if candidate.who == "tool":
        candidate.score *= _OUTPUT
    if wants.are_met(candidate.text):
        candidate.score *= _WANTED


def _places(found: list[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, word in enumerate(found):
        places.setdefault(word, []).append(at)
    return places


def _occurrences(concept: Concept, places: dict[str, list[int]], line: str) -> tuple[float, list[int]]:
    """How often a passage has a concept, its other forms counting less, and at which of its words."""
    times = 0.0
    where: list[int] = []
    for rank, run in enumerate(concept.variants):
        if run[0] not in places:
            continue
        if len(run) == 1:
            times += max(1, len(places[run[0]])) * (_OTHER_FORM if rank else 1.0)
            where += places[run[0]]
        elif count := line.count(f" {' '.join(run)} "):
            times += count
            where += places[run[0]]
    return times, where


def _closeness(spots: list[list[int]]) -> float:
    """From 1 to 1 + _CLOSE as what was looked for stands together: words found, to words from the first to the last of
    them where they are closest."""
    if len(spots) < 2:
        return 1.0
    events = sorted((at, rank) for rank, where in enumerate(spots) for at in where)
    last: dict[int, int] = {}
    best = 0
    for at, rank in events:
        last[rank] = at
        if len(last) == len(spots):
            span = at - min(last.values()) + 1
            best = span if not best else min(best, span)
    return 1.0 + (_CLOSE * min(1.0, len(spots) / best) if best else 0.0)
