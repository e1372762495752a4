"""The watcher as a process: one at a time, with a sign of life, until it is told to stop."""

from __future__ import annotations

import os
import select
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from moonshine_assets.errors import BadInput, Busy, MoonshineError, StorageFull
from moonshine_assets.sessions.audit import Code, Line, note
from moonshine_assets.sessions.configuration import load
from moonshine_assets.sessions.contracts import DaemonLockPayload, lock_payload, to_json
from moonshine_assets.sessions.cycle import Cycle, cycle
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.collect import Look, Problem
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import PROJECT_ROOT, Home
from moonshine_resources.locks import exclusive
from moonshine_resources.tokenizer import load as load_counter

#: So many cycles in a row may end with an error nobody foresaw; then a person has to look.
MOST_BREAKDOWNS = 3
_PACKAGES = ("moonshine_assets", "moonshine_resources")
_NAMESPACE = uuid.UUID("b7a54f0e-6a7e-5d6c-8f5e-6d6f6f6e7773")


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The watcher's sign of life: who it is, when it last looked and when it will again, and what it saw.

    Args:
        pid: its process.
        build_uuid: of its code.
        at: end of its last cycle, epoch seconds.
        next_at: when the next one begins.
        cycles: how many it did.
        sessions: live sessions seen.
        problems: places that could not be read.
        error: why the last cycle could not be done; empty when it was.
    """

    pid: int
    build_uuid: str
    at: int
    next_at: int
    cycles: int
    sessions: int = 0
    problems: int = 0
    error: str = ""


class Stop:
    """Told once to stop, also from a signal handler, where an Event could wait for a lock of its own thread."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self._is_set = False

    def set(self) -> None:
        self._is_set = True
        os.write(self._writer, b"s")

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> None:
        """Until it is told, or so many seconds."""
        if not self._is_set:
            select.select([self._reader], [], [], seconds)


@contextmanager
def alone(home: Home, now: int) -> Iterator[DaemonLockPayload]:
    """Be the one watcher of a home. What a watcher that died left behind is taken over.

    Raises:
        Busy: another watcher lives; the message says which.
    """
    path = home.moon_daemon_lock
    lock = path.with_suffix(".held")
    try:
        with exclusive(lock, seconds=0, what="the watcher"):
            _require_dead(path)
            payload = DaemonLockPayload(
                pid=os.getpid(), started_at_epoch_secs=now, build_uuid=build_uuid(), moon_home=str(home.root)
            )
            with atomic_file(path) as stream:
                stream.write(to_json(payload) + b"\n")
            try:
                yield payload
            finally:
                path.unlink(missing_ok=True)
    except Busy as busy:
        if busy.where != str(lock):
            raise
        raise _watching(holder(home)) from None


def holder(home: Home) -> DaemonLockPayload | None:
    """Who watches, as its lock says; None when nobody does or it cannot be read."""
    try:
        return lock_payload(home.moon_daemon_lock.read_bytes(), str(home.moon_daemon_lock))
    except (FileNotFoundError, BadInput):
        return None


def heartbeat(home: Home) -> Heartbeat | None:
    """The last sign of life; None when there is none that can be read."""
    try:
        return msgspec.json.decode(home.moon_heartbeat.read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def build_uuid() -> str:
    """The same for the same code: tells whether a running watcher is of the code that is installed now."""
    seen = sha256()
    for package in _PACKAGES:
        for path in sorted((PROJECT_ROOT / package).rglob("*.py")):
            facts = path.stat()
            seen.update(f"{path.relative_to(PROJECT_ROOT)}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return str(uuid.uuid5(_NAMESPACE, seen.hexdigest()))


def look_of(home: Home, settings: Settings, environment: Mapping[str, str], now: int) -> Look:
    """The situation of a look at this home; the tokenizer is loaded only when something must be estimated."""
    return Look(settings, environment, now, lambda: load_counter(home.vocabulary_folder))


def watch(
    home: Home,
    environment: Mapping[str, str],
    now: Callable[[], int],
    say: Callable[[Line], None],
    stop: Stop,
) -> int:
    """Cycle after cycle until `stop`; how many were done. The settings are read anew for each.

    Raises:
        Busy: another watcher lives.
        BadInput: the settings are wrong at the start.
        MoonshineError: MOST_BREAKDOWNS cycles in a row ended with an error nobody foresaw.
    """
    settings = load(home.moon_config, environment).settings
    done, breakdowns = 0, 0
    known: frozenset[Problem] = frozenset()
    with alone(home, now()) as payload:
        while not stop.is_set():
            seen, error = Cycle(0, [], []), ""
            try:
                settings = load(home.moon_config, environment).settings
                seen = cycle(home, look_of(home, settings, environment, now()), now, say, known)
                known, breakdowns = frozenset(seen.problems), 0
            except (MoonshineError, OSError) as trouble:
                # a full disk, a state that is kept by another, settings half written: it may pass
                error = str(trouble)
                _told(home, error, now(), say)
            except Exception as trouble:
                breakdowns += 1
                error = f"{type(trouble).__name__} ({breakdowns} in a row)"
                _told(home, error, now(), say)
                if breakdowns >= MOST_BREAKDOWNS:
                    raise MoonshineError(
                        f"{breakdowns} cycles in a row ended with {type(trouble).__name__}",
                        where=str(home.moon_audit_log),
                        fix="this is a fault in Moonshine; nothing was pruned without its archive",
                    ) from trouble
            done += 1
            moment, wait = now(), settings.watcher.poll_interval_secs
            _beat(
                home,
                Heartbeat(
                    pid=payload.pid,
                    build_uuid=payload.build_uuid or "",
                    at=moment,
                    next_at=moment + wait,
                    cycles=done,
                    sessions=seen.sessions,
                    problems=len(seen.problems),
                    error=error,
                ),
            )
            stop.wait(wait)
    return done


def _told(home: Home, reason: str, now: int, say: Callable[[Line], None]) -> None:
    """Say why a cycle could not be done, also where the log cannot be written."""
    line = Line(code=Code.CYCLE_FAILED, at=now, stage="cycle", retry=True, reason=reason)
    say(line)
    try:
        note(home, line)
    except (StorageFull, OSError):
        return


def _beat(home: Home, beat: Heartbeat) -> None:
    """A sign of life that cannot be written is missed by those who look for it, and stops nothing."""
    try:
        with atomic_file(home.moon_heartbeat) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(beat), indent=2) + b"\n")
    except (StorageFull, OSError):
        return


def _require_dead(path: Path) -> None:
    """The kernel's lock is free, so whoever left the file is dead, but for a watcher of old: those only wrote it."""
    try:
        left = lock_payload(path.read_bytes(), str(path))
    except (FileNotFoundError, BadInput):
        return
    if left.build_uuid is None and left.pid != os.getpid() and _is_moon(left.pid):
        raise _watching(left)


def _is_moon(pid: int) -> bool:
    """Whether a process lives and is a watcher; its number may have gone to another program since."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return b"moon" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _watching(other: DaemonLockPayload | None) -> Busy:
    who = f"process {other.pid}" if other is not None else "another process"
    return Busy(f"{who} is watching already", where="moon watch", fix="stop it first; `moon status` shows it")
