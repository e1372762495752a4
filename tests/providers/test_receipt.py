"""The conservation law, for any export: every byte, conversation and node that comes in is accounted for."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from exporting import chatgpt, chatgpt_node, write, write_zip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake import Intake, query

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.split import Span, Split, mapped, split
from moonshine_assets.gates import require
from moonshine_assets.ledger.record import ledger_faults
from moonshine_assets.providers.receipt import structure_bytes
from moonshine_assets.providers.source import raw_path, read_lock
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter

names = st.sampled_from(["a", "b", "c", "d", "e"])
words = st.text(st.characters(exclude_categories=())) | st.sampled_from(["", "A question", "An answer", "\x00", "'ſ"])


@st.composite
def conversations(draw: st.DrawFn) -> bytes:
    """A conversation on a random tree: orphans, cycles, bad nodes, repeated ids, few names so that copies occur."""
    pairs = []
    for _ in range(draw(st.integers(0, 6))):
        name = draw(names)
        role = draw(st.sampled_from([None, "user", "assistant", "tool", "system", "robot"]))
        node: Any = chatgpt_node(name, draw(st.none() | names | st.just("gone")), role, draw(words))
        pairs.append((name, draw(st.sampled_from([node, node, node, 7, {"message": "none", "parent": name}]))))
    value = chatgpt(
        draw(st.sampled_from(["one", "two", "three"])),
        nodes=[],
        updated=draw(st.sampled_from([1.6e9, 1.7e9])),
        current=draw(st.none() | names),
    )
    value["mapping"] = "MAPPING"
    mapping = ", ".join(f"{json.dumps(name)}: {json.dumps(node)}" for name, node in pairs)
    return json.dumps(value).replace('"MAPPING"', "{" + mapping + "}").encode()


broken = st.sampled_from(
    [b'{"mapping": 1 2}', b"null", b"7", b'"text"', b"{}", b'{"a": [}', b"[1, 2]", b'{"x": "\xff"}']
)
elements = st.lists(conversations() | broken, max_size=6)
gaps = st.sampled_from([b",", b",\n  ", b" , "])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of conversations in any of the wrappers, one good conversation among them."""
    found = [*draw(elements), json.dumps(chatgpt("good")).encode(), *draw(elements)]
    array = b"[" + draw(gaps).join(found) + b"]"
    return draw(
        st.sampled_from(
            [
                array,
                b"\xef\xbb\xbf" + array + b"\n\x00\x00",
                b'{"user": {"id": "\\ud83d"}, "conversations": ' + array + b', "more": [1]}',
                b"<html><script>var jsonData = " + array + b";</script></html>",
                b'{"conversations": ' + array + b', "conversations": [' + found[0] + b"]}",
            ]
        )
    )


def check(data: list[bytes], counter: TokenCounter) -> None:
    """A run of these files, alone or as shards of a zip, balances from the bytes to the tokens."""
    with tempfile.TemporaryDirectory() as folder:
        intake = Intake(Home.at(Path(folder) / "home"), counter.count_many)
        if len(data) == 1:
            path = write(Path(folder) / "export.json", data[0])
        else:
            shards = {f"conversations-{rank:03}.json": shard for rank, shard in enumerate(data)}
            path = write_zip(Path(folder) / "export.zip", {**shards, "user.json": {"id": "user-1"}})
        run = intake.published(path)
        ledger = intake.ledger(run, counter)
        assert ledger_faults(ledger) == []
        require([intake.ledger_verdict(run, ledger, counter)], where=run.run_id)
        spans = query(
            run.database,
            "SELECT raw_member, raw_start, raw_end FROM store.conversations"
            " UNION ALL SELECT raw_member, raw_start, raw_end FROM store.quarantine WHERE unit <> 'node'",
        )
        sizes = dict(
            query(run.database, "SELECT member, bytes_total FROM store.receipts WHERE member_role <> 'sidecar'")
        )
        assert list(sizes.values()) == [len(shard) for shard in data]
        for member, start, end in spans:
            shard = data[0] if len(data) == 1 else data[int(member[-8:-5])]
            assert 0 <= start < end <= len(shard)
        for raw, member, start, end in query(
            run.database, "SELECT raw, raw_member, raw_start, raw_end FROM store.quarantine WHERE unit <> 'node'"
        ):
            assert raw == (data[0] if len(data) == 1 else data[int(member[-8:-5])])[start:end]
        assert raw_path(run, read_lock(run)).read_bytes() == path.read_bytes()


@given(st.lists(files(), min_size=1, max_size=3))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_any_export_balances_from_its_bytes_to_its_tokens(counter: TokenCounter, data: list[bytes]) -> None:
    check(data, counter)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(st.lists(files(), min_size=1, max_size=4))
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_any_of_many_exports_balances_from_its_bytes_to_its_tokens(counter: TokenCounter, data: list[bytes]) -> None:
    check(data, counter)


@given(files(), st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_the_conversations_and_what_is_between_them_are_the_whole_file(data: bytes, more: st.DataObject) -> None:
    cut = more.draw(st.integers(0, 3)) == 0
    data = data[: more.draw(st.integers(1, len(data)))] if cut else data
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "export.json", data)
        with mapped(path) as view:
            try:
                found = split(path, view)
            except BadInput:
                return
            assert sum(end - start for start, end in found.spans) + structure_bytes(found, view) == len(data)


def test_what_is_no_structure_is_not_called_so() -> None:
    view = memoryview(b'[{"a":1} words {"b":2}]')
    assert structure_bytes(Split("array", [Span(1, 8), Span(15, 22)]), view) == 2
    assert structure_bytes(Split("html", [Span(1, 8), Span(15, 22)]), view) == 9
