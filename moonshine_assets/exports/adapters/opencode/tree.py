"""opencode's storage of one file a record, before 1.2: `session/`, `message/` and `part/` (EXPORT-FORMATS §17).

A record says itself what it is and where it belongs; the folder it stands in says so where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.opencode.session import Stored
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident
from moonshine_assets.exports.records import BadNode


class Loaded(NamedTuple):
    """A session, and the bytes of each file it stands in."""

    stored: Stored
    members: dict[str, int]
    data: bytes


class Tree:
    """The records of a storage folder. Sessions are found by their files and by the folders of messages."""

    def __init__(self, read: Callable[[str], bytes | None], names: list[str]) -> None:
        self._read = read
        self._session_files: dict[str, str] = {}
        self._messages: dict[str, list[str]] = {}
        self._parts: dict[str, list[str]] = {}
        self._loose: dict[str, list[str]] = {}  # parts that stand in no folder of a message
        self.infos: dict[str, dict[str, Any]] = {}
        self.refused: list[tuple[str, str]] = []
        for name in names:
            self._sort(name)
        self._strays = self._stray_folders()

    def sessions(self) -> list[str]:
        """Ids of all sessions, those with a file of their own first."""
        return list(dict.fromkeys([*self.infos, *self._messages, *self._strays]))

    def load(self, session_id: str) -> Loaded:
        """One session with all of its files."""
        members: dict[str, int] = {}
        raws: list[bytes] = []
        bad: list[BadNode] = []

        def record(name: str) -> dict[str, Any] | None:
            raw = self._read(name) or b""
            members[name] = len(raw)
            raws.append(raw)
            try:
                value, _ = decode(raw, Any)
            except Unreadable as error:
                value, problem = None, error.what
            else:
                problem = "a record must be a JSON object"
            if not isinstance(value, dict):
                bad.append(BadNode(PurePosixPath(name).stem, problem, raw))
                return None
            return value

        info: dict[str, Any] = {}
        if session_id in self._session_files:
            info = record(self._session_files[session_id]) or {}
        named = self._messages.pop(session_id, [])
        messages = [(name, value) for name in named if (value := record(name)) is not None]
        folders = list(self._strays.get(session_id, []))
        for name, value in messages:
            folders += [PurePosixPath(name).stem, ident(value.get("id")) or ""]
        parts: list[dict[str, Any]] = []
        for folder in dict.fromkeys(folders):
            files = self._parts.pop(folder, []) + self._loose.pop(folder, [])
            found = [value for name in files if (value := record(name)) is not None]
            parts += [{"messageID": folder, **part} for part in found]
        stored = Stored(session_id, info, [value for _, value in messages], parts, bad, "opencode-files")
        return Loaded(stored, members, b"\n".join(raws))

    def left(self) -> list[str]:
        """Files of parts that no session has taken."""
        return [name for files in (*self._parts.values(), *self._loose.values()) for name in files]

    def _sort(self, name: str) -> None:
        parts = PurePosixPath(name).parts
        kind = next((part for part in reversed(parts[:-1]) if part in ("session", "message", "part")), None)
        if kind == "session":
            value = self._peek(name)
            session_id = ident(value.get("id")) if value is not None else None
            if session_id is None or session_id in self._session_files:
                self.refused.append(
                    (name, "a session without an id" if session_id is None else "a session that comes again")
                )
                return
            self._session_files[session_id] = name
            self.infos[session_id] = value or {}
        elif kind == "message":
            self._messages.setdefault(parts[-2], []).append(name)
        elif parts[-2] == "part":
            value = self._peek(name) or {}
            self._loose.setdefault(ident(value.get("messageID")) or "", []).append(name)
        else:
            self._parts.setdefault(parts[-2], []).append(name)

    def _peek(self, name: str) -> dict[str, Any] | None:
        try:
            value, _ = decode(self._read(name) or b"", Any)
        except Unreadable:
            return None
        return value if isinstance(value, dict) else None

    def _stray_folders(self) -> dict[str, list[str]]:
        """Folders of parts that no message file is named for, by the session that their first part names."""
        named = {PurePosixPath(name).stem for files in self._messages.values() for name in files}
        strays: dict[str, list[str]] = {}
        for folder, files in self._parts.items():
            if folder not in named:
                session_id = ident((self._peek(files[0]) or {}).get("sessionID"))
                if session_id is not None:
                    strays.setdefault(session_id, []).append(folder)
        return strays
