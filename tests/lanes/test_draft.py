"""A lane kept between slice and publication gives the bytes a fresh build gives, and is used up."""

from __future__ import annotations

from pathlib import Path

import pytest

from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday_corpus
from moonshine_assets.lanes.books import LaneResult
from moonshine_assets.lanes.build import LANES, build_lane, build_lanes
from moonshine_assets.lanes.draft import save_draft, take_draft
from moonshine_assets.lanes.spill import Rows
from moonshine_assets.lanes.write import write_lane
from moonshine_resources.home import Home


def unused() -> LaneResult:
    raise AssertionError("the kept lane was not used")


@pytest.mark.parametrize("lane", LANES)
def test_a_kept_lane_is_published_as_the_same_bytes(tmp_path: Path, lane: str) -> None:
    mash = everyday_corpus().mash()
    together = build_lanes(mash, tuple(LANES), POLICY, DISTILLATION)[lane]
    alone = build_lane(mash, lane, POLICY, DISTILLATION)
    draft = Home.at(tmp_path).lane_draft(lane, DISTILLATION)
    save_draft(draft, together)
    kept = take_draft(draft, unused)
    folders = [
        write_lane(Home.at(tmp_path / name), lane, DISTILLATION, POLICY, result).folder
        for name, result in (("kept", kept), ("alone", alone))
    ]
    one, two = ({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()} for folder in folders)
    assert one == two
    assert len(one) == 12
    assert kept.reasons == alone.reasons


def test_a_kept_lane_is_used_once_and_then_built(tmp_path: Path) -> None:
    built = LaneResult(rows=Rows.of("dpo", []), candidates=0, dropped={})
    draft = tmp_path / "lane.msgpack"
    save_draft(draft, LaneResult(rows=Rows.of("dpo", []), candidates=2, dropped={"short": 2}))
    assert take_draft(draft, unused).candidates == 2
    assert take_draft(draft, lambda: built) is built
