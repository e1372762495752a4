"""One session out of OpenClaw's store, as it is at one moment (MOON-FACTS §3.2)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.sessions.usage.reading import Reading

_BUSY_SECONDS = 5.0
#: What of a row of the session index stays the same while the session goes on, and is told of it later.
_LASTING = ("spawnedBy", "label", "parentSessionKey")


class StoredSession(NamedTuple):
    """The entries of a session as JSON lines, packed ones unpacked, and its row of the index."""

    lines: bytes
    row: dict[str, Any]


def stored_session(path: Path, session_id: str) -> StoredSession:
    """Read a session in one transaction of its own; the gateway may run, and the store is not written to.

    Raises:
        Unreadable: no store of a known form, damaged, or without that session.
    """
    from moonshine_assets.exports.adapters.openclaw.store import Store

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
            connection.execute("BEGIN")
            store = Store(connection)
            lines = store.lines(session_id)
            index = store.index()
    except sqlite3.Error as error:
        raise Unreadable("a store that cannot be read", where=str(path), fix="is it OpenClaw's, and whole?") from error
    except Unreadable as error:
        raise error.inside(str(path)) from error
    if not lines:
        raise Unreadable("the store has no entries of the session", where=f"{path}: {session_id}")
    row = next((entry for entry in index.values() if entry.get("sessionId") == session_id), {})
    return StoredSession(lines, row)


def index_bytes(reading: Reading, row: Mapping[str, Any]) -> bytes:
    """A session index with the session alone; what changes from turn to turn is left out of it."""
    entry = {"sessionId": reading.session_id, **{key: row[key] for key in _LASTING if key in row}}
    return json.dumps({reading.session_key or reading.session_id: entry}, sort_keys=True).encode()
