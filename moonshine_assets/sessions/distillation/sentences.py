"""Prose to its sentences, letter for letter; code, quotations and tables are passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^\s*(```|~~~)")
_PASSED_OVER = re.compile(r"^\s*(?:>|\||#!|\$ |@@|[-=]{3,}\s*$)")
#: Marks of lists and headings are layout, not words.
_LAYOUT = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?|\d{1,3}[.)]\s+)")
#: A sentence ends at a mark that white space and the beginning of another one follow; never inside `code`.
_END = re.compile(r"(?<=[.!?])[\"')\]*]*\s+(?=[\"'(\[*`]?[A-ZÄÖÜÀ-Þ0-9])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|nr|fig|z\.B|d\.h|bzw)|\b[A-Z])\.\s*\Z", re.IGNORECASE
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text in order, each as it stands there without the layout around it."""
    is_code = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
            continue
        if is_code or _PASSED_OVER.match(line):
            continue
        yield from _split(_LAYOUT.sub("", line).strip())


def _split(line: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(line):
        before = line[start : match.start()]
        if _ABBREVIATION.search(before) or before.count("`") % 2:
            continue
        if before.strip():
            yield line[start : match.end()].strip()
        start = match.end()
    if line[start:].strip():
        yield line[start:].strip()
