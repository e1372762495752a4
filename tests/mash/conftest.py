from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mash.runs import FIRST, SECOND, account, merge, publish_run, talk
from moonshine_assets.mash.gates import mash_gates
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home


@pytest.fixture(scope="session")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A mash of two exports of one account, to read from or to copy: c0 went on, c1 did not, c2 is new."""
    home = Home.at(tmp_path_factory.mktemp("merged"))
    first = [talk("c0", "Hello there", "Hi"), talk("c1", "Tea or coffee?", "Tea", retried=True)]
    second = [talk("c0", "Hello there", "Hi", "And now?", "Later", updated=9), first[1], talk("c2", "New", "Yes")]
    merge(home, publish_run(home, [*first, *account(3, first=10)], FIRST), gates=mash_gates)
    merge(home, publish_run(home, second, SECOND), gates=mash_gates)
    return home


@pytest.fixture
def broken_by(merged: Home, tmp_path: Path) -> Callable[..., Path]:
    """Call it with SQL to get a copy of the mash with that done to it."""

    def break_it(*statements: str) -> Path:
        copy = tmp_path / "mash.db"
        copy.write_bytes(merged.mash.read_bytes())
        with connect(copy, read_only=False) as connection:
            for statement in statements:
                connection.execute(statement)
        return copy

    return break_it
