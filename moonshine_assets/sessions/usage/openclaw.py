"""OpenClaw: the stores of its agents, read-only; the session index and files of older versions; or its own command."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.openclaw.store import Store
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import count, ident, items, mapping, text_or_none
from moonshine_assets.exports.sqlite_copy import as_bytes
from moonshine_assets.exports.unzstd import unzstd
from moonshine_assets.sessions.usage.openclaw_row import Transcript, reading_of, transcript_end
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.usage.tail import lines_backwards

STORE = "agents/*/agent/openclaw-agent.sqlite"
INDEX = "agents/*/sessions/sessions.json"

#: Entries of a store looked at from its end; an answer is rarely further away.
_ENTRIES = 400
_BUSY_SECONDS = 5.0


class Facts(NamedTuple):
    """What readings need besides the rows.

    Args:
        now: epoch seconds.
        active_since: sessions changed before then are left out, epoch seconds.
        windows: context windows by model that were given.
        own_compaction: whether OpenClaw compacts by itself.
    """

    now: int
    active_since: int
    windows: Mapping[str, int]
    own_compaction: bool

    def reading(self, key: str, row: Mapping[str, Any], source: str, end: Transcript | None) -> Reading | None:
        return reading_of(key, row, source, end, self.now, self.windows, self.own_compaction)

    def is_active(self, row: Mapping[str, Any]) -> bool:
        return (count(row.get("updatedAt")) or 0) >= self.active_since * 1000


def from_store(path: Path, facts: Facts) -> list[Reading]:
    """Current sessions of one agent's SQLite store.

    Raises:
        Unreadable: not a store of a known form, or damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
            index = Store(connection).index()
            # a key with # is a window of the session that is over
            rows = {key: row for key, row in index.items() if "#" not in key and facts.is_active(row)}
            found = [
                facts.reading(key, row, str(path), transcript_end(_entries(connection, str(row.get("sessionId")))))
                for key, row in rows.items()
            ]
    except sqlite3.Error as error:
        raise Unreadable("a store that cannot be read", where=str(path), fix="is it OpenClaw's, and whole?") from error
    except Unreadable as error:
        raise error.inside(str(path)) from error
    return [reading for reading in found if reading is not None]


def from_index(path: Path, facts: Facts) -> list[Reading]:
    """Sessions of a `sessions.json` and the files beside it, as versions before 2026.8 keep them.

    Raises:
        Unreadable: the index is not a JSON object.
        OSError: it cannot be read.
    """
    index = decode(path.read_bytes(), Any)[0]
    if not isinstance(index, dict):
        raise Unreadable("a session index that is not a JSON object", where=str(path))
    found = []
    for key, entry in index.items():
        row = mapping(entry)
        session_id = ident(row.get("sessionId"))
        if session_id is None or not facts.is_active(row):
            continue
        named = text_or_none(row.get("sessionFile"))
        file = path.with_name(Path(named).name if named else f"{session_id}.jsonl")
        end = transcript_end(_lines(file)) if file.is_file() else None
        found.append(facts.reading(key, row, str(file if file.is_file() else path), end))
    return [reading for reading in found if reading is not None]


def from_command(answer: Mapping[str, Any], facts: Facts) -> list[Reading]:
    """Sessions of an answer of `openclaw sessions --json`; transcripts are not looked at."""
    found = []
    for item in items(answer.get("sessions")):
        row = mapping(item)
        if not facts.is_active(row):
            continue
        source = text_or_none(row.get("sessionFile")) or text_or_none(answer.get("path")) or ""
        found.append(facts.reading(text_or_none(row.get("key")) or "", row, source, None))
    return [reading for reading in found if reading is not None]


def _entries(connection: sqlite3.Connection, session_id: str) -> Iterator[dict[str, Any]]:
    """Entries of a session, last first."""
    rows = connection.execute(
        "SELECT event_json, event_zstd FROM transcript_events WHERE session_id = ? ORDER BY seq DESC LIMIT ?",
        (session_id, _ENTRIES),
    )
    for plain, packed in rows:
        try:
            yield mapping(decode(unzstd(as_bytes(plain if plain is not None else packed)), Any)[0])
        except Unreadable:
            continue


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in lines_backwards(path):
        try:
            yield mapping(decode(line.raw, Any)[0])
        except Unreadable:
            continue
