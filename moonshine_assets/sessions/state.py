"""`moon/state/moon_state.json`: what is known of every session, between two looks and over restarts.

In and out: the file. Always: it is written whole or not at all, by one process at a time; a file that cannot be read is
set aside with its reason, never overwritten; and what the one before it knew is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from moonshine_assets.errors import BadInput
from moonshine_assets.sessions.ladder import SessionState
from moonshine_resources import clock, storage
from moonshine_resources.atomic import atomic_file, publish, write_json
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

SCHEMA_VERSION = 1
#: How long another process may keep the state, seconds.
_WAIT = 30.0


class MoonState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `recoveries` counts how often it had to be rebuilt."""

    schema_version: Annotated[int, Meta(ge=1)] = SCHEMA_VERSION
    sessions: dict[str, SessionState] = {}
    recoveries: Annotated[int, Meta(ge=0)] = 0


class _Version(msgspec.Struct):
    schema_version: int


class Loaded(NamedTuple):
    """The state and, when the file could not be read, why; the state is then that of the file before it, or empty."""

    state: MoonState
    problem: str | None = None


def look(home: Home) -> Loaded:
    """The state as it stands, for those who only show it; nothing is changed.

    Raises:
        BadInput: a newer Moonshine wrote it.
    """
    return _loaded(home)


@contextmanager
def changing(home: Home) -> Iterator[State]:
    """The state for the one process that may change it.

    Raises:
        Busy: another process keeps it.
        BadInput: a newer Moonshine wrote it.
        StorageFull: a damaged file could not be set aside.
    """
    with exclusive(home.moon_state_lock, seconds=_WAIT, what="the state of sessions"):
        state, problem = _loaded(home)
        if problem is not None:
            _set_aside(home, problem)
            state = msgspec.structs.replace(state, recoveries=state.recoveries + 1)
            _write(home.moon_state, encoded(state))
        yield State(home, state)


class State:
    """The state while it is locked. `value` is what is on disk."""

    def __init__(self, home: Home, value: MoonState) -> None:
        self._home = home
        self.value = value

    def save(self, value: MoonState) -> None:
        """Write the state durably; the one before it stays beside it.

        Raises:
            StorageFull: there is no space; the file is as it was.
        """
        if value == self.value and self._home.moon_state.exists():
            return
        if self._home.moon_state.exists():
            _write(self._home.moon_state_previous, encoded(self.value))
        _write(self._home.moon_state, encoded(value))
        self.value = value


def encoded(state: MoonState) -> bytes:
    """Indented JSON, sessions by key: the same state is the same bytes."""
    ordered = msgspec.structs.replace(state, sessions=dict(sorted(state.sessions.items())))
    return msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"


def decoded(data: bytes) -> MoonState:
    """The state that a file holds.

    Raises:
        BadInput: a newer Moonshine wrote it.
        ValueError: damaged; the message says how, without contents.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            raise BadInput(
                f"written by a newer Moonshine (schema {version}, known is {SCHEMA_VERSION})",
                where="moon_state.json",
                fix="use that version, or move the file away to begin anew",
            )
        return msgspec.json.decode(data, type=MoonState)
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except msgspec.ValidationError as error:
        raise ValueError(f"not a state: {error}") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"not JSON ({len(data)} bytes)") from error


def _loaded(home: Home) -> Loaded:
    try:
        return Loaded(decoded(home.moon_state.read_bytes()))
    except FileNotFoundError:
        problem = None
    except ValueError as error:
        problem = str(error)
    try:
        return Loaded(decoded(home.moon_state_previous.read_bytes()), problem or "the file is gone")
    except FileNotFoundError:
        return Loaded(MoonState(), problem)
    except ValueError as error:
        return Loaded(MoonState(), f"{problem or 'the file is gone'}; the one before it: {error}")


def _set_aside(home: Home, problem: str) -> None:
    """Move what cannot be read into a folder of its own, under the time, with the reason."""
    folder = home.moon_state_damaged
    stamp = clock.stamp(clock.now())
    with storage.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for path in (home.moon_state, home.moon_state_previous):
        if not path.exists() or _is_whole(path):
            continue
        number = sum(1 for one in folder.iterdir() if one.name.startswith(f"{stamp}_"))
        name = f"{stamp}_{number:03d}.{path.name}"
        write_json(folder / f"{name}.reason", {"file": path.name, "reason": problem, "set_aside_at": stamp})
        publish(path, folder / name)


def _is_whole(path: Path) -> bool:
    try:
        decoded(path.read_bytes())
    except ValueError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    with atomic_file(path) as stream:
        stream.write(data)
