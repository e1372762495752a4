"""The files of a log to its conversations, for OpenClaw and pi alike.

A session may stand in several places: its file, a file that a reset left, the store it was moved to. It is one
conversation with every entry once, whichever of them holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.openclaw.session import Known, conversation
from moonshine_assets.exports.adapters.openclaw.store import Store
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, mapping, text_or_none
from moonshine_assets.exports.lines import Line, lines
from moonshine_assets.exports.records import BadNode, LogConversation
from moonshine_assets.exports.replay import Owners, parents_first
from moonshine_assets.exports.sqlite_copy import DAMAGE, is_sqlite, opened, shares

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOPIC = re.compile(r"-topic-(\d+)\.jsonl")


class _Place(NamedTuple):
    """Where a session stands: a file, or a store with `store` open and `size` its share of the store's bytes."""

    name: str
    session_id: str
    parent: str | None
    size: int
    store: Store | None = None


class _Loaded(NamedTuple):
    session_id: str
    pieces: list[tuple[_Place, bytes]]


class Log:
    """One log, `family` openclaw or pi. Places of sessions are found first; a session is read when its turn comes."""

    def __init__(self, read: Callable[[str], bytes | None], names: list[str], family: str) -> None:
        self._read = read
        self._family = family
        self._owners = Owners()
        self._names = set(names)
        self._indexes: set[str] = set()
        self._index: dict[str, tuple[str, dict[str, Any]]] = {}
        self._places: dict[str, list[_Place]] = {}
        self._refused: list[LogConversation] = []
        self._open = ExitStack()
        for name in names:
            self._find(name)

    def conversations(self) -> Iterator[LogConversation]:
        """What cannot be read at all, then the sessions, one that others come from before those."""
        with self._open:
            yield from self._refused
            for loaded in parents_first(list(self._places), self._load, self._before):
                yield self._conversation(loaded)

    def _find(self, name: str) -> None:
        data = self._read(name)
        if data is None:
            self._refused.append(LogConversation(None, "the file cannot be read", {name: 0}, b""))
            return
        if is_sqlite(data):
            self._find_in_store(name, data)
            return
        header = next((line.value for line in lines(data[: 1 << 16]) if line.value is not None), {})
        session_id, parent = _named(name, header, self._names)
        self._add(_Place(name, session_id, parent, len(data)))
        self._index_beside(name)

    def _find_in_store(self, name: str, data: bytes) -> None:
        try:
            store = Store(self._open.enter_context(opened(name, data, self._read)))
            sizes = {session_id: len(store.lines(session_id)) for session_id in store.sessions()}
            index = store.index()
            previous = store.previous()
        except (Unreadable, *DAMAGE) as error:
            reason = error.what if isinstance(error, Unreadable) else "a SQLite database that cannot be read"
            self._refused.append(LogConversation(None, reason, {name: len(data)}, data))
            return
        for key, entry in index.items():
            self._note(key.partition("#")[0], entry)
        if not sizes:
            self._refused.append(LogConversation(None, "a store without sessions", {name: len(data)}, data))
        for session_id, share in zip(sizes, shares(len(data), list(sizes.values())), strict=True):
            self._add(_Place(name, session_id, previous.get(session_id), share, store))

    def _add(self, place: _Place) -> None:
        found = self._places.setdefault(place.session_id, [])
        # a store holds what the files held when they were moved, and what came after
        found.append(place)
        found.sort(key=lambda one: one.store is not None)

    def _index_beside(self, name: str) -> None:
        beside = str(PurePosixPath(name).with_name("sessions.json"))
        if beside in self._indexes:
            return
        self._indexes.add(beside)
        try:
            value, _ = decode(self._read(beside) or b"{}", Any)
        except Unreadable:
            return
        for key, entry in mapping(value).items():
            self._note(key, mapping(entry))

    def _note(self, key: str, entry: dict[str, Any]) -> None:
        if session_id := ident(entry.get("sessionId")):
            self._index.setdefault(session_id, (key, entry))

    def _load(self, session_id: str) -> _Loaded:
        pieces = []
        for place in self._places[session_id]:
            raw = self._read(place.name) or b"" if place.store is None else place.store.lines(session_id)
            pieces.append((place, raw))
        return _Loaded(session_id, pieces)

    def _before(self, loaded: _Loaded) -> list[str]:
        parents = [place.parent for place, _ in loaded.pieces] + [self._spawner(loaded.session_id)]
        return [parent for parent in parents if parent in self._places]

    def _spawner(self, session_id: str) -> str | None:
        """The session whose key the index names as the one that started this one."""
        key = text_or_none(self._index.get(session_id, ("", {}))[1].get("spawnedBy"))
        return next((other for other, (named, _) in self._index.items() if key and named == key), None)

    def _known(self, loaded: _Loaded) -> Known:
        session_id = loaded.session_id
        key, entry = self._index.get(session_id, ("", {}))
        parent = next((place.parent for place, _ in loaded.pieces if place.parent), None)
        spawner = self._spawner(session_id)
        title = text_or_none(entry.get("displayName")) if "spawnedBy" in entry else None
        if ":subagent:" in key or spawner is not None:
            name = f"{spawner}/agent-{session_id}" if spawner else session_id
            return Known(name, spawner or parent, "model", True, title or text_or_none(entry.get("label")))
        prompted_by = "client_injected" if any(mark in key for mark in (":cron:", ":hook:", ":heartbeat")) else "human"
        return Known(session_id, parent, prompted_by)

    def _conversation(self, loaded: _Loaded) -> LogConversation:
        members: dict[str, int] = {}
        found: list[Line] = []
        bad: list[BadNode] = []
        for place, raw in loaded.pieces:
            members[place.name] = members.get(place.name, 0) + place.size
            for line in lines(raw):
                if line.value is None:
                    bad.append(line.bad_node(raw))
                else:
                    found.append(line)
        data = b"".join(raw for _, raw in loaded.pieces)
        if bad and not found:
            return LogConversation(None, bad[0].reason, members, data)
        known = self._known(loaded)
        try:
            parsed = conversation(known, found, bad, self._owners, f"{self._family}_log", self._family)
        except RecursionError:
            return LogConversation(None, "the JSON is nested too deeply", members, data)
        return LogConversation(parsed, None, members, data)


def _named(name: str, header: dict[str, Any], names: set[str]) -> tuple[str, str | None]:
    """The id of a file's session, and of the session it comes from.

    The header's id counts, names go wrong when sessions are moved; unless the session of that id has a file of its own.
    """
    base = PurePosixPath(name).name
    in_name = _UUID.findall(base)
    named = in_name[-1] if in_name else base.partition(".jsonl")[0]
    is_header = header.get("type") == "session"
    stated = ident(header.get("id")) if is_header else None
    parent = _of_path(header.get("parentSession") or header.get("branchedFrom")) if is_header else None
    session_id = stated or named
    if stated and stated != named and in_name:
        own = PurePosixPath(name).parent / f"{stated}.jsonl"
        if str(own) in names:
            session_id, parent = named, parent or stated
    topic = _TOPIC.search(base)
    return (f"{session_id}-topic-{topic[1]}" if topic else session_id), parent


def _of_path(value: Any) -> str | None:
    """A session's id, out of its id or the path of its file."""
    text = text_or_none(value)
    if text is None:
        return None
    found = _UUID.findall(text)
    return found[-1] if found else PurePosixPath(text.replace("\\", "/")).name.rpartition("_")[2].partition(".jsonl")[0]
