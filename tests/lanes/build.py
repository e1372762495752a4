"""One lane from a few conversations."""

from __future__ import annotations

from dataclasses import replace

from distill.corpus import Corpus, count_words

from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.lanes.books import LaneResult
from moonshine_assets.lanes.build import build_lane
from moonshine_assets.lanes.lint import lint

POLICY = load()
DISTILLATION = "distill_20260131_130000"


def built(lane: str, *conversations: ParsedConversation, policy: Policy = POLICY) -> LaneResult:
    """The lane, its rows read, already linted, and its books balanced."""
    result = build_lane(Corpus(*conversations).mash(), lane, policy, DISTILLATION, count=count_words)
    assert lint(result.rows, lane) == []
    assert result.candidates == len(result.rows) + sum(result.dropped.values())
    return replace(result, rows=list(result.rows))
