"""One home a test, since every test changes its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.state import State, state


@pytest.fixture
def made(tmp_path: Path) -> Iterator[State]:
    """A home with ledgers and lanes, without manifests and reports."""
    built = state(tmp_path)
    yield built
    built.connection.close()
