"""How far a session is told: beside its texts, derived from them and the archive, made anew when it is lost."""

from __future__ import annotations

from pathlib import Path

import msgspec

from moonshine_assets.sessions.projection.reading import Memory
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home

#: Texts of another version are written anew.
VERSION = 1


class Progress(msgspec.Struct):
    """Of a member: what was told of.

    Args:
        sha256: of the member as it was then.
        lineage: then.
        offset: bytes of it that were told of.
        line: lines that end before `offset`; `rank`: of those, how many are not blank; `record`: hold objects.
        noise: lines left out.
        parts: names of the files, in order.
        memory: of its reader.
    """

    sha256: str = ""
    lineage: int = 0
    offset: int = 0
    line: int = 0
    rank: int = 0
    record: int = 0
    noise: int = 0
    parts: list[str] = []
    memory: Memory = msgspec.field(default_factory=Memory)


class State(msgspec.Struct):
    """Of a session: its members, the session's own first; how many of its snapshots were told of; the time zone."""

    version: int = VERSION
    snapshots: int = 0
    members: dict[str, Progress] = {}


def path_of(home: Home, folder: Path) -> Path:
    return home.session_projection / folder.parent.name / f"{folder.name}.json"


def load(home: Home, folder: Path) -> State:
    """The state of a session; an empty one when there is none, it is damaged, another version's, or a text is gone."""
    try:
        state = msgspec.json.decode(path_of(home, folder).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return State()
    names = [name for member in state.members.values() for name in member.parts]
    is_whole = state.version == VERSION and all((home.session_texts / name).exists() for name in names)
    return state if is_whole else State()


def save(home: Home, folder: Path, state: State) -> None:
    """Write the state durably."""
    with atomic_file(path_of(home, folder)) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(state), indent=1))
