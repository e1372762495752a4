"""Calendar, corrections, pairs and differences, each by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from distill.corpus import WORD_COUNTER, Corpus, conversation, human, model

from moonshine_assets.distill.clean import clean
from moonshine_assets.distill.policy import load
from moonshine_assets.reports.page.calendar import years
from moonshine_assets.reports.page.correction import MINIMUM_ANSWERS, corrections, replies
from moonshine_assets.reports.page.difference import difference
from moonshine_assets.reports.page.facts import Fact
from moonshine_assets.reports.page.funnels import funnel
from moonshine_assets.reports.page.pairs import CHARACTERS, Node, shown_pairs
from moonshine_assets.reports.page.render import page
from moonshine_resources.atomic import write_json
from moonshine_resources.home import Home

RULES = load("default").lanes.dpo.negative_rules


def test_a_calendar_has_every_day_at_its_place() -> None:
    newest, older = years(
        [
            {"day": date(2024, 12, 31), "messages": 1},
            {"day": date(2026, 1, 1), "messages": 5},  # a Thursday
            {"day": date(2026, 1, 5), "messages": 50},  # the Monday after
        ]
    )
    assert [(year.year, year.messages, year.active_days) for year in (newest, older)] == [(2026, 55, 2), (2024, 1, 1)]
    assert [(day.x, day.y // 13) for day in newest.days] == [(0, 3), (13, 0)]
    assert newest.days[0].level < newest.days[1].level
    assert newest.days[1].title == "2026-01-05: 50 messages"
    assert years([]) == []


def test_corrections_are_counted_after_answers_and_only_of_people() -> None:
    corpus = Corpus(
        *(
            conversation(
                f"c{number}",
                human("u1", None, f"question {number}"),
                model("a1", "u1", f"answer {number}"),
                human("u2", "a1", "No, that's wrong." if number < 3 else "And the next one please, in detail."),
                model("a2", "u2", f"second answer {number}"),
            )
            for number in range(8)
        )
    )
    connection = corpus.mash()
    clean(connection, load("default"), WORD_COUNTER)
    fact = replies(connection, RULES)
    assert sum(row["answers"] for row in fact.rows) == 8
    assert sum(row["corrected"] for row in fact.rows) == 3
    by_provider = corrections(fact)[0]
    assert (by_provider.by, by_provider.rows[0].answers, by_provider.rows[0].corrected) == ("provider", 8, 3)
    assert by_provider.rows[0].low < 3 / 8 < by_provider.rows[0].high
    assert all("text" not in column for column in fact.columns)


def test_small_groups_are_left_out_and_counted() -> None:
    rows = [
        {"provider": "a", "model": f"m{n}", "month": "2026-01", "answers": MINIMUM_ANSWERS if n else 1, "corrected": 0}
        for n in range(3)
    ]
    tables = {table.by: table for table in corrections(Fact("replies", "", "", [], rows))}
    assert ([row.name for row in tables["model"].rows], tables["model"].left_out) == (["m1", "m2"], 1)


def pair(**more: Any) -> dict[str, Any]:
    return {
        "signal": "regen_continued",
        "provider": "chatgpt",
        "provider_run_id": "chatgpt_20260131_120000",
        "conversation_id": "c1",
        "record_uid": "0" * 64,
        "node_ids": ["u1", "a2", "a1"],
        "prompt": [{"role": "user", "content": "<script>alert(1)</script>"}],
        "chosen": [{"role": "assistant", "content": "x" * (CHARACTERS + 7)}],
        "rejected": [{"role": "assistant", "content": "no"}],
    } | more


def test_a_pair_stands_beside_its_tree() -> None:
    corpus = Corpus(
        conversation(
            "c1",
            human("u1", None, "question"),
            model("a1", "u1", "first answer"),
            model("a2", "u1", "second answer"),
            human("u2", "a2", "thanks"),
        )
    )
    (shown,) = shown_pairs(corpus.mash(), [pair()])
    (root,) = shown.roots
    assert (root.part, [child.part for child in root.children]) == ("prompt", ["rejected", "chosen"])
    assert [child.on_active_path for child in root.children] == [False, True]
    assert [child.label.split(" ")[0] for child in root.children[1].children] == ["user"]
    assert shown.chosen.endswith("… (7 more characters)")


def test_three_pairs_of_each_signal_are_shown() -> None:
    connection = Corpus(
        conversation("c1", human("u1", None, "q"), model("a1", "u1", "a"), model("a2", "u1", "b"))
    ).mash()
    rows = [
        pair(signal=signal, record_uid=f"{n:064d}") for n in range(5) for signal in ("rated_pair", "regen_continued")
    ]
    shown = shown_pairs(connection, rows)
    assert [one.row["signal"] for one in shown] == ["rated_pair"] * 3 + ["regen_continued"] * 3


def test_what_stands_in_an_archive_is_only_text() -> None:
    node = Node("user · <b>", 3, "prompt", True, 2, [])
    from moonshine_assets.reports.page.pairs import Shown

    shown = Shown(pair(), "<script>alert(1)</script>", "</style>", "&", 1, [node])
    empty = Fact("x", "q", "SELECT 1", [], [])
    values: dict[str, Any] = {
        "head": {"mash_state": "0" * 64, "policy_version": "p", "run_id": "r", "tokenizer": "t"},
        "contents": (),
        "tiles": [],
        "waterfalls": [],
        "facts": dict.fromkeys(("receipts", "categories", "runs", "ratings", "tone", "redactions"), empty),
        "years": [],
        "funnels": [],
        "corrections": [],
        "pairs": [shown],
        "difference": None,
        "files": [],
    }
    text = page(values, "now")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "user · &lt;b&gt;" in text


def test_a_funnel_goes_from_candidates_to_rows() -> None:
    judged = {"tier": "core", "rows": 60, "low": 0.86, "high": 0.99}
    manifest = {
        "candidates": 10,
        "candidate_unit": "prompts",
        "rows": 4,
        "tokens": 40,
        "dropped": {"too_short": 1, "tool_calls": 5},
        "audit": [
            {**judged, "signal": "good", "right": 48, "wrong": 2, "precision": 0.96, "status": "audited"},
            {
                **judged,
                "signal": "bad",
                "tier": "extra",
                "right": 1,
                "wrong": 3,
                "precision": 0.25,
                "status": "below_bound",
            },
            {**judged, "signal": "new", "right": 0, "wrong": 0, "precision": None, "status": "unaudited"},
        ],
    }
    made = funnel("dpo", manifest)
    assert [(bar.name, bar.left, bar.width) for bar in made.dropped] == [("tool_calls", 50, 50), ("too_short", 40, 10)]
    assert made.share == 40
    assert [(signal.name, signal.tone) for signal in made.signals] == [
        ("good", "good"),
        ("bad (extra)", "bad"),
        ("new", "plain"),
    ]
    assert made.signals[0].told == "60 rows, 96% right (86% – 99%, n 50)"


@pytest.mark.parametrize("policy", ["default-aaa", "other-bbb"])
def test_two_distillations_are_compared(tmp_path: Path, policy: str) -> None:
    home = Home(tmp_path)
    first = {"policy_version": "default-aaa", "candidates": 10, "rows": 4, "tokens": 40, "dropped": {"a": 5, "b": 1}}
    second = {"policy_version": policy, "candidates": 12, "rows": 6, "tokens": 60, "dropped": {"a": 5, "c": 1}}
    for run_id, manifest in (("main_20260101_000000", first), ("main_20260102_000000", second)):
        write_json_at(home, run_id, manifest)
    assert difference(home, ["dpo"], "main_20260101_000000") is None
    found = difference(home, ["dpo"], "main_20260102_000000")
    assert found is not None
    assert found.is_same_policy is (policy == "default-aaa")
    assert [(one.what, one.difference) for one in found.changes] == [
        ("candidates", 2),
        ("rows", 2),
        ("tokens", 20),
        ("b", -1),
        ("c", 1),
    ]


def write_json_at(home: Home, run_id: str, manifest: dict[str, Any]) -> None:
    path = home.lane("dpo", run_id) / "manifest.json"
    path.parent.mkdir(parents=True)
    write_json(path, manifest)
