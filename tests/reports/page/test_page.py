"""The page as a whole: numbers lead to their sources, nothing leaves it, nothing of an archive acts in it."""

from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_assets.reports.page.facts import ask
from moonshine_assets.reports.page.render import page, write_page
from moonshine_assets.reports.page.view import view
from moonshine_resources.atomic import read_json
from reports.state import DISTILLATION, LATER, NOW, PRIVATE, State


class _Reader(HTMLParser):
    """Anchors, links, attributes that load something, and whether every element ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        if (own := told.get("id")) is not None:
            self.ids.append(own)
        if tag == "a":
            self.links.append(told.get("href") or "")
        self.loaded += [value or "" for name, value in attrs if name in ("src", "srcset", "data", "poster")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def made_page(made: State) -> str:
    return page(view(made.connection, made.home, made.policy, DISTILLATION), NOW)


def test_every_number_leads_to_a_source_that_is_on_the_page(made: State) -> None:
    reader = read(made_page(made))
    assert len(reader.ids) == len(set(reader.ids))
    assert len(reader.links) > 60
    assert {link for link in reader.links if not link.startswith("#")} == set()
    assert {link[1:] for link in reader.links} <= set(reader.ids)


def test_nothing_is_loaded_and_no_script_runs(made: State) -> None:
    text = made_page(made)
    reader = read(text)
    assert reader.loaded == []
    assert {"script", "iframe", "link", "object"}.isdisjoint(reader.tags)
    assert not [url for url in re.findall(r"https?://[^\s\"'<)]+", text) if urlsplit(url).netloc]
    assert "default-src 'none'" in text


def test_the_same_state_is_the_same_bytes(made: State) -> None:
    first = write_page(made.home, view(made.connection, made.home, made.policy, DISTILLATION), NOW)
    again = write_page(made.home, view(made.connection, made.home, made.policy, DISTILLATION), LATER)
    assert first == again == made.home.report_page.read_text("utf-8")
    assert NOW in first


def test_the_providers_add_up_to_the_ledger_reason_by_reason(made: State) -> None:
    values = view(made.connection, made.home, made.policy, DISTILLATION)
    whole, *providers = values["waterfalls"]
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for fall in providers:
        for bar in fall.bars:
            sums[bar.kind, bar.name] += bar.tokens
    assert {key: tokens for key, tokens in sums.items() if tokens} == {
        (bar.kind, bar.name): bar.tokens for bar in whole.bars if bar.tokens
    }
    for fall in (whole, *providers):
        left = fall.bars[0].tokens
        for bar in fall.bars[1:]:
            left -= bar.tokens if bar.kind == "reason" else 0
            assert bar.kind == "reason" or bar.tokens == left


def test_texts_stand_only_where_pairs_are_shown(made: State) -> None:
    text = made_page(made)
    before, _, rest = text.partition('<h2 id="pairs">')
    _, _, after = rest.partition('<h2 id="redaction">')
    assert PRIVATE not in before + after


def test_a_missing_lane_is_a_gate_that_failed(made: State) -> None:
    (made.home.lane("dpo", DISTILLATION) / "manifest.json").unlink()
    with pytest.raises(GateFailed, match="is missing"):
        view(made.connection, made.home, made.policy, DISTILLATION)


def test_every_query_has_its_question_and_answers(made: State) -> None:
    values = view(made.connection, made.home, made.policy, DISTILLATION)
    folder = Path(ask.__code__.co_filename).with_name("queries")
    assert {path.stem for path in folder.glob("*.sql")} == set(values["facts"])
    ledger = read_json(made.home.token_ledger)
    runs = values["facts"]["runs"].rows
    assert (
        sum(row["messages"] for row in runs)
        == made.connection.execute("SELECT count(*) FROM main.messages").fetchall()[0][0]
    )
    assert values["tiles"][2].value == ledger["content_tokens_non_system"]
