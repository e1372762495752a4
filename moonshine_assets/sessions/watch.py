"""One look at every live session: read, decide, remember, and only then say what is due.

The one who runs the stages calls `observe`, and `report` for each stage of each action.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec.structs import replace

from moonshine_assets.sessions.ladder import Ladder, SessionState, Stage
from moonshine_assets.sessions.machine import failed, finished, react
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.state import changing
from moonshine_assets.sessions.usage.reading import Doubt, Reading
from moonshine_resources.home import Home


class Outcome(StrEnum):
    """How a stage ended. LEFT: done, and the session itself was left as it is."""

    FINISHED = "finished"
    LEFT = "left"
    FAILED = "failed"


class Action(NamedTuple):
    """Stages of a session to run in this order. `number` goes with every report; with the key it is unique for ever."""

    key: str
    number: int
    stages: tuple[Stage, ...]
    reading: Reading


def observe(home: Home, settings: Settings, readings: list[Reading], now: int) -> list[Action]:
    """What is due after a look; it is on disk before it is returned. Sessions with something outstanding that are not
    among the readings are looked at as gone.

    Args:
        home: where the state lives.
        settings: thresholds and times.
        readings: of every live session.
        now: epoch seconds.
    """
    ladder = Ladder.of(settings)
    with changing(home) as state:
        sessions, actions = decided(state.value.sessions, readings, now, ladder, settings.distill.max_per_cycle)
        forgotten = now - settings.watcher.forget_after_secs
        kept = {key: one for key, one in sessions.items() if one.outstanding or one.seen_at >= forgotten}
        state.save(replace(state.value, sessions=kept))
    return actions


def decided(
    known: Mapping[str, SessionState], readings: list[Reading], now: int, ladder: Ladder, most_distilled: int
) -> tuple[dict[str, SessionState], list[Action]]:
    """The states after a look, and the actions due; at most so many of them distil, of the others that stays due."""
    seen = {reading.key: reading for reading in readings}
    missing = [key for key, one in known.items() if one.outstanding and key not in seen]
    sessions, actions = dict(known), []
    for key, reading in [*seen.items(), *((key, gone(key, now)) for key in missing)]:
        before = known.get(key, SessionState())
        state, due = react(before, reading, now, ladder)
        if Stage.DISTILL in due:
            most_distilled -= 1
            if most_distilled < 0:
                state, due = react(before, reading, now, ladder, held_back=frozenset({Stage.DISTILL}))
        sessions[key] = state
        if due:
            actions.append(Action(key, state.action, due, reading))
    return sessions, actions


def report(
    home: Home,
    settings: Settings,
    key: str,
    action: int,
    stage: Stage,
    outcome: Outcome,
    now: int,
) -> SessionState | None:
    """Note how a stage of an action ended; the session's state, None for one that is not known.

    Raises:
        GateFailed: the stage before it was not reported.
    """
    ladder = Ladder.of(settings)
    with changing(home) as state:
        known = state.value.sessions.get(key)
        if known is None:
            return None
        if outcome is Outcome.FAILED:
            settled = failed(known, action, stage, now, ladder)
        else:
            settled = finished(known, action, stage, now, ladder, left=outcome is Outcome.LEFT)
        state.save(replace(state.value, sessions={**state.value.sessions, key: settled}))
    return settled


def gone(key: str, now: int) -> Reading:
    """The reading of a session that is not where it was."""
    provider, _, session_id = key.partition(":")
    return Reading(
        provider=provider,
        session_id=session_id,
        source_path="",
        used_tokens=None,
        window_tokens=None,
        own_compaction_at=None,
        updated_at_epoch_secs=0,
        captured_at_epoch_secs=now,
        doubts=(Doubt.GONE,),
    )
