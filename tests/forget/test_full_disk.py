"""A disk that fills up while something is forgotten: the home is as it was, and with space the same completes."""

from __future__ import annotations

import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from forget.children import SECRET, child, forget_it, prepared, state
from moonshine_assets.errors import StorageFull
from moonshine_assets.exports.forgotten import entries
from moonshine_assets.forget.intent import pending
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import search
from moonshine_resources.home import Home


def forgetting_with_small_files(pipe: Connection, home: Home, limit: int) -> None:
    """A process that may not write a file beyond `limit` bytes: what a full disk or a quota looks like."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        forget_it(home)
    except StorageFull as full:
        pipe.send(str(full))
    else:
        pipe.send("forgotten")


@pytest.mark.slow
def test_forgetting_without_space_changes_nothing_and_completes_with_it(tmp_path: Path) -> None:
    home = prepared(tmp_path, second="counted", conversations=2)
    before = state(home)
    # Enough for the run's database, too little for the mash.
    for limit in (100_000, home.mash.stat().st_size - 100_000):
        with child(forgetting_with_small_files, home, limit) as (_, pipe):
            assert "no space left to write" in pipe.recv()
        assert state(home) == before
        assert (pending(home), entries(home), home.forget_work.exists()) == (None, [], False)
    forget_it(home)
    assert search(home, [Needle(ID, SECRET)]) == []
    assert state(home) != before
