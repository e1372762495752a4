"""How well passages answer: BM25 over what is looked for, with what a passage has of it all."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from moonshine_assets.sessions.recall.terms import extra_words, folded, words

_K1 = 1.2
_B = 0.5
#: Words a passage has on the whole.
_USUAL = 120
#: What stands as it was asked for counts so much more than its words one by one.
_VERBATIM = 2.0
#: Output of tools repeats what was said; what a person or the model says about it comes before it.
_OUTPUT = 0.85


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
    """A passage: its text, its heading with its times, and where it stands. `row` is the caller's."""

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


def ranked(candidates: list[Candidate], concepts: list[Concept], total: int) -> list[Candidate]:
    """The candidates that have anything, best first; of the same text the best alone."""
    weights = [math.log(1 + (total - min(one.passages, total) + 0.5) / (one.passages + 0.5)) for one in concepts]
    for candidate in candidates:
        _judge(candidate, concepts, weights)
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


def _judge(candidate: Candidate, concepts: list[Concept], weights: list[float]) -> None:
    text = folded(f"{candidate.text}\n{candidate.context}")
    found = words(text)
    counts = Counter([*found, *extra_words(candidate.text)])
    line = f" {' '.join(found)} "
    length = 1 - _B + _B * len(found) / _USUAL
    score = covered = 0.0
    has_all = True
    for concept, weight in zip(concepts, weights, strict=True):
        times = sum(counts[run[0]] if len(run) == 1 else line.count(f" {' '.join(run)} ") for run in concept.variants)
        if not times:
            has_all = False
            continue
        value = weight * times * (_K1 + 1) / (times + _K1 * length)
        score += value * (_VERBATIM if concept.literal and concept.literal in text else 1.0)
        covered += weight
    share = covered / (sum(weights) or 1.0)
    candidate.has_all = has_all
    candidate.score = score * (0.4 + 0.6 * share * share) * (_OUTPUT if candidate.who == "tool" else 1.0)
