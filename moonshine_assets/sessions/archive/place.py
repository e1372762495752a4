"""Where a session is kept: its folder, its names, its lock. No name from a log becomes a path as it is."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_WAIT = 300.0


def folder_of(home: Home, reading: Reading) -> Path:
    """The folder of a live session's archive."""
    # session files of other tools are known by their name alone, which two of them may share
    told = f"{reading.session_id}@{reading.source_path}" if reading.provider == "estimate" else reading.session_id
    return home.session_raw / file_name(reading.provider) / file_name(told)


def folder_of_record(home: Home, record: ArchiveRecord) -> Path:
    """The folder that a record names.

    Raises:
        Corruption: it is not one of the archive's.
    """
    folder = home.root / record.archive_path
    if ".." in folder.parts or folder.parent.parent != home.session_raw:
        raise Corruption("no folder of the archive", where=record.archive_path, fix="the ledger was changed by hand")
    return folder


def archive_path(home: Home, folder: Path) -> str:
    """The folder as records name it."""
    return folder.relative_to(home.root).as_posix()


def session_lock(home: Home, folder: Path) -> AbstractContextManager[None]:
    """Be the only one who archives a session."""
    path = home.root / "locks" / f"session.{folder.parent.name}.{folder.name}.lock"
    return exclusive(path, seconds=_WAIT, what="the archive of the session")


def file_name(text: str) -> str:
    """A text as a file name: itself where it is a plain one, else what is plain of it and a hash."""
    if _PLAIN.fullmatch(text) and not text.endswith("."):
        return text
    kept = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:48] or "session"
    return f"{kept}.{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
