"""What is due for a session, as a pure function of what is known of it, a reading and the time.

In: state, reading, now. Out: the next state, and the action to start, if any. The caller stores the state, starts the
action, and reports every stage of it by `finished` or `failed`. Always:
    - an action holds its stages in order and begins with archiving; a session has one action at a time;
    - a crossing makes at most one action; another follows only a failure, or silence for as long as the lease;
    - on a reading that is in doubt nothing but archiving is handed out;
    - what is due stays due until it is finished, over any number of restarts. The one exception is a prune that was not
      begun when usage fell clear of its step: there is nothing left to prune.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.ladder import DEPTH, STAGES, TRIGGERED, Ladder, Phase, SessionState, Stage, in_order
from moonshine_assets.sessions.usage.reading import Reading

#: A failing action is tried again after 1, 2, 4, … cooldowns, at most this many.
_LONGEST_WAIT = 32
DEFAULTS = Ladder()


class Reaction(NamedTuple):
    """The next state, and the stages to run now, in this order; none: there is nothing to do."""

    state: SessionState
    due: tuple[Stage, ...]


def react(
    state: SessionState,
    reading: Reading,
    now: int,
    ladder: Ladder = DEFAULTS,
    *,
    held_back: frozenset[Stage] = frozenset(),
) -> Reaction:
    """One look at a session.

    Args:
        state: what the last look left; a new session has `SessionState()`.
        reading: how full it is.
        now: epoch seconds; may go back, as clocks do.
        ladder: thresholds and times.
        held_back: stages that are not handed out at this look, and stay due.
    """
    state = _observed(_lost(_clock_checked(state, now, ladder), now), reading, now, ladder)
    may = {Stage.ARCHIVE} if not reading.is_trusted else set(STAGES) - held_back
    state, due = _handed_out(state, may, now, ladder)
    return Reaction(replace(state, phase=_phase(state, now), seen_at=now), due)


def finished(
    state: SessionState, action: int, stage: Stage, now: int, ladder: Ladder = DEFAULTS, *, left: bool = False
) -> SessionState:
    """The state after a stage of an action was done and verified by reading back; a lost action's report is ignored.

    Args:
        state: what is known of the session.
        action: whose stage it was.
        stage: the stage.
        now: epoch seconds.
        ladder: thresholds and times.
        left: a prune that left the session itself as it was: if its usage falls now, that is the tool's doing.

    Raises:
        GateFailed: a stage before it in the action is neither finished nor failed.
    """
    if action != state.action or stage not in state.running:
        return state
    _require_first(state, stage)
    state = replace(
        state, running=_without(state.running, stage), pruned=state.pruned or (stage is Stage.PRUNE and not left)
    )
    return _ended(state, now, ladder)


def failed(state: SessionState, action: int, stage: Stage, now: int, ladder: Ladder = DEFAULTS) -> SessionState:
    """The state after a stage of an action failed: it is due again later. Without an archive nothing else may follow in
    that action.

    Raises:
        GateFailed: a stage before it in the action is neither finished nor failed.
    """
    if action != state.action or stage not in state.running:
        return state
    _require_first(state, stage)
    gone = set(state.running) if stage is Stage.ARCHIVE else {stage}
    wait = ladder.cooldown * min(2**state.failures, _LONGEST_WAIT)
    state = replace(
        state,
        running=in_order(set(state.running) - gone),
        waiting=in_order({*state.waiting, *gone}),
        failures=min(state.failures + 1, _LONGEST_WAIT),
        not_before=now + wait,
    )
    return _ended(state, now, ladder)


def _clock_checked(state: SessionState, now: int, ladder: Ladder) -> SessionState:
    """No waiting longer than it can have been meant: the clock may have been wrong, or the settings others."""
    return replace(
        state,
        lease_until=min(state.lease_until, now + ladder.lease),
        not_before=min(state.not_before, now + ladder.cooldown * _LONGEST_WAIT),
        quiet_until=min(state.quiet_until, now + ladder.cooldown),
        doubt_until=min(state.doubt_until, now + ladder.doubt_interval),
    )


def _lost(state: SessionState, now: int) -> SessionState:
    """An action nobody reported on is over, and what was left of it due again."""
    if not state.running or now < state.lease_until:
        return state
    again = in_order({*state.waiting, *state.running})
    return replace(state, running=(), waiting=again, failures=min(state.failures + 1, _LONGEST_WAIT))


def _observed(state: SessionState, reading: Reading, now: int, ladder: Ladder) -> SessionState:
    """What the reading makes due."""
    wanted = set(state.waiting)
    if _was_compacted(state, reading, ladder):
        wanted.add(Stage.ARCHIVE)
    # What our own prune changes is nobody else's: while it runs the signs stay as they were, its report judges them.
    is_pruning = Stage.PRUNE in state.running
    if not is_pruning:
        state = replace(state, compaction_mark=reading.compaction_mark or state.compaction_mark)
    if reading.is_trusted:
        ratio = reading.usage_ratio
        held, crossed = ladder.held(ratio), ladder.crossed(ratio)
        if held < DEPTH[Stage.PRUNE]:
            wanted.discard(Stage.PRUNE)
        reached = min(state.reached, held)
        if crossed > reached:
            wanted.update(STAGES[reached:crossed])
            reached = crossed
        used = state.used_tokens if is_pruning else reading.used_tokens
        state = replace(state, reached=reached, pruned=False, used_tokens=used)
    elif now >= state.doubt_until and reading.updated_at_epoch_secs > state.doubt_as_of:
        wanted.add(Stage.ARCHIVE)
        until = now + ladder.doubt_interval
        state = replace(state, doubt_until=until, doubt_as_of=reading.updated_at_epoch_secs)
    return replace(state, waiting=in_order(wanted))


def _was_compacted(state: SessionState, reading: Reading, ladder: Ladder) -> bool:
    """Did the tool compact by itself since the last look? Its mark says so, or usage that fell without our prune."""
    if state.pruned or Stage.PRUNE in state.running:
        return False
    if reading.compaction_mark is not None and reading.compaction_mark != state.compaction_mark:
        return True
    if not reading.is_trusted or state.used_tokens is None:
        return False
    fell = state.used_tokens - (reading.used_tokens or 0)
    return fell >= ladder.fall * (reading.max_tokens or 0) and fell > 0


def _handed_out(
    state: SessionState, allowed: set[Stage], now: int, ladder: Ladder
) -> tuple[SessionState, tuple[Stage, ...]]:
    """The next action, when none runs and nothing holds it back; every action begins with archiving.

    A crossing in the cooldown is remembered at once and handed out after it, whatever usage does meanwhile.
    """
    may = in_order(allowed & set(state.waiting))
    if state.running or not may or now < state.not_before:
        return state, ()
    if now < state.quiet_until and DEPTH[may[-1]] <= state.quiet_depth:
        return state, ()
    due = in_order({Stage.ARCHIVE, *may})
    state = replace(
        state,
        running=due,
        waiting=in_order(set(state.waiting) - set(due)),
        action=state.action + 1,
        depth=DEPTH[due[-1]],
        lease_until=now + ladder.lease,
    )
    return state, due


def _ended(state: SessionState, now: int, ladder: Ladder) -> SessionState:
    """When the last stage of an action was reported, the cooldown begins; until then every report is a sign of life."""
    if state.running:
        state = replace(state, lease_until=now + ladder.lease)
    else:
        is_good = not set(state.waiting) & set(STAGES[: state.depth])
        state = replace(state, quiet_until=now + ladder.cooldown, quiet_depth=state.depth)
        if is_good:
            state = replace(state, failures=0, not_before=0)
    return replace(state, phase=_phase(state, now))


def _phase(state: SessionState, now: int) -> Phase:
    if outstanding := state.outstanding:
        return TRIGGERED[outstanding[0]]
    return Phase.COOLDOWN if now < state.quiet_until else Phase.NORMAL


def _require_first(state: SessionState, stage: Stage) -> None:
    if state.running[0] is not stage:
        raise GateFailed(
            f"{stage} was reported before {state.running[0]}", fix="report the stages of an action in their order"
        )


def _without(stages: tuple[Stage, ...], stage: Stage) -> tuple[Stage, ...]:
    return tuple(one for one in stages if one is not stage)
