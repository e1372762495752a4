"""A question that runs long ends when a writer waits, and only then."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from moonshine_assets.errors import Busy
from moonshine_assets.mash.give_way import giving_way
from moonshine_resources.locks import exclusive

LONG = "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE (a.range * b.range) % 7 = 3"


def test_a_long_question_ends_for_a_writer(tmp_path: Path) -> None:
    lock = tmp_path / "mash.lock"
    with (
        duckdb.connect() as connection,
        exclusive(lock, seconds=1, what="the mash"),
        pytest.raises(Busy, match="a merge has been waiting"),
        giving_way(connection, lock, grace=0.2, look=0.05),
    ):
        connection.execute(LONG)


def test_without_a_writer_nothing_ends_and_a_writer_gets_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "mash.lock"
    with exclusive(lock, seconds=1, what="the mash"):
        pass
    with duckdb.connect() as connection, giving_way(connection, lock, grace=0.05, look=0.01):
        answer = connection.execute("SELECT count(*) FROM range(30000000) WHERE hash(range) % 7 = 3").fetchall()
        with exclusive(lock, seconds=10, what="the mash"):
            pass
    assert answer[0][0] > 0


def test_an_interruption_of_other_origin_stays_one(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        stop = threading.Timer(0.3, connection.interrupt)
        stop.start()
        with pytest.raises(duckdb.InterruptException), giving_way(connection, tmp_path / "mash.lock"):
            connection.execute(LONG)
        stop.join()


def test_a_lock_nobody_made_is_not_made(tmp_path: Path) -> None:
    with duckdb.connect() as connection, giving_way(connection, tmp_path / "mash.lock", grace=0.05, look=0.01):
        connection.execute("SELECT count(*) FROM range(30000000) WHERE hash(range) % 7 = 3").fetchall()
    assert list(tmp_path.iterdir()) == []
