"""Which session went on from which: an append-only file, and the walk back to the first."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from moonshine_assets.sessions.contracts import Sha256, Text
from moonshine_resources import storage
from moonshine_resources.atomic import sync_directory
from moonshine_resources.home import Home


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One step from an old session to a new one; `linked_at` is ISO 8601, UTC."""

    tool: Text
    source_session_id: Text
    target_session_id: Text
    archive_path: Text
    content_hash: Sha256
    map_path: Text
    linked_at: Text


def link(home: Home, made: Link) -> None:
    """Add a link durably; one that is there stays the only one. The caller keeps others from writing.

    Raises:
        StorageFull: there is no space; the file is as it was.
    """
    known = links(home)
    if any((one.tool, one.source_session_id, one.target_session_id) == _ends(made) for one in known):
        return
    path = home.session_links
    with storage.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        with path.open("ab") as stream:
            start = stream.tell()
            # a line that a crash left unfinished ends here, and is no link
            lead = b"" if _ends_with_a_line(path) else b"\n"
            try:
                stream.write(lead + msgspec.json.encode(made) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                stream.truncate(start)
                raise
        if is_new:
            sync_directory(path.parent)


def links(home: Home) -> list[Link]:
    """Every link that can be read, oldest first."""
    try:
        lines = home.session_links.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [one for line in lines if (one := _read(line)) is not None]


def chain(home: Home, session_id: str, tool: str | None = None) -> list[Link]:
    """The links from the first session to this one, oldest first; empty when it went on from none.

    Args:
        home: where the links are kept.
        session_id: of the session to walk back from.
        tool: whose session; None: of any tool, the newest link with that id counts.
    """
    back = {}
    for one in links(home):
        back[one.tool, one.target_session_id] = one
    walked: list[Link] = []
    tools = [tool] if tool else [key[0] for key in reversed(back) if key[1] == session_id][:1]
    key = (tools[0], session_id) if tools else ("", session_id)
    while key in back and back[key] not in walked:
        walked.append(back[key])
        key = (back[key].tool, back[key].source_session_id)
    return walked[::-1]


def _ends(one: Link) -> tuple[str, str, str]:
    return one.tool, one.source_session_id, one.target_session_id


def _read(line: bytes) -> Link | None:
    try:
        return msgspec.json.decode(line, type=Link)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return True
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"
