"""What `moon` prints: plain data, no printing."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from msgspec.structs import asdict

from moonshine_assets.sessions import state
from moonshine_assets.sessions.configuration import Configuration
from moonshine_assets.sessions.daemon import build_uuid, heartbeat, holder
from moonshine_assets.sessions.ladder import Ladder, SessionState
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.collect import Collected, Look, Problem, collect
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.watch import decided
from moonshine_resources import clock
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import load as load_counter

USAGE_COLUMNS = ("provider", "session_id", "used_tokens", "max_tokens", "full", "model", "age", "doubts")
STATUS_COLUMNS = ("provider", "session_id", "full", "phase", "due", "outstanding", "failures", "doubts")

__all__ = ["STATUS_COLUMNS", "USAGE_COLUMNS", "Problem", "Status", "measured", "settings_rows", "status", "usage_row"]


class Status(NamedTuple):
    """What `moon status` shows. `damage` says why the state file could not be read; `watcher` who watches."""

    rows: list[dict[str, Any]]
    problems: list[Problem]
    damage: str | None
    recoveries: int
    watcher: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        return {
            "sessions": self.rows,
            "problems": [problem._asdict() for problem in self.problems],
            "state": {"damage": self.damage, "recoveries": self.recoveries},
            "watcher": self.watcher,
        }


def settings_rows(configuration: Configuration) -> list[dict[str, Any]]:
    """Every key with its value and where it comes from; of a secret only whether it is set."""
    return [
        {
            "key": one.key,
            "value": ("set" if one.is_set else "not set") if one.is_secret else one.value,
            "from": one.origin,
        }
        for one in configuration.shown()
    ]


def measured(home: Home, settings: Settings) -> Collected:
    """Readings of this moment."""
    now = int(clock.now().timestamp())
    return collect(Look(settings, os.environ, now, lambda: load_counter(home.vocabulary_folder)))


def usage_row(reading: Reading) -> dict[str, Any]:
    """A reading, with what follows from it."""
    return {
        **asdict(reading),
        "max_tokens": reading.max_tokens,
        "usage_ratio": round(reading.usage_ratio, 4),
        "full": f"{reading.usage_ratio:.1%}" if reading.max_tokens and reading.used_tokens is not None else "?",
        "age": _age(reading.captured_at_epoch_secs - reading.updated_at_epoch_secs),
        "is_trusted": reading.is_trusted,
        "doubts": ", ".join(reading.doubts),
    }


def status(home: Home, settings: Settings) -> Status:
    """Live sessions, and those that something is outstanding for, with what a look of the watcher would find due."""
    found = measured(home, settings)
    loaded = state.look(home)
    now = int(clock.now().timestamp())
    _, actions = decided(
        loaded.state.sessions, found.readings, now, Ladder.of(settings), settings.distill.max_per_cycle
    )
    due = {action.key: action.stages for action in actions}
    live = {reading.key: reading for reading in found.readings}
    known = loaded.state.sessions
    keys = sorted({*live, *(key for key, one in known.items() if one.outstanding)})
    rows = [_status_row(key, live.get(key), known.get(key, SessionState()), due.get(key, ())) for key in keys]
    return Status(rows, found.problems, loaded.problem, loaded.state.recoveries, _watcher(home, now))


def _watcher(home: Home, now: int) -> dict[str, Any] | None:
    """Who watches, and how long ago it last looked; None when nobody does."""
    lock, beat = holder(home), heartbeat(home)
    if lock is None:
        return None
    told = {} if beat is None or beat.pid != lock.pid else {**asdict(beat), "age_secs": now - beat.at}
    return {**asdict(lock), **told, "is_current_build": lock.build_uuid == build_uuid()}


def _status_row(key: str, reading: Reading | None, known: SessionState, due: tuple[str, ...]) -> dict[str, Any]:
    provider, _, session_id = key.partition(":")
    measured = usage_row(reading) if reading is not None else {"full": "gone", "doubts": ""}
    return {
        "provider": provider,
        "session_id": session_id,
        "full": measured["full"],
        "phase": known.phase.value,
        "due": ", ".join(due),
        "outstanding": ", ".join(known.outstanding),
        "failures": known.failures,
        "doubts": measured["doubts"],
        "reading": measured if reading is not None else None,
        "state": {**asdict(known), "running": list(known.running), "waiting": list(known.waiting)},
    }


def _age(seconds: int) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{max(0, seconds)} s"
