"""A real Dagster instance of its own for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest


@pytest.fixture(scope="session")
def empty_storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases of an instance without anything in them: copying them costs a fifth of making them."""
    storage = tmp_path_factory.mktemp("empty_storage")
    with dg.DagsterInstance.local_temp(str(storage)) as instance:
        assert instance.get_runs() == []
    return storage


@pytest.fixture
def instance(tmp_path: Path, empty_storage: Path) -> Iterator[dg.DagsterInstance]:
    storage = shutil.copytree(empty_storage, tmp_path / "instance")
    with dg.DagsterInstance.local_temp(str(storage)) as instance:
        yield instance
