"""Yesterday into memory: once a day, bounded, cited, and a person's hand is respected."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.daily.kept import Kept, page_path, read_memory, records_path
from moonshine_assets.sessions.daily.synthesis import LIMITS, bounded, synthesise
from moonshine_assets.sessions.distillation.distill import distill_session
from moonshine_assets.sessions.settings import Distill, LanguageModel, Settings
from moonshine_resources.home import Home
from tests.sessions.distillation.archives import NOW, archived, shop, tree
from tests.sessions.distillation.stub import language_model

DAY = 86_400
OTHER = "44444444-4444-4444-8444-444444444444"
KEY = f"claude_code:{OTHER}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home.at(tmp_path)
    distill_session(made, Settings(), archived(shop()), {}, NOW)
    distill_session(made, Settings(), archived(shop(OTHER), OTHER), {}, NOW + 5)
    return made


def test_yesterday_is_taken_in_once_with_every_source(home: Home) -> None:
    done = synthesise(home, Settings(), {}, NOW + DAY)
    assert (done.outcome, done.day, done.sessions, done.kept) == ("done", date(2027, 1, 15), 2, 5)
    page = page_path(home).read_text("utf-8")
    # both sessions said the same: one line with two sources
    assert page.count("Never touch the table") == 1
    (rule,) = [one for one in read_memory(home).kept if one.kind == "rule"]
    assert set(rule.sources) == {f"claude_code:{'33333333-3333-4333-8333-333333333333'}", KEY}
    before = tree(home.root)
    assert synthesise(home, Settings(), {}, NOW + DAY + 3_600).outcome == "already_done"
    assert tree(home.root) == before


def test_the_day_is_that_of_the_person(home: Home) -> None:
    settings = Settings(distill=Distill(residential_timezone="Pacific/Kiritimati"))  # 14 hours ahead
    assert synthesise(home, settings, {}, NOW).outcome == "nothing_said"
    assert synthesise(home, settings, {}, NOW + 12 * 3_600).day == date(2027, 1, 15)


def test_a_line_that_a_person_deletes_stays_away(home: Home) -> None:
    synthesise(home, Settings(), {}, NOW + DAY)
    page = page_path(home)
    text = page.read_text("utf-8")
    struck = next(line for line in text.splitlines() if "orders_v1" in line)
    page.write_text("My own words.\n" + text.replace(struck + "\n", ""), "utf-8")
    distill_session(home, Settings(), archived(shop("5" * 8), "5" * 8), {}, NOW + DAY)
    assert synthesise(home, Settings(), {}, NOW + 2 * DAY).sessions == 1
    again = page.read_text("utf-8")
    assert again.startswith("My own words.\n")
    assert "orders_v1" not in again
    assert "PostgreSQL 16" in again
    assert "orders_v1" not in records_path(home).read_text("utf-8")


def test_memory_is_bounded_and_forgets_what_is_old() -> None:
    rules = [Kept(kind="rule", text=f"Never {n}", sources={KEY: ("m",)}, at=n) for n in range(200)]
    opened = [Kept(kind="open", text=f"Next {n}", sources={KEY: ("m",)}, at=NOW - n * DAY) for n in range(0, 40, 10)]
    kept = bounded([*rules, *opened], NOW)
    assert [one.text for one in kept if one.kind == "open"] == ["Next 0", "Next 10"]
    assert [one.text for one in kept if one.kind == "rule"] == [
        f"Never {n}" for n in range(199, 199 - LIMITS["rule"][0], -1)
    ]


def test_a_model_may_merge_but_not_invent_and_takes_no_rule_away(home: Home) -> None:
    merged = {"kind": "decision", "text": "The ledger is in PostgreSQL 16", "cites": ["m1"]}
    invented = {"kind": "decision", "text": "The ledger is in Oracle 23", "cites": ["m1"]}

    def reply(transcript: str) -> tuple[int, str]:
        handle = next(line.split("]")[0].strip("[") for line in transcript.splitlines() if "PostgreSQL" in line)
        told = [{**one, "cites": [handle]} for one in (merged, invented)]
        return 200, json.dumps({"statements": told})

    with language_model(reply) as stub:
        model = LanguageModel(provider="openai-compatible", base_url=stub.url, model="stub", retries=0)
        done = synthesise(home, Settings(language_model=model), {}, NOW + DAY)
    kept = read_memory(home).kept
    assert (done.by, done.degraded) == ("openai-compatible", "")
    assert [(one.kind, one.text) for one in kept] == [
        ("rule", "Never touch the table `orders_v1`."),
        ("decision", "The ledger is in PostgreSQL 16"),
    ]
    assert KEY in kept[1].sources


def test_a_model_that_fails_leaves_it_to_the_rules(home: Home) -> None:
    with language_model(lambda _: (200, "nothing")) as stub:
        model = LanguageModel(provider="openai-compatible", base_url=stub.url, model="stub", retries=0)
        done = synthesise(home, Settings(language_model=model), {}, NOW + DAY)
    assert (done.by, done.kept, bool(done.degraded)) == ("local", 5, True)


def test_damaged_records_are_told_and_left(home: Home) -> None:
    records_path(home).parent.mkdir(parents=True, exist_ok=True)
    records_path(home).write_text("{", "utf-8")
    with pytest.raises(Corruption, match="records of memory"):
        synthesise(home, Settings(), {}, NOW + DAY)
    assert records_path(home).read_text("utf-8") == "{"
