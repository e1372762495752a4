"""Logs with values of any type at any place, cut anywhere, damaged anywhere: accounted for, never an error."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_reading import Reading, files_of
from test_log_fixtures import FIXTURES, adapter_of

#: The fixture of a provider that holds every kind of record.
WHOLE = sorted(path for path in FIXTURES.glob("*/everything*") if not path.name.endswith(".expected.json"))
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "odd",
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"type": {}},
    {"a": []},
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["text", "u1", "a1", "tool_use", "user", "message"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("type"), inner, max_size=4),
    max_leaves=12,
)


def named(path: Path) -> str:
    return path.parent.name


class Log:
    """A fixture taken apart into the JSON values of its files, to be put together again with changes."""

    def __init__(self, path: Path) -> None:
        self.adapter = adapter_of(path.parent.name)
        self.files = files_of(path)
        sizes = {name: len(data) for name, data in self.files.items()}
        self.names = self.adapter.log_files(sizes) if path.is_dir() else list(self.files)
        self.documents: list[tuple[str, Any]] = []
        for name, data in self.files.items():
            if name.endswith(".jsonl"):
                self.documents.append((name, [json.loads(line) for line in data.splitlines()]))
            elif name.endswith(".json"):
                self.documents.append((name, json.loads(data)))

    def read(self, **changed: bytes) -> Reading:
        return Reading(self.adapter, {**self.files, **changed}, self.names)

    def with_document(self, name: str, document: Any) -> Reading:
        if name.endswith(".jsonl"):
            encoded = b"".join(json.dumps(record).encode() + b"\n" for record in document)
        else:
            encoded = json.dumps(document).encode()
        if name.endswith(".jsonl"):
            self.adapter.claim_lines([record for record in document if isinstance(record, dict)], name)
        elif isinstance(document, dict):
            self.adapter.claim_lines([document], name)
        return self.read(**{name: encoded})


LOGS = {path: Log(path) for path in WHOLE}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def replaced(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.copy(whole)
    result[path[0]] = replaced(whole[path[0]], path[1:], value)
    return result


@pytest.mark.parametrize("path", WHOLE, ids=named)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_value_of_a_wrong_type_anywhere_is_survived(path: Path, wrong: Any) -> None:
    log = LOGS[path]
    for name, document in log.documents:
        for place in places(document):
            if place or not name.endswith(".jsonl"):
                log.with_document(name, replaced(document, place, wrong))


@pytest.mark.parametrize("path", WHOLE, ids=named)
@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(min_value=0), JSON_VALUES), min_size=1, max_size=4))
def test_random_values_at_random_places_are_survived(path: Path, changes: list[tuple[int, Any]]) -> None:
    log = LOGS[path]
    name, document = log.documents[changes[0][0] % len(log.documents)]
    for choice, wrong in changes:
        found = [place for place in places(document) if place]
        if found:
            document = replaced(document, found[choice % len(found)], wrong)
    log.with_document(name, document)


@pytest.mark.parametrize("path", WHOLE, ids=named)
def test_a_log_cut_off_anywhere_is_accounted_for(path: Path) -> None:
    log = LOGS[path]
    for name, _ in log.documents:
        data = log.files[name]
        for end in range(0, len(data), max(1, len(data) // 200)):
            log.read(**{name: data[:end]})


@pytest.mark.parametrize("path", WHOLE, ids=named)
@settings(max_examples=100, deadline=None)
@given(start=st.integers(min_value=0), patch=st.binary(max_size=8), cut=st.integers(min_value=0, max_value=8))
def test_damaged_bytes_are_accounted_for(path: Path, start: int, patch: bytes, cut: int) -> None:
    log = LOGS[path]
    name, _ = log.documents[start % len(log.documents)]
    data = log.files[name]
    at = start % (len(data) + 1)
    log.read(**{name: data[:at] + patch + data[at + cut :]})


@pytest.mark.parametrize("path", WHOLE, ids=named)
def test_values_nested_too_deeply_are_accounted_for(path: Path) -> None:
    log = LOGS[path]
    deep = b'{"type":"user","uuid":"d","message":{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}}\n"
    for name, _ in log.documents:
        log.read(**{name: log.files[name] + deep})
    nested: Any = "deep"
    for _ in range(300):
        nested = [nested]
    for name, document in log.documents:
        for place in places(document):
            if len(place) > 1:
                log.with_document(name, replaced(document, place, nested))
                break
