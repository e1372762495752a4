"""A real Dagster instance of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    storage = tmp_path / "instance"
    storage.mkdir()
    with dg.DagsterInstance.local_temp(str(storage)) as instance:
        yield instance
