"""The index kept up with the texts of archived sessions.

One process writes it, in transactions; a crash leaves it as it was before. A damaged one is set aside and made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.recall.kinds import COMMAND, has_command
from moonshine_assets.sessions.recall.passages import entries
from moonshine_assets.sessions.recall.store import reading, set_aside, writing
from moonshine_assets.sessions.recall.terms import extra_words, words
from moonshine_resources import progress
from moonshine_resources.home import Home

_WAIT = 120.0
#: Parts written in one transaction.
_PARTS_AT_ONCE = 64
#: Words of the newest part that are tried as the one to find it by.
_TRIED = 400

_Result = TypeVar("_Result")


class Indexed(NamedTuple):
    """What was added: parts and their passages; `rebuilt`: the index had to be made anew for it."""

    parts: int
    passages: int
    rebuilt: bool = False


def index_archive(home: Home, record: ArchiveRecord) -> Indexed:
    """Add what of a session's text the index lacks.

    Raises:
        Busy: another process has been writing the index for two minutes.
        StorageFull: there is no space.
    """
    from moonshine_assets.sessions.projection import parts_of

    return _written(home, lambda: parts_of(home, record))


def index_texts(home: Home) -> Indexed:
    """Add every text that the index lacks; raises as `index_archive`."""
    return _written(home, lambda: sorted(home.session_texts.glob("*.md")))


def rebuild_index(home: Home) -> Indexed:
    """Make the index anew from the texts; raises as `index_archive`."""
    from moonshine_resources.locks import exclusive

    with exclusive(home.recall_index_lock, seconds=_WAIT, what="the index of sessions"):
        return _rebuilt(home)


def verify_index(home: Home, record: ArchiveRecord) -> str:
    """Find the newest part of a session's text by a word of it that few others have.

    Returns:
        The word; empty for a session in which nothing was said.

    Raises:
        GateFailed: the index does not find it, or lacks one of the parts.
    """
    from moonshine_assets.sessions.projection import parts_of

    parts = parts_of(home, record)
    if not parts:
        return ""
    newest = max(parts, key=lambda path: (path.stat().st_mtime_ns, path.name))
    said = dict.fromkeys(
        word for _, passages in entries(newest.read_bytes()) for passage in passages for word in words(passage.text)
    )
    try:
        with reading(home.recall_index) as connection:
            known = {name for (name,) in connection.execute("SELECT name FROM parts")}
            lacking = [path.name for path in parts if path.name not in known]
            word = _rarest(connection, list(said)[-_TRIED:])
            found = word is not None and newest.name in _parts_with(connection, word)
    except sqlite3.Error as error:
        raise GateFailed(
            "the index cannot be read", where=str(home.recall_index), fix="make it anew: `moon index --rebuild`"
        ) from error
    if lacking or (said and not found):
        raise GateFailed(
            f"the index does not find {(lacking or [newest.name])[0]}",
            where=str(home.recall_index),
            fix="make it anew: `moon index --rebuild`",
        )
    return word or ""


def _written(home: Home, wanted: Callable[[], Iterable[Path]]) -> Indexed:
    from moonshine_resources.locks import exclusive

    with exclusive(home.recall_index_lock, seconds=_WAIT, what="the index of sessions"):
        try:
            return _add(home, list(wanted()))
        except sqlite3.OperationalError as error:
            if _is_full(error):
                raise _full(home) from error
            return _rebuilt(home)
        except sqlite3.DatabaseError:
            return _rebuilt(home)


def _rebuilt(home: Home) -> Indexed:
    set_aside(home.recall_index)
    try:
        return _add(home, sorted(home.session_texts.glob("*.md")))._replace(rebuilt=True)
    except sqlite3.OperationalError as error:
        if _is_full(error):
            raise _full(home) from error
        raise


def _add(home: Home, parts: list[Path]) -> Indexed:
    count = passages = 0
    with writing(home.recall_index) as connection:
        known = {name: tuple(seen) for name, *seen in connection.execute("SELECT name, size, changed_ns FROM parts")}
        new = [path for path in parts if known.get(path.name) != _seen(path)]
        for number, path in enumerate(new, 1):
            passages += _add_part(connection, path)
            count += 1
            if number % _PARTS_AT_ONCE == 0:
                connection.commit()
                progress.report("index", number, len(new))
        connection.commit()
        if new:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Indexed(count, passages)


def _add_part(connection: sqlite3.Connection, path: Path) -> int:
    """Take in a part; its passages. One that is there in another state gives way."""
    from moonshine_assets.sessions.projection.parts import read_head

    data = path.read_bytes()
    head = read_head(data.decode("utf-8", "replace").split("\n"))
    connection.execute(
        "DELETE FROM passages WHERE entry IN (SELECT e.id FROM entries AS e JOIN parts AS p ON e.part = p.id"
        " WHERE p.name = ?)",
        (path.name,),
    )
    connection.execute("DELETE FROM entries WHERE part IN (SELECT id FROM parts WHERE name = ?)", (path.name,))
    connection.execute("DELETE FROM parts WHERE name = ?", (path.name,))
    if head is None:
        return 0
    part = _next(connection, "parts")
    connection.execute(
        "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (part, path.name, *_seen(path), head.session, head.provider, head.conversation, head.archive),
    )
    entry_id, passage_id = _next(connection, "entries"), _next(connection, "words")
    entry_rows, passage_rows, word_rows = [], [], []
    for entry, found in entries(data):
        entry_rows.append((entry_id, part, entry.line, entry.start, entry.at, entry.who, entry.message_id))
        for passage in found:
            kind = (COMMAND,) if has_command(passage.text) else ()
            extra = " ".join((entry.message_id, *kind, *extra_words(passage.text)))
            passage_rows.append((passage_id, entry_id, passage.line, passage.line_end, passage.start, passage.size))
            word_rows.append((passage_id, passage.text, extra, entry.times))
            passage_id += 1
        entry_id += 1
    connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", entry_rows)
    connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", passage_rows)
    connection.executemany("INSERT INTO words (rowid, text, extra, times) VALUES (?, ?, ?, ?)", word_rows)
    return len(passage_rows)


def _next(connection: sqlite3.Connection, table: str) -> int:
    """An id above all that were ever given: rows of `words` are never taken out."""
    key = "rowid" if table == "words" else "id"
    row = connection.execute(f"SELECT {key} FROM {table} ORDER BY {key} DESC LIMIT 1").fetchone()  # noqa: S608 - our own names
    return int(row[0]) + 1 if row is not None else 1


def _seen(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def _rarest(connection: sqlite3.Connection, candidates: list[str]) -> str | None:
    best: tuple[int, str] | None = None
    for word in candidates:
        row = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
        if row is not None and (best is None or (row[0], word) < best):
            best = (row[0], word)
    return best[1] if best else None


def _parts_with(connection: sqlite3.Connection, word: str) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT p.name FROM words AS w JOIN passages AS g ON g.id = w.rowid"
        " JOIN entries AS e ON e.id = g.entry JOIN parts AS p ON p.id = e.part WHERE words MATCH ?",
        (f'"{word}"',),
    )
    return {name for (name,) in rows}


def _is_full(error: sqlite3.OperationalError) -> bool:
    return "disk is full" in str(error) or "disk I/O" in str(error)


def _full(home: Home) -> Exception:
    from moonshine_resources.storage import full

    return full(home.recall_index)
