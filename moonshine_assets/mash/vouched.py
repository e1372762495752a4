"""Which state of the mash was checked whole, and that nobody but Moonshine has written to it since.

A merge or rollback checks what it touches, so a mash that was whole stays whole: what a full check found holds on for
as long as every change went through `carried`. The record names the file's state by its size and the hash of its head,
where DuckDB counts every write; anything else that wrote there (an edit by hand, a restored copy, a crash after the
commit) leaves a state nobody vouches for, and the next check is a full one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from moonshine_assets.errors import Corruption
from moonshine_assets.gates import Verdict, held
from moonshine_assets.mash.gates import RULES_SHA256, mash_gates
from moonshine_assets.mash.state import mash_state
from moonshine_resources.atomic import read_json, write_json
from moonshine_resources.home import Home

#: The file's header and the two headers of the database, of which each checkpoint writes one.
_HEAD_BYTES = 3 * 4096


def checked_gates(
    connection: duckdb.DuckDBPyConnection, home: Home, *, checked_at: str, whole: bool = False
) -> list[Verdict]:
    """The gates of the mash: as they were found whole and carried on, or by a full check, which is then recorded.

    Args:
        connection: the home's mash, open read-only.
        home: the data home.
        checked_at: ISO time, for the record of a full check.
        whole: look at every row, whoever vouches.
    """
    known = None if whole else _vouching(home)
    if known is not None:
        since = _entries(connection) - known["entries"]
        reason = f"holds on every row as of {known['checked_at']}, and on what each of {since} merges since touched"
        return [held(gate, reason, merges_since=since) for gate in known["gates"]]
    verdicts = mash_gates(connection)
    if all(verdict.passed for verdict in verdicts):
        write_json(
            home.mash_check,
            {
                "checked_at": checked_at,
                "mash_state": mash_state(connection),
                "entries": _entries(connection),
                "rules_sha256": RULES_SHA256,
                "gates": [verdict.gate for verdict in verdicts],
                "file": _state(home.mash),
            },
        )
    else:
        home.mash_check.unlink(missing_ok=True)
    return verdicts


@contextmanager
def carried(home: Home) -> Iterator[None]:
    """For the one writer, around its connection: what was vouched for before the block is so after it.

    The block changes the mash's tables only in transactions whose gates hold. After an exception nothing is carried.
    """
    known = _vouching(home)
    yield
    if known is not None and known["file"] != (state := _state(home.mash)):
        write_json(home.mash_check, {**known, "file": state})


def _vouching(home: Home) -> dict[str, Any] | None:
    """The record, where it speaks of the file as it is now and of the present rules."""
    if not home.mash_check.exists() or not home.mash.exists():
        return None
    try:
        record: dict[str, Any] = read_json(home.mash_check)
    except Corruption:
        return None  # a record that cannot be read vouches for nothing
    same = record["rules_sha256"] == RULES_SHA256 and record["file"] == _state(home.mash)
    return record if same else None


def _entries(connection: duckdb.DuckDBPyConnection) -> int:
    """How many merges and rollbacks the journal has."""
    ((entries,),) = connection.execute("SELECT coalesce(max(number), 0) FROM store.merges").fetchall()
    return int(entries)


def _state(mash: Path) -> dict[str, Any]:
    log = mash.with_name(f"{mash.name}.wal")
    with mash.open("rb") as stream:
        head = sha256(stream.read(_HEAD_BYTES)).hexdigest()
    return {"size_bytes": mash.stat().st_size, "head_sha256": head, "log": log.exists() and log.stat().st_size > 0}
