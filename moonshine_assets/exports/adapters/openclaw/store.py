"""The SQLite store of OpenClaw 2026.8 and later, opened for reading alone (MOON-FACTS §3.2)."""

from __future__ import annotations

import sqlite3
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import mapping, text_or_none
from moonshine_assets.exports.sqlite_copy import as_bytes, columns
from moonshine_assets.exports.unzstd import unzstd


class Store:
    """One agent's sessions. Rows that do not unpack are given as they stand; their lines do not parse."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tables = {
            table: columns(connection, table)
            for table in ("transcript_events", "session_nodes", "session_windows", "session_transcript_archives")
        }
        if not {"session_id", "seq"} <= self._tables["transcript_events"]:
            raise Unreadable("a SQLite database without transcript_events", fix="give OpenClaw's openclaw-agent.sqlite")

    def sessions(self) -> list[str]:
        """Ids of the sessions that have entries, in the order they were begun; then those that are archived."""
        rows = self._connection.execute(
            "SELECT CAST(session_id AS TEXT) FROM transcript_events"
            " WHERE session_id IS NOT NULL GROUP BY 1 ORDER BY min(rowid)"
        ).fetchall()
        live = [row[0] for row in rows]
        if not {"session_id", "archive_blob"} <= self._tables["session_transcript_archives"]:
            return live
        rows = self._connection.execute(
            "SELECT DISTINCT CAST(session_id AS TEXT) FROM session_transcript_archives"
            " WHERE session_id IS NOT NULL ORDER BY 1"
        ).fetchall()
        return live + [row[0] for row in rows if row[0] not in set(live)]

    def lines(self, session_id: str) -> bytes:
        """The entries of a session as JSON lines."""
        known = self._tables["transcript_events"]
        chosen = [name if name in known else "NULL" for name in ("event_json", "event_zstd")]
        rows = self._connection.execute(
            f"SELECT {', '.join(chosen)} FROM transcript_events WHERE CAST(session_id AS TEXT) = ? ORDER BY seq",  # noqa: S608
            (session_id,),
        ).fetchall()
        if rows:
            return b"".join(_unpacked(row[0] if row[0] is not None else row[1]) + b"\n" for row in rows)
        archived = self._connection.execute(
            "SELECT archive_blob FROM session_transcript_archives WHERE CAST(session_id AS TEXT) = ? ORDER BY rowid",
            (session_id,),
        ).fetchall()
        return b"".join(_unpacked(row[0]) + b"\n" for row in archived)

    def index(self) -> dict[str, dict[str, Any]]:
        """Session key → its entry, as `sessions.json` had it; windows of a key that are over included by their id."""
        found: dict[str, dict[str, Any]] = {}
        if {"session_key", "current_session_id", "entry_json"} <= self._tables["session_nodes"]:
            for key, session_id, entry in self._connection.execute(
                "SELECT session_key, current_session_id, entry_json FROM session_nodes"
            ):
                try:
                    value = mapping(decode(as_bytes(entry), Any)[0])
                except Unreadable:
                    value = {}
                if isinstance(key, str):
                    found[key] = {**value, "sessionId": value.get("sessionId") or session_id}
        if {"session_id", "session_key"} <= self._tables["session_windows"]:
            for session_id, key in self._connection.execute("SELECT session_id, session_key FROM session_windows"):
                if (
                    isinstance(key, str)
                    and text_or_none(session_id)
                    and found.get(key, {}).get("sessionId") != session_id
                ):
                    found[f"{key}#{session_id}"] = {**found.get(key, {}), "sessionId": session_id}
        return found

    def previous(self) -> dict[str, str]:
        """Session → the one that it went on from."""
        if not {"session_id", "previous_session_id"} <= self._tables["session_windows"]:
            return {}
        rows = self._connection.execute("SELECT session_id, previous_session_id FROM session_windows")
        return {one: other for one, other in rows if isinstance(one, str) and text_or_none(other) and other != one}


def _unpacked(value: object) -> bytes:
    raw = as_bytes(value)
    try:
        return unzstd(raw).rstrip(b"\n")
    except Unreadable:
        return raw.replace(b"\n", b" ") or b"lost"
