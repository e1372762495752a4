"""DuckDB files: read-only means it, waiting ends, damage and a held file are told apart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from moonshine_assets.errors import Busy, Corruption
from moonshine_resources.duckdb import connect, transaction

#: Opens a file for writing, says so, and keeps it until told.
HOLDS = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("holds", flush=True)
sys.stdin.readline()
connection.close()
print("let go", flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "database.db"
    with connect(path, read_only=False) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT range AS i, repeat(sha256(range::VARCHAR), 4) AS s FROM range(20000)"
        )
    return path


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the file open for writing."""
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        try:
            yield process
        finally:
            process.kill()


def rows(path: Path) -> int:
    with connect(path, read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchall()[0][0])


def test_a_reader_cannot_write(file: Path) -> None:
    with connect(file, read_only=True) as connection, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("DELETE FROM t")
    assert rows(file) == 20000


def test_readers_share_the_file(file: Path) -> None:
    with connect(file, read_only=True) as one, connect(file, read_only=True) as other:
        assert one.execute("SELECT max(i) FROM t").fetchall() == other.execute("SELECT max(i) FROM t").fetchall()


@pytest.mark.parametrize("read_only", [False, True])
def test_an_exception_closes_the_connection(file: Path, read_only: bool) -> None:
    with pytest.raises(ZeroDivisionError) as kept, connect(file, read_only=read_only) as connection:
        raise ZeroDivisionError
    assert kept.value.__traceback__ is not None, "the exception still holds the frame of the connection"
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")
    with connect(file, read_only=not read_only, wait_seconds=0):
        pass


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_stays_held_is_busy(file: Path, read_only: bool) -> None:
    with (
        held(file),
        pytest.raises(Busy, match=r"database\.db: the database is open elsewhere and stayed so for 0\.2 s; wait"),
        connect(file, read_only=read_only, wait_seconds=0.2),
    ):
        pass


def test_a_file_that_is_let_go_in_time_is_opened(file: Path) -> None:
    with held(file) as process:
        assert process.stdin is not None
        process.stdin.write("let go\n")
        process.stdin.flush()
        with connect(file, read_only=True, wait_seconds=60) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchall() == [(20000,)]


def test_a_file_this_process_has_open_for_writing_is_busy_for_reading(file: Path) -> None:
    with (
        connect(file, read_only=False),
        pytest.raises(Busy, match="open elsewhere"),
        connect(file, read_only=True, wait_seconds=0.1),
    ):
        pass


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "database.db"
    path.write_bytes(b"not a database " * 1000)
    for read_only in (False, True):
        with pytest.raises(Corruption, match=r"database\.db: DuckDB cannot read"), connect(path, read_only=read_only):
            pass
    assert path.read_bytes() == b"not a database " * 1000


def test_damage_is_not_mistaken_for_a_held_file_because_of_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "blocks.db"
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(Corruption), connect(path, read_only=True):
        pass


def test_a_missing_file_is_not_created_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(Corruption, match="does not exist"), connect(tmp_path / "missing.db", read_only=True):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_off_is_damaged(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)
    with pytest.raises(Corruption), connect(file, read_only=True) as connection:
        connection.execute("SELECT sum(length(s)) FROM t").fetchall()


def test_a_flipped_bit_is_found_while_reading(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(Corruption, match="checksum"), connect(file, read_only=True) as connection:
        connection.execute("SELECT sum(hash(i)), sum(hash(s)) FROM t").fetchall()


def test_a_mistake_in_a_query_is_not_damage(file: Path) -> None:
    with pytest.raises(duckdb.CatalogException), connect(file, read_only=True) as connection:
        connection.execute("SELECT * FROM nothing")


def test_a_transaction_that_fails_leaves_everything_as_it_was(file: Path) -> None:
    with connect(file, read_only=False) as connection:
        with pytest.raises(ZeroDivisionError), transaction(connection):
            connection.execute("DELETE FROM t")
            raise ZeroDivisionError
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(20000,)]
        with transaction(connection):
            connection.execute("DELETE FROM t WHERE i >= 5")
    assert rows(file) == 5


def test_a_writer_leaves_no_log_beside_the_file(file: Path) -> None:
    with connect(file, read_only=False) as connection:
        connection.execute("INSERT INTO t VALUES (-1, 'x')")
    assert [path.name for path in file.parent.iterdir()] == ["database.db"]


def test_opening_for_writing_without_writing_keeps_every_byte(file: Path) -> None:
    before = file.read_bytes()
    with connect(file, read_only=False) as connection:
        connection.execute("SELECT count(*) FROM t")
    assert file.read_bytes() == before


def test_times_are_utc_and_memory_is_bounded(file: Path) -> None:
    with connect(file, read_only=True) as connection:
        settings = connection.execute("SELECT current_setting('TimeZone'), current_setting('memory_limit')").fetchall()
    assert settings == [("UTC", "488.2 MiB")]
