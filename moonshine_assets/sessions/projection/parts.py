"""The files of a session's text: their names, their heads, and where in them a message stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from moonshine_assets.sessions.archive.place import file_name, folder_of_record
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_resources.home import Home

_HEADING = re.compile(r"## .* · line \d+ · id (?P<id>[^·]+?)(?P<also>(?: · also [^·]+)*)")
_FENCE = "---"


class Place(NamedTuple):
    """Where a message stands: the file, relative to the data home, and the line of its heading, from 1.

    `conversation` is the session's id, or `<session>/agent-<id>`.
    """

    path: str
    line: int
    conversation: str


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of a part. Lists are comma-separated; times are UTC.

    Args:
        session: the session's id.
        provider: the agent.
        conversation: session, or `<session>/agent-<id>`.
        member: the file of the session that is told of.
        part: which part of that file, from 1.
        archive: the session's folder in the archive, relative to the data home.
        snapshot: content hash of the snapshot it was made from.
        lines: first and last line of the member that is told of, from 1.
        lineage: how often the member had not merely been continued.
        first_at, last_at: times of its first and last entry that have one.
        timezone: of the local times.
        entries: how many.
        left_out: lines between the first and the last that are left out as noise.
        tools: the tools used, with how often.
    """

    session: str
    provider: str
    conversation: str
    member: str
    part: int
    archive: str
    snapshot: str
    lines: str
    lineage: int
    first_at: str
    last_at: str
    timezone: str
    entries: int
    left_out: int
    tools: str


def head_lines(head: Head) -> list[str]:
    """The front matter: YAML, every value as JSON."""
    facts = msgspec.structs.asdict(head)
    return [_FENCE, *(f"{key}: {msgspec.json.encode(value).decode()}" for key, value in facts.items()), _FENCE]


def read_head(lines: list[str]) -> Head | None:
    """The head of a part; None for a file that is none."""
    try:
        if lines[0] != _FENCE:
            return None
        end = lines.index(_FENCE, 1)
        pairs = (line.split(": ", 1) for line in lines[1:end])
        return msgspec.convert({key: msgspec.json.decode(value) for key, value in pairs}, Head)
    except (IndexError, ValueError):
        return None


def stem_of(provider: str, session_id: str, member: str, is_main: bool) -> str:
    """How the files of a member's text begin."""
    session = f"{file_name(provider)}--{file_name(session_id)}"
    if is_main:
        return session
    path = PurePosixPath(member)
    inside = path.parent.name if path.parent.name == "tool-results" else ""
    return "--".join(part for part in (session, inside, file_name(path.stem)) if part)


def part_name(stem: str, number: int) -> str:
    return f"{stem}.{number:04d}.md"


def parts_of(home: Home, record: ArchiveRecord) -> list[Path]:
    """The files of a session's text, the session's own first, each in its order."""
    from moonshine_assets.sessions.projection.state import load

    state = load(home, folder_of_record(home, record))
    return [home.session_texts / name for member in state.members.values() for name in member.parts]


def places(home: Home, record: ArchiveRecord) -> dict[str, Place]:
    """Message id → where it stands first."""
    found: dict[str, Place] = {}
    for path in parts_of(home, record):
        lines = path.read_text("utf-8").split("\n")
        head = read_head(lines)
        conversation = head.conversation if head is not None else record.session_id
        for number, message_id in headings(lines):
            found.setdefault(message_id, Place(path.relative_to(home.root).as_posix(), number, conversation))
    return found


def headings(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Line number and message id of every entry; of an answer in several lines also the ids of those left out."""
    for number, line in enumerate(lines, 1):
        if line.startswith("## ") and (match := _HEADING.fullmatch(line)):
            yield from ((number, name) for name in [match["id"], *match["also"].split(" · also ")[1:]])
