"""opencode: the database of 1.2 and later, the storage folder before it, exported sessions and recorded runs.

In: the files of a log. Out: one conversation a session or sub-agent. Always: nodes_in = nodes + bad nodes, every
message is a node, and a session that stands in a database and in files is one conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from moonshine_assets.errors import Unreadable
from moonshine_assets.exports.adapters.opencode.database import Database
from moonshine_assets.exports.adapters.opencode.detect import (
    claim_lines,
    claim_tables,
    is_record_file,
    log_files,
    sidecar,
)
from moonshine_assets.exports.adapters.opencode.exported import read_exported
from moonshine_assets.exports.adapters.opencode.session import SOURCE_TYPE, Stored, conversation
from moonshine_assets.exports.adapters.opencode.tree import Tree
from moonshine_assets.exports.records import LogConversation
from moonshine_assets.exports.sqlite_copy import DAMAGE, is_sqlite, opened, shares

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "claim_tables", "conversations", "log_files", "sidecar"]

PROVIDER = "opencode"


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The sessions of databases and of the storage folder, then those that were exported.

    Conversation flags: `sub_agent`. Message flags: `reverted`, `synthetic`, `compaction_summary`, `orphan_parts`,
    `text_from_summary`, `unknown_record`.
    """
    with ExitStack() as stack:
        databases: list[tuple[str, Database, dict[str, int]]] = []
        tree = Tree(read, [name for name in names if is_record_file(name)])
        alone: list[str] = []
        for name in (name for name in names if not is_record_file(name)):
            data = read(name)
            if data is None:
                yield LogConversation(None, "the file cannot be read", {name: 0}, b"")
            elif not is_sqlite(data):
                alone.append(name)
            else:
                try:
                    database = Database(stack.enter_context(opened(name, data, read)))
                    sizes = database.sessions()
                    for session_id in sizes:
                        database.load(session_id)
                except (Unreadable, *DAMAGE) as error:
                    reason = error.what if isinstance(error, Unreadable) else "a SQLite database that cannot be read"
                    yield LogConversation(None, reason, {name: len(data)}, data)
                    continue
                if not sizes:
                    yield LogConversation(None, "a database without sessions", {name: len(data)}, data)
                    continue
                parts = dict(zip(sizes, shares(len(data), list(sizes.values())), strict=True))
                databases.append((name, database, parts))
        yield from _stored(databases, tree, read)
        for name in alone:
            yield from read_exported(name, read(name) or b"")


def _stored(
    databases: list[tuple[str, Database, dict[str, int]]], tree: Tree, read: Callable[[str], bytes | None]
) -> Iterator[LogConversation]:
    for name, reason in tree.refused:
        raw = read(name) or b""
        yield LogConversation(None, reason, {name: len(raw)}, raw)
    ids = [session_id for _, _, parts in databases for session_id in parts]
    for session_id in dict.fromkeys([*ids, *tree.sessions()]):
        loaded = tree.load(session_id)
        pieces = [database.load(session_id) for _, database, parts in databases if session_id in parts]
        members = {name: parts[session_id] for name, _, parts in databases if session_id in parts} | loaded.members
        stored = _merged([*pieces, loaded.stored] if loaded.members or not pieces else pieces)
        data = loaded.data + b"\n".join(bad.raw for piece in pieces for bad in piece.bad)
        try:
            yield LogConversation(conversation(stored), None, members, data)
        except RecursionError:
            yield LogConversation(None, "the JSON is nested too deeply", members, data)
    for name in tree.left():
        raw = read(name) or b""
        yield LogConversation(None, "a part of a message that is not there", {name: len(raw)}, raw)


def _merged(pieces: list[Stored]) -> Stored:
    """One session out of several places: the first that has a record counts, the others are copies."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    messages: dict[Any, dict[str, Any]] = {}
    parts: dict[Any, dict[str, Any]] = {}
    for piece in pieces:
        own = {str(info.get("id", rank)): info for rank, info in enumerate(piece.messages)}
        new = own.keys() - messages.keys()
        messages |= {name: own[name] for name in own if name in new}
        for rank, part in enumerate(piece.parts):
            if str(part.get("messageID")) in new or str(part.get("messageID")) not in own:
                parts.setdefault(str(part.get("id", rank)), part)
    found = sum(len(piece.messages) for piece in pieces)
    return first._replace(
        info={key: value for piece in reversed(pieces) for key, value in piece.info.items()},
        messages=list(messages.values()),
        parts=list(parts.values()),
        bad=[bad for piece in pieces for bad in piece.bad],
        copies=found - len(messages),
    )
