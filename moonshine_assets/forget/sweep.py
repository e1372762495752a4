"""Derived files that carry what is forgotten: taken away where they are made anew, else rid of the lines that do."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from moonshine_assets.exports.forgotten import Conversation
from moonshine_assets.exports.sqlite_copy import is_sqlite
from moonshine_assets.forget.needles import Needle
from moonshine_assets.forget.places import PLACES
from moonshine_assets.forget.search import files_of, in_file
from moonshine_resources.atomic import atomic_file, remove_tree, sync_directory
from moonshine_resources.home import Home

#: What stands in place of a value that is taken out of a record that has to stay.
FORGOTTEN = "forgotten"
_PARAGRAPH = re.compile(rb"\n[ \t]*\n")
_LINES = (".jsonl", ".ndjson", ".log", ".err", ".out", ".txt", ".tsv", ".csv")
#: Called with (files looked at, files in total).
Progress = Callable[[int, int], None]


def sweep(
    home: Home, conversations: Sequence[Conversation], wanted: Sequence[Needle], progress: Progress = lambda *_: None
) -> dict[str, int]:
    """Rid the home's derived files of what is forgotten; how many went, by what was done to them.

    Runs, raw exports, the mash and snapshots are not touched: they were made anew before, and what is still found
    there is for the search to tell. Doing it again does nothing.
    """
    done: Counter[str] = Counter()
    for forget in PLACES:
        done["pieces of other stores"] += forget(home, conversations)
    files = files_of(home)
    for number, path in enumerate(files):
        progress(number, len(files))
        if path.exists() and (what := _treatment(home, path)) is not None and in_file(path, wanted, home.root):
            word, treat = what
            treat(path, wanted)
            done[word] += 1
    return {word: count for word, count in done.items() if count}


Treatment = Callable[[Path, Sequence[Needle]], None]


def _treatment(home: Home, path: Path) -> tuple[str, Treatment] | None:
    """What is done to a file that carries what is forgotten; None: nothing, it is no derived file."""
    parts = path.relative_to(home.root).parts
    if path.name.endswith(("-wal", "-shm")):
        return None
    with path.open("rb") as stream:
        head = stream.read(16)
    match parts:
        # A session's segments make one archive, and the index is made anew from what is left of the pages.
        case ("archive", "sessions", "raw", _, _, *rest) if rest:
            return "archived sessions removed", _remove_folder(home.root.joinpath(*parts[:5]))
        case ("archive", "sessions", "index" | "mlib" | "projection", *_):
            return "pages and indices of sessions removed", _remove
    if is_sqlite(head):
        return "databases of records rid of it", _scrub_sqlite
    if head[8:12] == b"DUCK" and parts[0] != "work":
        return None
    match parts:
        case ("reports", "distillations", _, _, *rest) if rest:
            return "lanes removed", _remove_folder(home.root.joinpath(*parts[:4]))
        case ("reports", "trainers", _, _, _, *rest) if rest:
            return "exported lanes removed", _remove_folder(home.root.joinpath(*parts[:5]))
        case ("archive", "unknown", _, *rest) if rest:
            return "exports of unknown form removed", _remove_folder(home.root.joinpath(*parts[:3]))
        case ("work" | "locks", *_):
            return "scratch files and locks removed", _remove
        case ("reports", "providers" | "sources", *_):
            return "records rid of it", _blank
        case ("reports", *_):
            return "reports and packets removed", _remove
        case ("archive", "sessions", *_) | ("memory", *_) | ("moon", *_) | ("dagster", *_) | ("audit", *_):
            return _by_form(path)
        case _:
            return None


def _by_form(path: Path) -> tuple[str, Treatment]:
    if path.name.lower().endswith(_LINES):
        return "files rid of lines", _drop_lines
    if path.suffix.lower() == ".md":
        return "notes rid of paragraphs", _drop_paragraphs
    return "files removed", _remove


def _remove(path: Path, _: Sequence[Needle]) -> None:
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def _remove_folder(folder: Path) -> Treatment:
    def remove(_: Path, __: Sequence[Needle]) -> None:
        remove_tree(folder)
        sync_directory(folder.parent)

    return remove


def _drop_lines(path: Path, wanted: Sequence[Needle]) -> None:
    _rewrite(path, (line for line in path.read_bytes().splitlines(keepends=True) if not _any(wanted, line)))


def _drop_paragraphs(path: Path, wanted: Sequence[Needle]) -> None:
    kept = [piece for piece in _PARAGRAPH.split(path.read_bytes()) if not _any(wanted, piece)]
    _rewrite(path, [b"\n\n".join(kept)])


def _blank(path: Path, wanted: Sequence[Needle]) -> None:
    data = path.read_bytes()
    for needle in wanted:
        for spelling in needle.spellings:
            data = data.replace(spelling, _in_place_of(needle))
    _rewrite(path, [data])


def _in_place_of(needle: Needle) -> bytes:
    return b'"%b"' % FORGOTTEN.encode() if needle.is_short else FORGOTTEN.encode()


def _rewrite(path: Path, pieces: Iterable[bytes]) -> None:
    with atomic_file(path, mode=path.stat().st_mode & 0o777) as stream:
        stream.writelines(pieces)


def _any(wanted: Sequence[Needle], data: bytes) -> bool:
    return any(needle.inside(data) for needle in wanted)


def _scrub_sqlite(path: Path, wanted: Sequence[Needle]) -> None:
    """Replace the values in every text of every table, and give the freed pages back; other connections may be open."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall():
            quoted = table.replace('"', '""')
            for _, column, type_, *_ in connection.execute(f'PRAGMA table_info("{quoted}")').fetchall():
                if not any(word in type_.upper() for word in ("CHAR", "TEXT", "BLOB", "CLOB")):
                    continue
                name = column.replace('"', '""')
                for needle in wanted:
                    for spelling in (one.decode() for one in needle.spellings):
                        connection.execute(
                            f'UPDATE "{quoted}" SET "{name}" = replace("{name}", ?, ?)'  # noqa: S608 - quoted, from the catalogue
                            f' WHERE instr("{name}", ?) > 0',
                            (spelling, _in_place_of(needle).decode(), spelling),
                        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
