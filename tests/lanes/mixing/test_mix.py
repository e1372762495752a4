"""Mixed sets as they are written: balanced where they can be, told where not, and refused when they are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from distill.corpus import Corpus, conversation, human, model

from lanes.build import DISTILLATION, POLICY
from moonshine_assets.lanes.build import LANES, build_lanes
from moonshine_assets.lanes.mixing.mix import MANIFEST, draft_mix, mix_balance, publish_mix
from moonshine_assets.lanes.trees import ConversationKey
from moonshine_assets.lanes.write import read_rows, write_lane
from moonshine_resources.home import Home

SMALL = msgspec.structs.replace(POLICY, mix=msgspec.structs.replace(POLICY.mix, minimum_rows=5))
RUNS = {"chatgpt": "chatgpt_20260131_120000", "claude": "claude_20260131_120000"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Lanes of two providers: one with many short conversations, the other with many long ones."""
    corpus = Corpus()
    for provider, long_ones in (("chatgpt", 6), ("claude", 24)):
        for rank in range(30):
            words = f"word{provider}{rank} " * (200 if rank < long_ones else 20)
            corpus.add(
                conversation(
                    f"{provider}-{rank}",
                    human("u1", None, f"{provider} asks for number {rank}, and why it is so."),
                    model("a1", "u1", " ".join(f"{word}{at}" for at, word in enumerate(words.split()))),
                    human("u2", "a1", f"And then, {provider} {rank}?"),
                    model("a2", "u2", f"Nothing more for {rank}, {provider}."),
                ),
                run=RUNS[provider],
            )
    place = Home.at(tmp_path / "home")
    for lane, result in build_lanes(corpus.mash(), tuple(LANES), SMALL, DISTILLATION).items():
        write_lane(place, lane, DISTILLATION, SMALL, result)
    return place


QUALITY: dict[ConversationKey, float] = {}


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / MANIFEST).read_text("utf-8"))


def test_a_mix_is_balanced_written_as_a_lane_and_tells_before_and_after(home: Home) -> None:
    draft = draft_mix(home, DISTILLATION, SMALL, QUALITY)
    assert mix_balance(home, DISTILLATION, draft, SMALL, QUALITY).passed
    told = manifest(draft)["lanes"]["conversational"]
    (before,), (after,) = told["distances_before"], told["distances_after"]
    assert before["total_variation"] > 0.5 > 0.1 >= after["total_variation"]
    rows = [row["record_uid"] for row in read_rows(draft / "conversational")]
    assert sum(figures["rows"] for figures in told["after"].values()) == len(rows) > 20
    assert set(rows) <= {row["record_uid"] for row in read_rows(home.lane("conversational", DISTILLATION))}
    assert (draft / "conversational" / "README.md").exists()


def test_what_cannot_be_balanced_has_no_set_and_a_reason(home: Home) -> None:
    draft = draft_mix(home, DISTILLATION, SMALL, QUALITY)
    lanes = manifest(draft)["lanes"]
    assert {lane: told["because"] for lane, told in lanes.items()} == {
        "conversational": None,
        **dict.fromkeys(("dpo", "kto", "grpo", "agentic_code"), "no_rows"),
    }
    assert not (draft / "dpo").exists()


def test_the_gate_measures_what_was_written(home: Home) -> None:
    """A set whose rows were swapped for those of one side claims a balance it has not."""
    draft = draft_mix(home, DISTILLATION, SMALL, QUALITY)
    lines = (home.lane("conversational", DISTILLATION) / "jsonl" / "train.jsonl").read_bytes()
    (draft / "conversational" / "jsonl" / "train.jsonl").write_bytes(lines)
    verdict = mix_balance(home, DISTILLATION, draft, SMALL, QUALITY)
    assert not verdict.passed
    assert {row["providers"] for row in verdict.offenders} == {"chatgpt and claude"}


def test_a_mix_again_is_the_same_bytes_and_writes_nothing(home: Home) -> None:
    assert publish_mix(draft_mix(home, DISTILLATION, SMALL, QUALITY), home.mix(DISTILLATION))
    first = {path: path.read_bytes() for path in home.mix(DISTILLATION).rglob("*") if path.is_file()}
    assert not publish_mix(draft_mix(home, DISTILLATION, SMALL, QUALITY), home.mix(DISTILLATION))
    assert {path: path.read_bytes() for path in home.mix(DISTILLATION).rglob("*") if path.is_file()} == first
    assert [path.name for path in home.mix(DISTILLATION).parent.iterdir()] == [DISTILLATION]
