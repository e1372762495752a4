"""The lanes find what was planted and nothing else; nothing leaks, nothing is lost, and again is the same bytes."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from lanes.plant.ground import DISTILLATION, POLICY, distil, rows
from lanes.plant.report import Harvest, harvest, lines
from moonshine_assets.lanes.build import LANES
from moonshine_assets.lanes.difference import by_reason, difference
from moonshine_assets.lanes.lint import lint
from moonshine_resources.tokenizer import TokenCounter

OTHER = "main_20260402_120000"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, counter: TokenCounter) -> Harvest:
    """Every scenario once, four providers, through adapters, mash, cleaning and slice."""
    return harvest(tmp_path_factory.mktemp("plant"), 1, counter)


@pytest.mark.parametrize("lane", LANES)
def test_a_lane_holds_what_was_planted_and_nothing_else(found: Harvest, lane: str) -> None:
    score = found.scores[lane]
    assert (score.wrong, score.missed) == (frozenset(), frozenset())
    assert score.right


def test_the_prompt_of_every_pair_stands_above_both_answers(found: Harvest) -> None:
    pairs, same = found.prefixes
    assert pairs == same > 5


def test_no_canary_and_no_secret_reaches_a_row(found: Harvest) -> None:
    assert len(found.truth.canaries) > 1 and len(found.truth.secrets) > 2
    assert found.leaked(found.truth.canaries) == []
    assert found.leaked(found.truth.secrets) == []


def test_no_tool_call_is_lost(found: Harvest) -> None:
    assert sum(found.truth.calls.values()) > 40
    assert found.calls_lost == 0


def test_a_leak_and_a_loss_would_be_seen(found: Harvest) -> None:
    """The checks above look where the rows are: a word that stands in one is found, a call that is not counts."""
    row = next(rows(found.home, "conversational"))
    assert found.leaked([row["messages"][0]["content"][:30]]) != []
    planted = dict(found.truth.calls)
    found.truth.calls["never"] = 2
    assert found.calls_lost == 2
    found.truth.calls = planted


def test_train_and_validation_share_no_conversation(found: Harvest) -> None:
    assert found.on_both_sides == 0
    assert {row["split"] for lane in LANES for row in rows(found.home, lane)} == {"train", "validation"}


@pytest.mark.parametrize("lane", LANES)
def test_what_is_written_is_clean_by_the_lint(found: Harvest, lane: str) -> None:
    assert lint(rows(found.home, lane), lane) == []


def test_near_duplicates_are_found(found: Harvest) -> None:
    assert found.twins_found == len(found.truth.twins) > 0


def test_the_report_names_every_lane(found: Harvest) -> None:
    told = "\n".join(lines(found))
    assert all(f"| {lane} |" in told for lane in LANES)


def test_the_same_again_is_the_same_bytes_and_a_policy_moves_what_it_is_about(
    found: Harvest, counter: TokenCounter
) -> None:
    def digests() -> dict[str, str]:
        files = sorted(found.home.distillations.glob(f"*/{DISTILLATION}/**/*.*"))
        return {str(path): sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}

    before = digests()
    distil(found.home, counter)
    assert len(before) > 50 and digests() == before

    dpo = msgspec.structs.replace(POLICY.lanes.dpo, retry_maximum_new_words=50)
    policy = msgspec.structs.replace(POLICY, name="mine", lanes=msgspec.structs.replace(POLICY.lanes, dpo=dpo))
    distil(found.home, counter, policy, OTHER)
    moved = {
        lane: by_reason(difference(*(found.home.lane(lane, run) for run in (DISTILLATION, OTHER)))) for lane in LANES
    }
    # A correction that adds something is a pair now, and what it is made of is no single answer any more.
    assert moved["dpo"] == {("came", "correction_adds_information"): 1}
    assert moved["kto"] == {("went", "in_a_pair"): 2}
    assert [moved[lane] for lane in ("conversational", "grpo", "agentic_code")] == [{}, {}, {}]
