"""`snapshots.jsonl` of a session: what it was made of, each time it was archived.

In and out: lines, one a snapshot, that say only what changed. Always: the lines are only added to; a line that cannot
be read costs the snapshots that need it, and the next one is written so that it needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.archive.segments import Content, Segment
from moonshine_resources.append_log import append, read_lines

FILE = "snapshots.jsonl"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member that is not as it was. It begins with the first `keep` of the segments it had; then come `segments`.

    `lineage` counts how often it was not merely continued.
    """

    size: int
    sha256: str
    lineage: int
    keep: int
    segments: tuple[Segment, ...]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the file. `main` is the session's own file among its members."""

    content_hash: str
    created_at_epoch_secs: int
    provider: str
    session_id: str
    session_key: str
    source_path: str
    main: str
    changed: dict[str, Change]
    gone: tuple[str, ...] = ()


class Member(NamedTuple):
    """A file of a session as it was kept."""

    content: Content
    lineage: int


class Snapshot(NamedTuple):
    """A session as it was archived once: its members by name, its own file first. Where a line is damaged, members it
    told of are missing from `members` and `is_whole` is false."""

    line: Line
    members: dict[str, Member]
    is_whole: bool


def history(folder: Path) -> Iterator[Snapshot]:
    """The snapshots of a session in their order."""
    members: dict[str, Member] = {}
    is_whole = True
    for raw in read_lines(folder / FILE):
        try:
            line = msgspec.json.decode(raw, type=Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            members, is_whole = {}, False
            continue
        members = {name: member for name, member in members.items() if name not in line.gone}
        for name, change in line.changed.items():
            made = _made(change, members.pop(name, None))
            if made is not None:
                members[name] = made
        is_whole = content_hash(members) == line.content_hash if members else False
        ordered = sorted(members, key=lambda name, main=line.main: (name != main, name))  # type: ignore[misc]
        yield Snapshot(line, {name: members[name] for name in ordered}, is_whole)


def latest(folder: Path) -> Snapshot | None:
    """The last snapshot; None when there is none."""
    found = None
    for snapshot in history(folder):
        found = snapshot
    return found


def with_hash(folder: Path, wanted: str) -> Snapshot:
    """The snapshot with that content.

    Raises:
        Corruption: the log of snapshots does not have it, or a line it needs is damaged.
    """
    found = None
    for snapshot in history(folder):
        if snapshot.line.content_hash == wanted and (found is None or snapshot.is_whole):
            found = snapshot
    if found is None or not found.is_whole:
        raise Corruption(
            f"has no snapshot {wanted[:16]}…" if found is None else "a line of its snapshots is damaged",
            where=str(folder / FILE),
            fix="put the file back from a backup, or archive the session again",
        )
    return found


def note(folder: Path, line: Line) -> None:
    """Add a snapshot, durably."""
    append(folder / FILE, [msgspec.json.encode(line)])


def changes(before: Mapping[str, Member], now: Mapping[str, Content]) -> dict[str, Change]:
    """What a snapshot must say of the members that are not as they were."""
    found = {}
    for name, content in now.items():
        known = before.get(name)
        if known is not None and known.content == content:
            continue
        had = known.content.segments if known is not None else ()
        keep = 0
        while keep < min(len(had), len(content.segments)) and had[keep] == content.segments[keep]:
            keep += 1
        lineage = 0 if known is None else known.lineage + (keep < len(had))
        found[name] = Change(content.size, content.sha256, lineage, keep, content.segments[keep:])
    return found


def content_hash(members: Mapping[str, Member]) -> str:
    """SHA-256 of a session: of its one member, or of the listing of several as a folder's export has it."""
    contents = {name: member.content for name, member in members.items()}
    if len(contents) == 1:
        return next(iter(contents.values())).sha256
    listing = "".join(
        f"{len(name.encode())}:{name} {content.size} {content.sha256}\n" for name, content in sorted(contents.items())
    )
    return sha256(listing.encode()).hexdigest()


def _made(change: Change, before: Member | None) -> Member | None:
    """The member after a change; None when what it builds on is not known."""
    had = before.content.segments if before is not None else ()
    if change.keep > len(had):
        return None
    return Member(Content(change.size, change.sha256, (*had[: change.keep], *change.segments)), change.lineage)
