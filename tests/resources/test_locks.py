"""Locks between processes: one holder, a bounded wait, and none that outlives its holder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from moonshine_assets.errors import Busy
from moonshine_resources.locks import exclusive

HOLDS = """
import sys
from pathlib import Path
from moonshine_resources.locks import exclusive
with exclusive(Path(sys.argv[1]), seconds=30, what="the example"):
    print("holds", flush=True)
    sys.stdin.readline()
print("let go", flush=True)
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "locks" / "example.lock"


@contextmanager
def held(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the lock."""
    command = [sys.executable, "-c", HOLDS, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_folder_of_a_lock_is_made(lock: Path) -> None:
    with exclusive(lock, seconds=0, what="the example"):
        assert lock.exists()


def test_another_process_waits_and_is_told_what_for(lock: Path) -> None:
    with (
        held(lock),
        pytest.raises(Busy, match=r"example\.lock: another process is writing the example .* 0\.1 s; wait for it"),
        exclusive(lock, seconds=0.1, what="the example"),
    ):
        pass


def test_a_lock_that_is_let_go_is_had_by_the_next(lock: Path) -> None:
    with held(lock) as process:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with exclusive(lock, seconds=60, what="the example"):
            assert process.stdout is not None
            assert process.stdout.readline() == "let go\n"


def test_a_killed_holder_frees_the_lock(lock: Path) -> None:
    with held(lock) as process:
        process.kill()
        process.wait()
        with exclusive(lock, seconds=30, what="the example"):
            pass


def test_an_exception_frees_the_lock(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(lock, seconds=0, what="the example"):
        raise ZeroDivisionError
    with exclusive(lock, seconds=0, what="the example"):
        pass


def test_two_locks_do_not_know_each_other(lock: Path) -> None:
    other = lock.with_name("other.lock")
    with held(lock), exclusive(other, seconds=0, what="the other example"):
        pass
