"""One lane from a few conversations."""

from __future__ import annotations

from distill.corpus import Corpus

from moonshine_assets.distill.policy import Policy, load
from moonshine_assets.exports.records import ParsedConversation
from moonshine_assets.lanes.build import build_lane
from moonshine_assets.lanes.lint import lint
from moonshine_assets.lanes.rows import LaneResult

POLICY = load()
DISTILLATION = "distill_20260131_130000"


def built(lane: str, *conversations: ParsedConversation, policy: Policy = POLICY) -> LaneResult:
    """The lane, its rows already linted and its books balanced."""
    result = build_lane(Corpus(*conversations).mash(), lane, policy, DISTILLATION)
    assert lint(result.rows, lane) == []
    assert result.candidates == len(result.rows) + sum(result.dropped.values())
    return result
