"""Several processes at the mash: writers one after the other, readers told to wait."""

from __future__ import annotations

import pytest

from mash.children import child, merging_under_the_lock, waiting_inside_the_merge
from mash.runs import FIRST, SECOND, account, content, merge, publish_run, read
from moonshine_assets.errors import Busy
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive


def test_two_merges_at_once_follow_each_other_and_lose_nothing(home: Home) -> None:
    runs = [publish_run(home, account(5), FIRST), publish_run(home, account(5, first=3, updated=2), SECOND)]
    with child(merging_under_the_lock, home, runs[0]) as (_, one):
        assert (one.recv(), one.recv()) == ("asks", "has the lock")
        with child(merging_under_the_lock, home, runs[1]) as (_, other):
            assert other.recv() == "asks"
            assert not other.poll(0.3), "the second one has to wait"
            one.send("go on")
            assert one.recv() == "merged"
            assert other.recv() == "has the lock"
            other.send("go on")
            assert other.recv() == "merged"
    assert read(home, "SELECT provider_run_id FROM main.runs ORDER BY ALL") == [(FIRST,), (SECOND,)]
    assert read(home, "SELECT count(*) FROM main.conversations") == [(8,)]


def test_a_writer_that_waits_too_long_is_told_who_to_wait_for(home: Home) -> None:
    run = publish_run(home, account(1), FIRST)
    with child(merging_under_the_lock, home, run) as (_, pipe):
        assert (pipe.recv(), pipe.recv()) == ("asks", "has the lock")
        with (
            pytest.raises(Busy, match=r"writing the mash and did not finish within 0\.2 s"),
            exclusive(home.mash_lock, seconds=0.2, what="the mash"),
        ):
            pass


def test_a_killed_writer_frees_the_lock(home: Home) -> None:
    run = publish_run(home, account(1), FIRST)
    with child(merging_under_the_lock, home, run) as (process, pipe):
        assert (pipe.recv(), pipe.recv()) == ("asks", "has the lock")
        process.kill()
        process.join()
        with exclusive(home.mash_lock, seconds=30, what="the mash"):
            merge(home, run)


def test_a_reader_during_a_merge_is_told_to_wait_and_then_reads(home: Home) -> None:
    merge(home, publish_run(home, account(2), FIRST))
    before = content(home.mash)
    run = publish_run(home, account(2, updated=1), SECOND)
    with child(waiting_inside_the_merge, home, run) as (_, pipe):
        assert pipe.recv() == "inside"
        with (
            pytest.raises(Busy, match=r"moonshine_mash_active\.db: the database is open elsewhere.*0\.2 s; wait"),
            connect(home.mash, read_only=True, wait_seconds=0.2),
        ):
            pass
        pipe.send("go on")
        assert pipe.recv() == "done"
    assert content(home.mash) != before
