"""What snapshots added to a session, told as new parts of its text.

Each snapshot tells what is new since the one before it, so that the same snapshots make the same parts whenever they
are told: at once, later, or all anew after the state or a part was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from moonshine_assets.sessions.archive.segments import Content, bytes_from, pieces
from moonshine_assets.sessions.archive.snapshots import Member, Snapshot, history
from moonshine_assets.sessions.projection.log import Log, log_entries
from moonshine_assets.sessions.projection.plain import document_entry, is_log
from moonshine_assets.sessions.projection.reading import READERS, Reader, plain
from moonshine_assets.sessions.projection.state import Progress, State, load, save
from moonshine_assets.sessions.projection.write import Source, Writer
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home

#: Files of a session that hold nothing that was said.
_SILENT = (".meta.json", "/sessions.json")


def project(home: Home, settings: Settings, folder: Path, snapshot: Snapshot) -> int:
    """Tell what is not told yet of a session's snapshots; the caller holds the session's lock.

    Args:
        home: the data home.
        settings: for the time zone.
        folder: the session's folder in the archive.
        snapshot: the one to be told of.

    Returns:
        How many lines of the session, as of that snapshot, are left out of its text.

    Raises:
        Corruption: the archive does not read back.
        StorageFull: there is no space.
    """
    zone = ZoneInfo(settings.distill.residential_timezone)
    state = load(home, folder)
    before: Mapping[str, Member] = {}
    for number, one in enumerate(history(folder), 1):
        if number > state.snapshots and one.is_whole:
            _tell(home, folder, one, before, state, zone)
        before = one.members
        if number > state.snapshots:
            state.snapshots = number
            if one.line.content_hash == snapshot.line.content_hash:
                save(home, folder, state)
    return sum(member.noise for member in state.members.values())


def _tell(
    home: Home, folder: Path, snapshot: Snapshot, before: Mapping[str, Member], state: State, zone: tzinfo
) -> None:
    for name, member in snapshot.members.items():
        if name.endswith(_SILENT):
            continue
        progress = state.members.setdefault(name, Progress())
        if progress.sha256 == member.content.sha256:
            continue
        source = _source(home, folder, snapshot, name, member.lineage)
        writer = Writer(home, source, progress, zone)
        old = before[name].content if name in before else None
        reader = _reader(folder, snapshot, name, member.content)
        if reader is not None:
            has_turned = progress.sha256 != "" and progress.lineage != member.lineage
            log = Log(folder, member.content, old if has_turned else None, source.is_agent)
            log_entries(log, reader, progress, writer)
        else:
            entry = document_entry(name, _whole(folder, member.content), old and _whole(folder, old))
            if entry is not None:
                moment = snapshot.line.created_at_epoch_secs * 1_000_000
                writer.add(entry._replace(at=moment), 1)
        writer.close()
        progress.sha256, progress.lineage = member.content.sha256, member.lineage


def _reader(folder: Path, snapshot: Snapshot, name: str, content: Content) -> Reader | None:
    """How a member's lines are read; None for a file that is no log."""
    path = PurePosixPath(name)
    if snapshot.line.provider in READERS:
        if path.suffix != ".jsonl":
            return None
        return plain if path.name == "journal.jsonl" else READERS[snapshot.line.provider]
    return plain if is_log(name, next(bytes_from(folder, content, 0), b"")) else None


def _source(home: Home, folder: Path, snapshot: Snapshot, name: str, lineage: int) -> Source:
    line = snapshot.line
    path = PurePosixPath(name)
    is_main = name == line.main
    is_agent = not is_main and path.suffix == ".jsonl"
    agent = path.stem.removeprefix("agent-").removeprefix("rollout-")
    return Source(
        session_id=line.session_id,
        provider=line.provider,
        conversation=f"{line.session_id}/agent-{agent[-36:]}" if is_agent else line.session_id,
        member=name,
        archive=folder.relative_to(home.root).as_posix(),
        snapshot=line.content_hash,
        lineage=lineage,
        is_main=is_main,
        is_agent=is_agent,
    )


def _whole(folder: Path, content: Content) -> bytes:
    return b"".join(pieces(folder, content))
