"""opencode's database, `opencode.db`: the tables of 1.2 and those of 2.0, which may stand side by side."""

from __future__ import annotations

import sqlite3
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.opencode.session import Stored
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, items, mapping, text_or_none
from moonshine_assets.exports.records import BadNode
from moonshine_assets.exports.sqlite_copy import as_bytes, columns

_COLUMNS = {
    "id": "id",
    "parent_id": "parentID",
    "directory": "directory",
    "title": "title",
    "version": "version",
    "fork_session_id": "forkSessionID",
}
#: Rows that name no session are read as one of this name.
_SESSION = "coalesce(CAST(session_id AS TEXT), 'no-session')"


class Database:
    """The sessions of a database; those of the tables of 2.0 count where a session stands in both."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        tables = ("session", "message", "part", "session_v2", "session_message")
        self._columns = {table: columns(connection, table) for table in tables}
        self._is_first = {"id", "session_id", "data"} <= self._columns["message"]
        self._is_second = {"id", "session_id", "type", "data"} <= self._columns["session_message"]
        if not (self._is_first or self._is_second):
            raise Unreadable("a SQLite database without messages of opencode", fix="give opencode.db")

    def sessions(self) -> dict[str, int]:
        """Session → the bytes of its records, sessions without messages included."""
        found: dict[str, int] = {}
        for table in ("session", "session_v2"):
            if "id" in self._columns[table]:
                for row in self._connection.execute(f"SELECT CAST(id AS TEXT) FROM {table} ORDER BY rowid"):  # noqa: S608
                    found.setdefault(row[0], 0)
        for table in ("message", "part", "session_message"):
            if {"session_id", "data"} <= self._columns[table]:
                query = f"SELECT {_SESSION}, sum(length(data)) FROM {table} GROUP BY 1"  # noqa: S608
                for session_id, size in self._connection.execute(query):
                    found[session_id] = found.get(session_id, 0) + int(size or 0)
        return {name: size for name, size in found.items() if name is not None}

    def load(self, session_id: str) -> Stored:
        """One session, with what does not parse of it."""
        bad: list[BadNode] = []
        newer = self._newer(session_id, bad) if self._is_second else None
        if newer is not None and (newer[0] or bad):
            info = {**self._info("session", session_id), **self._info("session_v2", session_id)}
            return Stored(session_id, info, *newer, bad, "opencode-db-2")
        info = self._info("session", session_id) or self._info("session_v2", session_id)
        messages = self._records("message", session_id, bad, "sessionID") if self._is_first else []
        parts = self._records("part", session_id, bad, "messageID") if "data" in self._columns["part"] else []
        return Stored(session_id, info, messages, parts, bad, "opencode-db-1")

    def _info(self, table: str, session_id: str) -> dict[str, Any]:
        chosen = [
            name for name in (*_COLUMNS, "revert", "time_created", "time_updated") if name in self._columns[table]
        ]
        if "id" not in chosen:
            return {}
        query = f"SELECT {', '.join(chosen)} FROM {table} WHERE CAST(id AS TEXT) = ?"  # noqa: S608
        row = self._connection.execute(query, (session_id,)).fetchone()
        if row is None:
            return {}
        values = dict(zip(chosen, row, strict=True))
        info: dict[str, Any] = {new: values[old] for old, new in _COLUMNS.items() if values.get(old) is not None}
        info["time"] = {"created": values.get("time_created"), "updated": values.get("time_updated")}
        info["revert"] = self._value(values.get("revert"))
        return info

    def _records(self, table: str, session_id: str, bad: list[BadNode], owner: str) -> list[dict[str, Any]]:
        names = self._columns[table]
        chosen = [name for name in ("id", "data", "message_id", "time_created", "type", "seq") if name in names]
        query = f"SELECT {', '.join(chosen)} FROM {table} WHERE {_SESSION} = ? ORDER BY rowid"  # noqa: S608
        found = []
        for row in self._connection.execute(query, (session_id,)):
            values = dict(zip(chosen, row, strict=True))
            record = self._value(values["data"])
            if not isinstance(record, dict):
                bad.append(BadNode(ident(values["id"]), f"a {table} that is no JSON object", as_bytes(values["data"])))
                continue
            record = {"time": {"created": values.get("time_created")}, **record, "id": values["id"]}
            record[owner] = values.get("message_id", session_id)
            found.append({**record, "row": {name: values[name] for name in ("type", "seq") if name in values}})
        return found

    def _newer(self, session_id: str, bad: list[BadNode]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Messages and parts of the tables of 2.0, where a message holds its parts."""
        messages, parts = [], []
        for record in self._records("session_message", session_id, bad, "sessionID"):
            row = record.pop("row")
            name = ident(record["id"]) or ""
            messages.append({**record, "role": text_or_none(row.get("type")), "seq": row.get("seq")})
            parts += [{**part, "messageID": name} for part in _parts_of(record)]
        return messages, parts

    def _value(self, cell: object) -> Any:
        try:
            return decode(as_bytes(cell) or b"null", Any)[0]
        except Unreadable:
            return None


def _parts_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts in a message of 2.0: its text, its files, and what its content lists."""
    parts: list[dict[str, Any]] = []
    for key in ("text", "summary"):
        if text := text_or_none(record.get(key)):
            parts.append({"type": "text", "text": text})
    for file in items(record.get("files")):
        value = mapping(file)
        parts.append(
            {"type": "file", "filename": value.get("name"), "mime": value.get("mime"), "url": value.get("uri"), **value}
        )
    for item in items(record.get("content")):
        parts.append(item if isinstance(item, dict) else {"type": "text", "text": item})
    return parts
