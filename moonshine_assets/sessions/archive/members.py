"""The files a session consists of, named as they lie in its agent's folder; nothing is read here but first lines.

In: a reading. Out: members that can be opened. Always: links and files with keys are left out, and what a store holds
of a session is one state of it.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from moonshine_assets.errors import BadInput, Unreadable
from moonshine_assets.exports.decode import decode
from moonshine_assets.exports.fields import ident, mapping
from moonshine_assets.exports.folder import is_secret
from moonshine_assets.sessions.archive.openclaw_store import index_bytes, stored_session
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.usage.tail import first_line

_DAY = re.compile(r"\d{4}/\d\d/\d\d")


class SourceMember(NamedTuple):
    """A file of a live session: its name, and how it is opened."""

    name: str
    open: Callable[[], BinaryIO]


def members_of(reading: Reading) -> list[SourceMember]:
    """The session's own file first, then what belongs to it.

    Raises:
        Unreadable: the session is not where the reading says, or its store cannot be read.
    """
    path = Path(reading.source_path)
    if not reading.source_path or not path.is_file():
        raise Unreadable(
            "the session is not there any more", where=reading.key, fix="what was archived of it before stays archived"
        )
    find = {"claude_code": _claude_code, "codex": _codex, "openclaw": _openclaw}.get(reading.provider, _plain)
    return list(find(reading, path))


def _file(name: str, path: Path) -> SourceMember:
    return SourceMember(name, lambda: path.open("rb"))


def _plain(reading: Reading, path: Path) -> Iterator[SourceMember]:  # noqa: ARG001 - as the others are called
    yield _file(path.name, path)


def _claude_code(reading: Reading, path: Path) -> Iterator[SourceMember]:
    """The log, the folder of its name (sub-agents, spilled tool output), and sub-agents that older versions put beside
    it."""
    project = f"projects/{path.parent.name}"
    yield _file(f"{project}/{path.name}", path)
    for name, file in _below(path.parent, path.with_suffix("")):
        yield _file(f"{project}/{name}", file)
    for file in sorted(path.parent.glob("agent-*.jsonl")):
        if not file.is_symlink() and _first(file).get("sessionId") == reading.session_id:
            yield _file(f"{project}/{file.name}", file)
            beside = file.with_suffix(".meta.json")
            if beside.is_file() and not beside.is_symlink():
                yield _file(f"{project}/{beside.name}", beside)


def _codex(reading: Reading, path: Path) -> Iterator[SourceMember]:
    """The rollout, and those of its sub-agents, which begin on its day or later."""
    from moonshine_assets.exports.adapters.codex.wire import entry, lineage

    yield _file(_rollout_name(path), path)
    day = "/".join(path.parts[-4:-1])
    if not _DAY.fullmatch(day):
        return
    root = path.parents[3]
    parents = {reading.session_id}
    for file in sorted(root.glob("*/*/*/rollout-*.jsonl")):
        if "/".join(file.parts[-4:-1]) < day or file == path or file.is_symlink():
            continue
        found = entry(0, _first(file))
        parent, is_agent = lineage(found.body) if found.kind == "meta" else (None, False)
        if is_agent and parent in parents:
            # a sub-agent may have its own
            parents.add(ident(found.body.get("id")) or "")
            yield _file(_rollout_name(file), file)


def _rollout_name(path: Path) -> str:
    day = "/".join(path.parts[-4:-1])
    return f"sessions/{day}/{path.name}" if _DAY.fullmatch(day) else f"sessions/{path.name}"


def _openclaw(reading: Reading, path: Path) -> Iterator[SourceMember]:
    """The session's entries, out of the store or its file, and its line of the session index."""
    agent = path.parts[-3] if len(path.parts) > 2 else "main"
    folder = f"agents/{agent}/sessions"
    if path.suffix == ".sqlite":
        stored = stored_session(path, reading.session_id)
        yield SourceMember(f"{folder}/{reading.session_id}.jsonl", lambda: io.BytesIO(stored.lines))
        row = stored.row
    elif path.name == "sessions.json":
        raise Unreadable("the session has no transcript beside its index", where=str(path))
    else:
        yield _file(f"{folder}/{path.name}", path)
        row = _row_beside(path, reading)
    yield SourceMember(f"{folder}/sessions.json", lambda: io.BytesIO(index_bytes(reading, row)))


def _row_beside(path: Path, reading: Reading) -> dict[str, Any]:
    try:
        index = mapping(decode(path.with_name("sessions.json").read_bytes(), Any)[0])
    except (OSError, BadInput):
        return {}
    return mapping(index.get(reading.session_key))


def _below(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Every regular file below a folder, by its name under `root`."""
    if folder.is_symlink():
        return
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for base in sorted(names):
            file = Path(parent, base)
            name = file.relative_to(root).as_posix()
            if file.is_file() and not file.is_symlink() and not is_secret(name):
                yield name, file


def _first(path: Path) -> dict[str, Any]:
    try:
        return mapping(decode(first_line(path), Any)[0])
    except (OSError, BadInput):
        return {}
