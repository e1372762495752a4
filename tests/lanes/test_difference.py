"""Two distillations of one mash: a change of the policy moves exactly the rows it is about, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from distill.corpus import Corpus, conversation, human, model

from lanes.build import DISTILLATION, POLICY
from lanes.everyday import everyday
from lanes.test_dpo import GOOD, POOR
from moonshine_assets.cli.lanes import lanes
from moonshine_assets.distill.policy import Policy
from moonshine_assets.lanes.build import LANES, build_lanes
from moonshine_assets.lanes.difference import Moved, by_reason, difference
from moonshine_assets.lanes.write import read_rows, write_lane
from moonshine_resources.home import Home

OTHER = "distill_20260201_130000"


def with_dpo(**changes: object) -> Policy:
    dpo = msgspec.structs.replace(POLICY.lanes.dpo, **changes)
    return msgspec.structs.replace(POLICY, name="mine", lanes=msgspec.structs.replace(POLICY.lanes, dpo=dpo))


def two(tmp_path: Path, first: Policy, second: Policy) -> Home:
    """Both distillations of a few conversations, one of which has a short answer in its pair."""
    short = [
        human("u1", None, "Why do stars twinkle, and planets not so much?"),
        model("left", "u1", " ".join(POOR.split()[:16])),
        model("a1", "u1", GOOD),
        human("u2", "a1", "And the moon?"),
        model("a2", "u2", "It does not, being so wide."),
    ]
    mash = Corpus(*everyday(), conversation("stars", *short)).mash()
    home = Home.at(tmp_path / "home")
    for run_id, policy in ((DISTILLATION, first), (OTHER, second)):
        for lane, result in build_lanes(mash, tuple(LANES), policy, run_id).items():
            write_lane(home, lane, run_id, policy, result)
    return home


def moved(home: Home, lane: str, *, backwards: bool = False) -> list[Moved]:
    folders = [home.lane(lane, run_id) for run_id in (DISTILLATION, OTHER)]
    return [*difference(*(reversed(folders) if backwards else folders))]


@pytest.mark.parametrize("lane", LANES)
def test_another_name_of_the_policy_moves_nothing(tmp_path: Path, lane: str) -> None:
    home = two(tmp_path, POLICY, with_dpo())
    assert moved(home, lane) == []


def test_a_stricter_policy_takes_exactly_the_rows_it_is_about(tmp_path: Path) -> None:
    home = two(tmp_path, with_dpo(minimum_tokens=15), POLICY)
    (gone,) = moved(home, "dpo")
    (row,) = (row for row in read_rows(home.lane("dpo", DISTILLATION)) if row["conversation_id"] == "stars")
    assert gone == Moved(row["record_uid"], "stars", "went", "too_short")
    (back,) = moved(home, "dpo", backwards=True)
    assert (back.what, back.because) == ("came", "too_short")
    # What is no pair any more is an answer left behind.
    assert by_reason(moved(home, "kto")) == {("came", "in_a_pair"): 1}
    assert moved(home, "conversational") == []


def test_a_changed_column_is_named(tmp_path: Path) -> None:
    home = two(tmp_path, POLICY, with_dpo(label_confidence=0.7))
    assert by_reason(moved(home, "dpo")) == {("changed", "label_confidence"): 1}


def test_the_command_tells_counts_by_reason_and_ids(tmp_path: Path) -> None:
    home = two(tmp_path, with_dpo(minimum_tokens=15), POLICY)
    words = ["diff", DISTILLATION, OTHER, "--home", str(home.root)]
    told = CliRunner().invoke(lanes, words)
    assert told.exit_code == 0
    assert "too_short" in told.stdout and "in_a_pair" in told.stdout
    found = json.loads(CliRunner().invoke(lanes, [*words, "--lane", "dpo", "--json"]).stdout)
    assert [one["because"] for one in found["moved"]["dpo"]] == ["too_short"]
    assert found["policies"][0] != POLICY.version == found["policies"][1]


def test_a_distillation_that_is_not_there_is_refused(tmp_path: Path) -> None:
    home = two(tmp_path, POLICY, POLICY)
    assert CliRunner().invoke(lanes, ["diff", DISTILLATION, "nothing", "--home", str(home.root)]).exit_code == 2
