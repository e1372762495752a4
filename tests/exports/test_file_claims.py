"""Adapters of files and documents leave the conversations of other providers alone."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import adapter_checks as checks
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonshine_assets.exports.adapters import aistudio, copilot, gemini, grok, lechat, perplexity
from moonshine_assets.exports.json_head import head_of

HERE = (grok, gemini, aistudio, lechat, perplexity, copilot)
FILES = sorted(path for path in checks.FIXTURES.glob("*/*") if ".expected." not in path.name and path.is_file())


@pytest.mark.parametrize("adapter", HERE, ids=lambda adapter: adapter.PROVIDER)
def test_nothing_of_another_provider_is_claimed(adapter: ModuleType) -> None:
    for path in FILES:
        if path.parent.name == adapter.PROVIDER:
            continue
        raw = path.read_bytes()
        claim_bytes = getattr(adapter, "claim_bytes", None)
        assert claim_bytes is None or claim_bytes(raw, path.name) is None, path
        for element in _elements(path, raw):
            assert not isinstance(element, dict) or adapter.claim(element) is None, path


@pytest.mark.parametrize("adapter", HERE, ids=lambda adapter: adapter.PROVIDER)
def test_nothing_of_another_provider_is_a_member(adapter: ModuleType) -> None:
    for path in FILES:
        if path.parent.name != adapter.PROVIDER:
            raw = path.read_bytes()
            assert adapter.conversation_members({"conversations.json": len(raw)}, lambda name, raw=raw: raw) in (
                [],
                ["conversations.json"] if adapter.claim(_first(path, raw)) else [],
            )


@pytest.mark.parametrize("adapter", HERE, ids=lambda adapter: adapter.PROVIDER)
def test_every_file_form_is_claimed_by_its_bytes(adapter: ModuleType) -> None:
    for path in sorted(checks.FIXTURES.glob(f"{adapter.PROVIDER}/*")):
        whole = getattr(adapter, "WHOLE_FILE", False) or path.suffix != ".json"
        if ".expected." not in path.name and whole:
            assert adapter.claim_bytes(path.read_bytes(), path.name) is not None, path


@pytest.mark.parametrize(
    ("head", "kind", "keys"),
    [
        (b' {"a": {"b": [1, {"c": 2}]}, "d\\"e": "}", "f": "cut', "object", {"a", 'd"e', "f"}),
        (b'\xef\xbb\xbf[\n {"a": 1, "b": {"c": 2}}, {"d": 3}]', "array", {"a", "b", "d"}),
        (b'{"a": 1} {"b": 2}', "object", {"a"}),
        (b'["a", "b"]', "array", set()),
        (b"[[{", "array", set()),
        (b'{"\xff": 1}', "object", {"\ufffd"}),
        (b"<html>", "other", set()),
        (b"", "other", set()),
    ],
)
def test_the_names_at_the_top_of_a_document_are_seen(head: bytes, kind: str, keys: set[str]) -> None:
    assert head_of(head) == (kind, keys)


@given(st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b"a", b"\\", b"\xff"]), max_size=40))
def test_any_first_bytes_are_looked_at_without_failing(pieces: list[bytes]) -> None:
    for start in (b"", b"{", b"["):
        assert head_of(start + b"".join(pieces)).kind in ("object", "array", "other")


def _elements(path: Path, raw: bytes) -> list[object]:
    try:
        value = json.loads(raw.decode("utf-8-sig", "replace"))
    except ValueError:
        return []
    if isinstance(value, list):
        return value
    inner = value.get("conversations") if isinstance(value, dict) else None
    return [value, *(inner if isinstance(inner, list) else [])]


def _first(path: Path, raw: bytes) -> dict[str, object]:
    return next((element for element in _elements(path, raw) if isinstance(element, dict)), {})


@pytest.mark.parametrize("listed", ["conversations", "entries"])
def test_a_query_in_a_tool_call_is_no_thread_of_perplexity(listed: str) -> None:
    call = {"type": "tool_use", "input": {"query": "tides", "query_str": "tides", "answer": "two"}}
    inner = {"uuid": "c1", "name": "Tides", "chat_messages": [{"uuid": "answer", "content": [call]}]}
    assert perplexity.claim_bytes(json.dumps({listed: [inner]}).encode(), "data.json") is None
