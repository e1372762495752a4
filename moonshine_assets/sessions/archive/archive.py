"""A live session into the archive, and out of it again.

In: a reading. Out: a record. Always: segments are on disk before the snapshot that names them, the snapshot before the
texts made of it, the texts before the record; so that a crash anywhere leaves nothing that is wrong, and doing it again
completes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from moonshine_assets.errors import BadInput, Corruption, Unreadable
from moonshine_assets.sessions.archive import ledger
from moonshine_assets.sessions.archive.forgetting import refuse_forgotten
from moonshine_assets.sessions.archive.members import members_of
from moonshine_assets.sessions.archive.place import archive_path, folder_of, folder_of_record, session_lock
from moonshine_assets.sessions.archive.segments import Content, pieces, set_aside, take_in
from moonshine_assets.sessions.archive.snapshots import (
    Line,
    Member,
    Snapshot,
    changes,
    content_hash,
    latest,
    note,
    with_hash,
)
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources import clock
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home

#: The one collection that archived sessions are indexed in.
COLLECTION = "history"


class VerifiedArchive(NamedTuple):
    """What was read back: how many files, and their bytes in all."""

    members: int
    size_bytes: int


def archive_session(home: Home, settings: Settings, reading: Reading, now: int | None = None) -> ArchiveRecord:
    """Keep a session as it is now, write what is new of it as text, and enter it in the ledger.

    Args:
        home: the data home.
        settings: for the time zone that the texts tell times in.
        reading: provider, session_id, session_key and source_path say where it is.
        now: epoch seconds; None: the clock's.

    Returns:
        The record; of a session that is as it was archived before, the record of then.

    Raises:
        Unreadable: the session is not where the reading says, or cannot be read.
        BadInput: it was forgotten.
        Busy: another process has been archiving it for five minutes.
        StorageFull: there is no space; what was archived before stands.
    """
    from moonshine_assets.sessions.projection import project

    refuse_forgotten(home, reading.provider, reading.session_id)
    folder = folder_of(home, reading)
    moment = int(clock.now().timestamp()) if now is None else now
    with session_lock(home, folder):
        snapshot = _snapshot(folder, reading, moment)
        noise = project(home, settings, folder, snapshot)
        record = ArchiveRecord(
            session_id=reading.session_id,
            archive_path=archive_path(home, folder),
            content_hash=snapshot.line.content_hash,
            created_at_epoch_secs=moment,
            indexed_collection=COLLECTION,
            projection_filtered_noise_count=noise,
        )
        return ledger.enter(home, record)


def verify_archive(home: Home, record: ArchiveRecord) -> VerifiedArchive:
    """Put a snapshot together again, byte for byte, and compare every hash.

    Raises:
        Corruption: something of it is missing or damaged. What is damaged is set aside: archiving the session again
            stores it anew, as far as the session still has it.
    """
    folder = folder_of_record(home, record)
    snapshot = with_hash(folder, record.content_hash)
    size = 0
    for _, member in _members(snapshot):
        try:
            size += sum(map(len, pieces(folder, member.content)))
        except Corruption:
            set_aside(folder, member.content)
            raise
    return VerifiedArchive(len(snapshot.members), size)


def restore_session(home: Home, record: ArchiveRecord, to: Path) -> list[Path]:
    """Write the files of a snapshot below a folder, as they lay in their agent's folder.

    Args:
        to: a folder that is empty or not there.

    Raises:
        BadInput: there is something in the folder.
        Corruption: the snapshot cannot be put together; files written until then are whole.
        StorageFull: there is no space.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise BadInput("is not an empty folder", where=str(to), fix="name a new folder")
    folder = folder_of_record(home, record)
    written = []
    for name, member in _members(with_hash(folder, record.content_hash)):
        target = to / name
        with atomic_file(target) as stream:
            for piece in pieces(folder, member.content):
                stream.write(piece)
        written.append(target)
    return written


def _snapshot(folder: Path, reading: Reading, moment: int) -> Snapshot:
    """The session as it is now, kept."""
    last = latest(folder)
    before = last.members if last is not None else {}
    now = dict(_taken(folder, reading, before))
    changed = changes(before, now)
    members = {
        name: Member(content, changed[name].lineage if name in changed else before[name].lineage)
        for name, content in now.items()
    }
    gone = tuple(sorted(set(before) - set(now)))
    if last is not None and last.is_whole and not changed and not gone:
        return last
    line = Line(
        content_hash=content_hash(members),
        created_at_epoch_secs=moment,
        provider=reading.provider,
        session_id=reading.session_id,
        session_key=reading.session_key,
        source_path=reading.source_path,
        main=next(iter(now)),
        changed=changed,
        gone=gone,
    )
    note(folder, line)
    return Snapshot(line, members, True)


def _taken(folder: Path, reading: Reading, before: dict[str, Member]) -> Iterator[tuple[str, Content]]:
    is_first = True
    for member in members_of(reading):
        known = before[member.name].content.segments if member.name in before else ()
        try:
            with member.open() as stream:
                # up to where it ends now: the agent may go on writing
                size = stream.seek(0, os.SEEK_END)
                stream.seek(0)
                yield member.name, take_in(folder, stream, size, known)
        except (FileNotFoundError, PermissionError) as error:
            # what belongs to the session may be tidied away at any time, the session itself may not
            if is_first or isinstance(error, PermissionError):
                raise Unreadable(f"cannot be read ({error.strerror})", where=member.name) from error
        is_first = False


def _members(snapshot: Snapshot) -> Iterator[tuple[str, Member]]:
    for name, member in snapshot.members.items():
        parts = PurePosixPath(name).parts
        if PurePosixPath(name).is_absolute() or ".." in parts or not parts:
            raise Corruption("a name that leaves the folder", where=name, fix="the log of snapshots was changed")
        yield name, member
