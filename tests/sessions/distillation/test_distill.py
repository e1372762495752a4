"""An archive to its summary and the memory of the day, by rules and by models that answer well, badly or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions import audit
from moonshine_assets.sessions.contracts import DistillationRecord, from_json, to_json
from moonshine_assets.sessions.distillation.distill import distill_session
from moonshine_assets.sessions.distillation.summary import Summary, read_summary
from moonshine_assets.sessions.settings import Distill, LanguageModel, Settings
from moonshine_resources.home import Home
from tests.sessions.distillation.archives import NOW, archived, line, shop, tree
from tests.sessions.distillation.stub import Reply, language_model

KEY = "key-that-must-never-be-written"
ENVIRONMENT = {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "GEMINI_API_KEY": KEY, "OPENAI_COMPATIBLE_API_KEY": KEY}


def answer(*statements: dict[str, object]) -> str:
    return json.dumps({"statements": statements})


GOOD = answer({"kind": "decision", "text": "PostgreSQL 16 keeps the ledger", "cites": ["m1"]})


def asking(url: str, provider: str = "openai-compatible", **more: object) -> Settings:
    told = {"provider": provider, "base_url": url, "model": "stub-1", "timeout_secs": 20, "retries": 0, **more}
    return Settings(language_model=LanguageModel(**told))  # type: ignore[arg-type]


def summary_of(home: Home, record: DistillationRecord) -> Summary:
    return read_summary(home.root / record.summary_path)


def test_without_a_model_the_rules_distil_and_the_day_remembers(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    settings = Settings(distill=Distill(residential_timezone="Europe/Berlin"))
    record = distill_session(home, settings, archived(shop()), {}, NOW)
    assert from_json(to_json(record), DistillationRecord) == record
    assert (record.provider, summary_of(home, record).rejected) == ("local", {})
    # 07:00 UTC is 08:00 in Berlin
    page = (home.memory / "2027-01-15.md").read_text("utf-8")
    assert "- Never touch the table `orders_v1`. [00000000-0000-4000-8000-000000000000, 2027-01-15 08:00]" in page
    assert "- `pytest -q tests/payments --maxfail=1` [00000006-" in page
    assert page.count("MOON_SESSION_BEGIN:claude_code:") == 1
    (told,) = audit.lines(home.moon_audit_log)
    assert (told.code, told.session) == (audit.Code.DISTILLED, "claude_code:33333333-3333-4333-8333-333333333333")


def test_the_same_archive_again_changes_no_byte(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    first = distill_session(home, Settings(), archived(shop()), {}, NOW)
    before = tree(tmp_path)
    assert distill_session(home, Settings(), archived(shop()), {}, NOW + 500) == first
    assert tree(tmp_path) == before


def test_a_session_that_went_on_takes_its_own_place_in_the_day_and_others_stay(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    page = home.memory / "2027-01-15.md"
    page.parent.mkdir()
    page.write_text("# My day\n\nBought milk.\n", "utf-8")
    other = "44444444-4444-4444-8444-444444444444"
    distill_session(home, Settings(), archived(shop()), {}, NOW)
    distill_session(home, Settings(), archived(shop(other), other), {}, NOW)
    longer = [*shop(), line("user", "9" * 8, "Always answer in French.", "00000008-0000-4000-8000-000000000000", 30)]
    distill_session(home, Settings(), archived(longer), {}, NOW + 60)
    text = page.read_text("utf-8")
    assert text.startswith("# My day\n\nBought milk.\n")
    assert text.count("MOON_SESSION_BEGIN:") == 2
    assert text.count("Always answer in French.") == 1


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("openai", "/chat/completions"),
        ("gemini", "/chat/completions"),
        ("anthropic", "/v1/messages"),
        ("openai-compatible", "/chat/completions"),
    ],
)
def test_a_model_is_really_asked_and_its_citations_are_ids_of_the_archive(
    tmp_path: Path, provider: str, path: str
) -> None:
    home = Home.at(tmp_path)
    with language_model(lambda _: (200, f"Here it is:\n```json\n{GOOD}\n```")) as stub:
        record = distill_session(home, asking(stub.url, provider), archived(shop()), ENVIRONMENT, NOW)
    made = summary_of(home, record)
    assert (record.provider, made.degraded) == (f"{provider} stub-1", "")
    assert made.statements[0].text == "PostgreSQL 16 keeps the ledger"
    assert made.statements[0].message_ids == ("00000001-0000-4000-8000-000000000000",)
    # what rules find letter for letter is there beside it
    assert {one.kind for one in made.statements} == {"decision", "number", "path", "command"}
    assert [request["path"] for request in stub.requests] == [path]
    assert "Never touch the table" in stub.requests[0]["body"]["messages"][-1]["content"]
    assert KEY not in json.dumps({name: data.decode() for name, data in tree(tmp_path).items()})


def failing(reply: Reply) -> object:
    return pytest.param(reply, id=str(reply)[:40])


@pytest.mark.parametrize(
    "reply",
    [
        failing((500, "down")),
        failing((401, f"wrong key {KEY}")),
        failing((200, "I would rather not.")),
        failing((200, '{"statements": 7}')),
        failing((200, answer())),
        failing((200, answer({"kind": "decision", "text": "We use Oracle", "cites": ["m77"]}))),
        failing((200, answer({"kind": "number", "text": "The port is 9999", "cites": ["m0"]}))),
        failing(3.0),
    ],
)
def test_a_model_that_fails_is_replaced_by_the_rules(tmp_path: Path, reply: Reply) -> None:
    home = Home.at(tmp_path)
    seconds = 1 if isinstance(reply, float) else 20
    with language_model(lambda _: reply) as stub:
        record = distill_session(home, asking(stub.url, timeout_secs=seconds), archived(shop()), ENVIRONMENT, NOW)
    made = summary_of(home, record)
    assert (record.provider, bool(made.degraded)) == ("local", True)
    assert len(made.statements) == 8
    assert all("Oracle" not in one.text and "9999" not in one.text for one in made.statements)
    assert audit.lines(home.moon_audit_log)[-1].is_warning
    assert KEY not in json.dumps({name: data.decode() for name, data in tree(tmp_path).items()})


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    replies = iter([(503, "busy"), (200, GOOD)])
    with language_model(lambda _: next(replies)) as stub:
        record = distill_session(Home.at(tmp_path), asking(stub.url, retries=1), archived(shop()), ENVIRONMENT, NOW)
    assert (record.provider, len(stub.requests)) == ("openai-compatible stub-1", 2)


def test_no_key_and_nobody_there_are_no_hindrance(tmp_path: Path) -> None:
    for number, settings in enumerate((asking("", "anthropic"), asking("http://127.0.0.1:9"))):
        record = distill_session(Home.at(tmp_path / str(number)), settings, archived(shop()), {}, NOW)
        assert record.provider == "local"


def test_what_the_rules_did_in_need_the_model_does_once_it_is_back(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    replies = iter([(500, "down"), (500, "down"), (200, GOOD)])
    with language_model(lambda _: next(replies)) as stub:
        first = distill_session(home, asking(stub.url), archived(shop()), ENVIRONMENT, NOW)
        again = distill_session(home, asking(stub.url), archived(shop()), ENVIRONMENT, NOW + 60)
        third = distill_session(home, asking(stub.url), archived(shop()), ENVIRONMENT, NOW + 120)
    assert [first.provider, again.provider, third.provider] == ["local", "local", "openai-compatible stub-1"]
    assert first == again
    assert first.summary_path == third.summary_path


def test_a_long_session_is_read_in_pieces(tmp_path: Path) -> None:
    settings = replace(asking(""), distill=Distill(chunk_bytes=300, max_chunks=2))
    with language_model(lambda _: (200, answer())) as stub:
        told = replace(settings, language_model=replace(settings.language_model, base_url=stub.url))
        distill_session(Home.at(tmp_path), told, archived(shop()), {}, NOW)
    assert len(stub.requests) == 2


def test_a_damaged_summary_is_made_again_and_a_damaged_section_is_an_error(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    record = distill_session(home, Settings(), archived(shop()), {}, NOW)
    (home.root / record.summary_path).write_text("{", "utf-8")
    assert distill_session(home, Settings(), archived(shop()), {}, NOW) == record
    page = home.memory / "2027-01-15.md"
    page.write_text(page.read_text("utf-8").replace("MOON_SESSION_END", "GONE"), "utf-8")
    with pytest.raises(Corruption, match="lost one of its marks"):
        distill_session(home, Settings(), archived(shop()), {}, NOW)
    assert audit.lines(home.moon_audit_log)[-1].code == audit.Code.DISTILL_FAILED
