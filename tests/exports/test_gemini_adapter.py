"""Gemini of Takeout: every fixture pair in both forms, values of any type, damaged pages, and no text left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import adapter_checks as checks
import file_checks as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters import ADAPTERS, aistudio, copilot, gemini, grok, lechat, perplexity
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.exports.tree import arrange

PATHS = files.fixture_files(gemini)
PAGE = next(path for path in PATHS if path.name == "page-prompt-of-several-lines.html").read_bytes()

#: A record with every construct that is looked into.
WHOLE: dict[str, Any] = {
    "header": "Gemini Apps",
    "title": "Prompted ask",
    "titleUrl": "https://gemini.google.com/app/abc",
    "time": "2026-03-14T19:50:59.998Z",
    "products": ["Gemini Apps"],
    "activityControls": ["Gemini Apps Activity"],
    "safeHtmlItem": [
        {"html": "answer"},
        {"html": '<p>para <b>bold</b> <i>it</i></p><pre><code>code</code></pre><img src="i.png" alt="alt">'},
        "bare answer",
    ],
    "subtitles": [{"name": "sub", "url": "https://u.example"}, "bare sub"],
    "details": [
        {"name": "Request", "value": "asked"},
        {"name": "Response", "value": "told"},
        {"name": "O", "value": "o"},
    ],
    "userInteractions": [{"userInteraction": {"request": "[req]", "response": "[res]", "endpoint": 2}}],
    "description": "described",
    "attachedFiles": ["a.png", {"name": "b.pdf"}],
    "imageFile": "c.jpg",
}
TAGS = ["<p>", "</div>", "<div class=content-cell>", "<br>", "<![", "<!--", "&#0;", "<a href=x>", "<pre>", "<ul><li>"]
NOT_TEXT = frozenset(
    {
        *("header", "titleUrl", "time", "products", "activityControls", "url", "attachedFiles", "imageFile"),
        "endpoint",
    }
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_fixture_reads_as_its_expectation_says(path: Path) -> None:
    files.check_fixture(gemini, path)


@pytest.mark.parametrize("path", [path for path in PATHS if path.suffix == ".json"], ids=lambda path: path.stem)
def test_only_gemini_claims_its_records(path: Path) -> None:
    found = [one for one in json.loads(path.read_bytes()) if isinstance(one, dict)]
    claims = [files.claimed_by((*ADAPTERS, gemini, aistudio, grok, lechat, perplexity, copilot), one) for one in found]
    assert all(claim == {"gemini"} for claim in claims)


def test_records_of_other_products_are_not_claimed() -> None:
    assert gemini.claim({"header": "YouTube", "title": "Watched x", "time": "2026-01-01T00:00:00Z"}) is None
    other = PAGE.replace(b"Gemini Apps", b"YouTube").replace(b"gemini.google", b"www.youtube")
    assert gemini.claim_bytes(other, "") is None
    assert gemini.claim_bytes(b"<html>sign in</html>", "") is None
    assert gemini.claim_bytes(b'[{"header": "Gemini"}]', "") is None


def test_every_text_is_in_a_block() -> None:
    # an address of details, subtitles or interactions is no text; names of details say whose words they are
    whole = {**WHOLE, "details": [{"value": "v"}]}
    assert files.missing_markers(whole, gemini, NOT_TEXT | {"html"}) == []
    html = {**WHOLE, "safeHtmlItem": [{"html": "<p>MARK1 <b>MARK2</b></p><ul><li>MARK3</ul><pre>MARK4</pre><td>MARK5"}]}
    parsed = files.check_element(gemini, html)
    assert parsed is not None
    assert checks.missing(parsed, [f"MARK{number}" for number in range(1, 6)]) == []


def test_every_text_of_a_page_is_in_a_block() -> None:
    raw = (
        b'<div class="outer-cell"><div class="content-cell">Prompted MARK1<br>MARK2<br>Mar 2, 2026, 9:15:00 AM CET<br>'
        b'MARK3<p>MARK4 <a href="https://e.example/MARK5">MARK6</a></p><div>MARK7<table><tr><td>MARK8<td>MARK9</table>'
        b'<script>no</script></div></div><div class="content-cell text-right">MARKA<img alt="MARKB" src="x"></div>'
    )
    ((_, _, parsed),) = gemini.parse_file(memoryview(raw), "", ExportContext())
    assert isinstance(parsed, ParsedConversation)
    assert checks.missing(parsed, [f"MARK{mark}" for mark in "123456789AB"]) == []
    assert checks.missing(parsed, ["9:15:00"]) == ["9:15:00"]


def test_both_forms_of_a_record_have_one_id() -> None:
    record = {"header": "Gemini Apps", "title": "Prompted a  b\nc", "time": "2026-03-02T08:15:00.123Z"}
    page = b'<div class="outer-cell"><div class="content-cell">Prompted a b<br>c<br>Mar 2, 2026, 9:15:00 AM CET'
    ((_, _, parsed),) = gemini.parse_file(memoryview(page), "", ExportContext())
    assert isinstance(parsed, ParsedConversation)
    assert gemini.parse(json.dumps(record).encode(), ExportContext()).conversation_id == parsed.conversation_id


def test_a_page_is_read_cell_by_cell() -> None:
    pieces = list(gemini.parse_file(memoryview(PAGE * 3), "", ExportContext()))
    assert [end for _, end, _ in pieces[:-1]] == [start for start, _, _ in pieces[1:]]
    assert pieces[-1][1] == len(PAGE) * 3


def test_files_are_found_by_what_they_hold_beside_uploads_and_settings() -> None:
    record = json.dumps([{"header": "Gemini-Apps", "title": "x", "time": "2026-01-01T00:00:00Z"}]).encode()
    held = {
        "Takeout/Meine Aktivitäten/Gemini-Apps/MeineAktivitäten.json": record,
        "Takeout/Meine Aktivitäten/Gemini-Apps/upload-1.json": b'[{"role": "user"}]',
        "Takeout/Meine Aktivitäten/Gemini-Apps/cat.png": b"",
        "Takeout/Meine Aktivitäten/YouTube/MeineAktivitäten.json": record,
        "Takeout/Gemini/gemini_gems_data.html": PAGE,
        "Takeout/archive_browser.html": b"<html>",
    }
    sizes = {name: len(data) for name, data in held.items()}
    assert gemini.conversation_members(sizes, held.get) == [next(iter(held))]
    assert [name for name in held if gemini.sidecar(name)] == list(held)[4:]


def test_an_upload_is_joined_to_the_file_beside_the_activity() -> None:
    context = gemini.context(lambda name: None, {"T/Gemini Apps/a.png": 9})
    parsed = gemini.parse(json.dumps(WHOLE).encode(), context)
    found = {file.name: file.member for file in arrange(parsed).messages[0].attachments}
    assert found == {"a.png": "T/Gemini Apps/a.png", "b.pdf": None, "c.jpg": None}


def test_any_field_may_have_any_type() -> None:
    files.check_wrong_types(gemini, WHOLE, "title")


@settings(max_examples=150, deadline=None)
@given(checks.CHANGES)
def test_random_values_at_random_places_are_read_or_unreadable(changes: list[tuple[int, Any]]) -> None:
    checks.check_random(gemini, WHOLE, changes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_damaged_bytes_are_read_or_unreadable(start: int, patch: bytes, cut: int) -> None:
    checks.check_damaged(gemini, WHOLE, start, patch, cut)
    start %= len(PAGE)
    files.check_file_bytes(gemini, PAGE[:start] + patch + PAGE[start + cut :])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TAGS) | st.text(max_size=6), max_size=12))
def test_any_html_in_a_cell_is_read_or_unreadable(pieces: list[str]) -> None:
    raw = f'<div class="outer-cell"><div class="content-cell">Prompted a<br>{"".join(pieces)}</div></div>'
    files.check_file_bytes(gemini, raw.encode("utf-8", "replace"))


@pytest.mark.parametrize("data", [b"", b"[", b"7", b"{}", b'{"time":1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_record_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        gemini.parse(data, ExportContext())


def test_a_prompt_of_blanks_costs_one_pass() -> None:
    blanks = " " * 3_000_000
    record = {
        "header": "Gemini Apps",
        "title": f"Prompted{blanks}moon{blanks}Attached 1 file.",
        "time": "2026-03-02T08:00:00Z",
    }
    parsed = gemini.parse(json.dumps(record).encode(), ExportContext())
    said = [block.text for node in parsed.nodes if node.message for block in node.message.blocks]
    assert said[0] == "moon"
