"""Every log fixture pair, through its adapter; the keys are explained in fixtures/logs/README.md."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from log_reading import Reading, check, files_of

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.sqlite_copy import is_sqlite
from moonshine_assets.exports.unzstd import unzstd

FIXTURES = Path(__file__).parents[1] / "fixtures" / "logs"
PAIRS = sorted(FIXTURES.glob("*/*.expected.json"))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.expected.json')}"


def adapter_of(provider: str) -> Any:
    return importlib.import_module(f"moonshine_assets.exports.adapters.{provider}")


def fixture_of(expectation: Path) -> Path:
    name = expectation.name.removesuffix(".expected.json")
    found = [path for path in expectation.parent.glob(f"{name}*") if path.stem == name and path != expectation]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("expectation", PAIRS, ids=named)
def test_a_log_reads_as_its_expectation_says(expectation: Path) -> None:
    expected = json.loads(expectation.read_text())
    adapter = adapter_of(expectation.parent.name)
    path = fixture_of(expectation)
    files = files_of(path)
    names = adapter.log_files({name: len(data) for name, data in files.items()}) if path.is_dir() else list(files)
    raw = " ".join(data.decode("utf-8", errors="replace") for name, data in files.items() if name in names)
    check(Reading(adapter, files, names), expected, raw)


@pytest.mark.parametrize("expectation", PAIRS, ids=named)
def test_a_log_is_claimed_by_its_own_adapter(expectation: Path) -> None:
    adapter = adapter_of(expectation.parent.name)
    path = fixture_of(expectation)
    claimed = False
    for name, packed in files_of(path).items():
        data = unpacked(packed)
        if is_sqlite(data):
            claimed = claimed or adapter.log_files({name: len(data)}) == [name]
            continue
        objects = [value for line in data.splitlines() if isinstance(value := loaded(line), dict)][:50]
        whole = loaded(data)
        claimed = claimed or adapter.claim_lines([whole] if isinstance(whole, dict) else objects, name) is not None
    assert claimed


def unpacked(data: bytes) -> bytes:
    try:
        return unzstd(data)
    except Unreadable:
        return b""


def loaded(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except ValueError:
        return None
