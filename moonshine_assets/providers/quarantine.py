"""What was not taken in, over all runs: list it, hand out its bytes, and try it with the present adapters."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_assets.exports.container import Container, opened
from moonshine_assets.exports.records import ExportContext, ParsedConversation
from moonshine_assets.exports.split import mapped
from moonshine_assets.exports.tree import arrange
from moonshine_assets.gates import rows
from moonshine_assets.providers.source import read_lock, secured_path
from moonshine_resources.atomic import remove_tree
from moonshine_resources.duckdb import connect
from moonshine_resources.home import Home, RunPaths

_PLACE = """
SELECT provider_run_id AS run, quarantine_id, unit, reason, conversation_id, message_id, raw_member AS member,
       raw_index AS "index", raw_start AS start, raw_end AS "end", octet_length(raw) AS size
FROM store.quarantine
"""


class Trial(NamedTuple):
    """What the present adapter makes of a quarantined piece; `outcome` says it in a few words."""

    quarantine_id: int
    unit: str
    parses: bool
    outcome: str


def quarantined(home: Home, run_ids: list[str]) -> list[dict[str, Any]]:
    """Every quarantined piece of the runs that are published: where it stood, why, and how large it is."""
    found = []
    for run_id in run_ids:
        run = home.run(run_id)
        if run.database.exists():
            with connect(run.database, read_only=True) as connection:
                found += rows(connection, _PLACE + "ORDER BY quarantine_id")
    return found


def piece(home: Home, run_id: str, quarantine_id: int) -> tuple[dict[str, Any], bytes]:
    """One piece: its place and reason, and the bytes that were kept.

    Raises:
        BadInput: there is no such piece.
    """
    with _published(home.run(run_id)) as connection:
        found = rows(connection, _PLACE + "WHERE quarantine_id = ?", [quarantine_id])
        if not found:
            raise _no_such_piece(run_id, [quarantine_id])
        query = "SELECT raw FROM store.quarantine WHERE quarantine_id = ?"
        ((raw,),) = connection.execute(query, [quarantine_id]).fetchall()
    return found[0], bytes(raw)


def tried(home: Home, run_id: str, quarantine_ids: list[int]) -> list[Trial]:
    """Take the kept bytes through the present adapter; nothing is written.

    A node is tried within its conversation, which is read from the archived export. An `older_copy` was readable
    before: it stays what it is.

    Args:
        home: the data home.
        run_id: a published run.
        quarantine_ids: pieces to try; none: all of the run.

    Raises:
        BadInput: the run has no such piece, or is not published.
    """
    run = home.run(run_id)
    lock = read_lock(run)
    with _published(run) as connection:
        pieces = rows(connection, "SELECT * FROM store.quarantine ORDER BY quarantine_id")
    missing = sorted(set(quarantine_ids) - {found["quarantine_id"] for found in pieces})
    if missing:
        raise _no_such_piece(run_id, missing)
    # The scratch folder is not the run's own: a build may be at work there.
    work = home.root / "work" / f"replay-{run_id}"
    try:
        with opened(secured_path(run, lock), lock["source_path"]) as container:
            bench = _Bench(BY_PROVIDER[run.provider], container, work)
            return [
                bench.trial(found) for found in pieces if not quarantine_ids or found["quarantine_id"] in quarantine_ids
            ]
    finally:
        remove_tree(work)


class _Bench:
    """The present adapter with the context of one export."""

    def __init__(self, adapter: ModuleType, container: Container, work: Path) -> None:
        self._adapter = adapter
        self._container = container
        self._work = work
        self._context: ExportContext = adapter.context(container.read, container.sizes)

    def trial(self, found: dict[str, Any]) -> Trial:
        tell = found["quarantine_id"], found["unit"]
        if found["unit"] == "older_copy":
            return Trial(*tell, False, "a copy that was not newer: it stays aside")
        try:
            if found["unit"] == "conversation":
                parsed = self._parsed(found["raw"])
                return Trial(*tell, True, f"{len(parsed.nodes)} nodes, {len(parsed.bad_nodes)} of them unreadable")
            parsed = self._conversation_of(found)
        except Unreadable as error:
            return Trial(*tell, False, str(error))
        for bad in parsed.bad_nodes:
            if bad.raw == found["raw"]:
                return Trial(*tell, False, bad.reason)
        return Trial(*tell, True, "a node of its conversation")

    def _conversation_of(self, found: dict[str, Any]) -> ParsedConversation:
        with mapped(self._container.on_disk(found["raw_member"], self._work)) as view:
            return self._parsed(bytes(view[found["raw_start"] : found["raw_end"]]))

    def _parsed(self, data: bytes) -> ParsedConversation:
        """Raises Unreadable for whatever the adapter stumbles over, as the reader does."""
        try:
            parsed: ParsedConversation = self._adapter.parse(data, self._context)
            arrange(parsed)
        except (Unreadable, MemoryError):
            raise
        except Exception as error:
            raise Unreadable(f"the {self._adapter.PROVIDER} adapter failed with {type(error).__name__}") from error
        return parsed


def _published(run: RunPaths) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    if not run.database.exists():
        raise BadInput("the run has no database", where=run.run_id, fix="`moonshine status` lists runs and their state")
    return connect(run.database, read_only=True)


def _no_such_piece(run_id: str, ids: list[int]) -> BadInput:
    named = ", ".join(map(str, ids))
    return BadInput(f"no quarantined piece {named}", where=run_id, fix="`moonshine quarantine list` shows them")
