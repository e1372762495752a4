"""One cycle: look at every session, do what is due, report every stage; the same with `moon watch` and in Dagster.

In: the data home and a look. Out: the lines that went into the audit log. Always: what is due was on disk before it is
begun, one session's trouble keeps nothing of the others back, and without its archive nothing else happens to one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions import state
from moonshine_assets.sessions.audit import Code, Line, note
from moonshine_assets.sessions.daily.synthesis import synthesise
from moonshine_assets.sessions.ladder import Ladder, Stage
from moonshine_assets.sessions.stages import STAGE, Done
from moonshine_assets.sessions.usage.collect import Look, Problem, collect
from moonshine_assets.sessions.watch import Action, Outcome, decided, observe, report
from moonshine_resources.home import Home

_FAILED = {
    Stage.ARCHIVE: Code.ARCHIVE_FAILED,
    Stage.PRUNE: Code.PRUNE_FAILED,
    Stage.DISTILL: Code.DISTILL_FAILED,
}


class Cycle(NamedTuple):
    """What a cycle saw and did."""

    sessions: int
    problems: list[Problem]
    lines: list[Line]

    @property
    def has_warnings(self) -> bool:
        return bool(self.problems) or any(line.is_warning for line in self.lines)


def cycle(
    home: Home,
    look: Look,
    now: Callable[[], int],
    say: Callable[[Line], None] = lambda _: None,
    known: frozenset[Problem] = frozenset(),
) -> Cycle:
    """Do one cycle.

    Args:
        home: the data home.
        look: the situation of every reading.
        now: the clock, epoch seconds; a stage may take long.
        say: told every line when it is noted.
        known: problems that were noted before and are not noted again.

    Raises:
        BadInput: the state was written by a newer version.
        Busy: another process keeps the state.
        StorageFull: the state cannot be written; nothing was begun.
    """
    lines: list[Line] = []

    def noted(line: Line) -> None:
        lines.append(note(home, line))
        say(line)

    damage = state.look(home).problem
    found = collect(look)
    actions = observe(home, look.settings, found.readings, look.now)
    if damage is not None:
        noted(Line(code=Code.STATE_REBUILT, at=look.now, stage="state", reason=damage))
    for problem in found.problems:
        if problem not in known:
            reason = f"{problem.where}: {problem.what}" if problem.where else problem.what
            noted(Line(code=Code.USAGE_FAILED, at=look.now, stage="usage", session=problem.provider, reason=reason))
    for action in actions:
        for line in carried_out(home, look, action, now):
            noted(line)
    if failed := _remembered(home, look):
        noted(failed)
    return Cycle(len(found.readings), found.problems, lines)


def _remembered(home: Home, look: Look) -> Line | None:
    """Take yesterday into memory, once a day and where sessions were distilled at all; why it could not be done."""
    if not home.moon_distillations.exists():
        return None
    try:
        synthesise(home, look.settings, look.environment, look.now)
    except (MoonshineError, OSError) as error:
        reason = str(error) if isinstance(error, MoonshineError) else type(error).__name__
        return Line(code=Code.MEMORY_FAILED, at=look.now, stage="memory", retry=True, reason=reason)
    return None


def due(home: Home, look: Look) -> tuple[list[Action], list[Problem]]:
    """What a cycle would do now, and what it could not read; nothing is changed."""
    found = collect(look)
    settings = look.settings
    known = state.look(home).state.sessions
    _, actions = decided(known, found.readings, look.now, Ladder.of(settings), settings.distill.max_per_cycle)
    return actions, found.problems


def carried_out(home: Home, look: Look, action: Action, now: Callable[[], int]) -> Iterator[Line]:
    """Run the stages of an action in their order and report each; after a failed archive the others are left."""
    for stage in action.stages:
        line, outcome = _run(home, look._replace(only=action.key, now=now()), action.number, stage)
        report(home, look.settings, action.key, action.number, stage, outcome, now())
        yield line
        if outcome is Outcome.FAILED and stage is Stage.ARCHIVE:
            return


def line_of(key: str, action: int, stage: Stage, done: Done, now: int) -> Line:
    """What a stage of an action did to the session `key`, as a line."""
    return Line(
        code=done.code,
        at=now,
        stage=stage.value,
        action=action,
        session=key,
        archive=done.archive_path,
        reason=done.reason,
        figures=done.figures,
    )


def failure(key: str, action: int, stage: Stage, error: Exception, now: int) -> Line:
    """Why a stage failed, as a line. Of an error that is not ours only its kind is told: its words may hold text."""
    reason = str(error) if isinstance(error, MoonshineError) else type(error).__name__
    return Line(code=_FAILED[stage], at=now, stage=stage.value, action=action, session=key, retry=True, reason=reason)


def _run(home: Home, look: Look, action: int, stage: Stage) -> tuple[Line, Outcome]:
    try:
        done = STAGE[stage](home, look)
    except Exception as error:  # whatever it is, the stage stays due and the next session is looked after
        return failure(look.only, action, stage, error, look.now), Outcome.FAILED
    return line_of(look.only, action, stage, done, look.now), done.outcome
