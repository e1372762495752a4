"""How much two texts share, by their word 5-grams."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_SIZE = 5


def jaccard(one: str, other: str) -> float:
    """Shared word 5-grams over all word 5-grams, case ignored; texts of fewer words count as one gram."""
    first, second = _grams(one), _grams(other)
    return len(first & second) / len(first | second)


def _grams(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[start : start + _SIZE]) for start in range(max(1, len(words) - _SIZE + 1))}
