"""The threshold machine over every state it can reach, and over random histories with crashes and restarts.

The state space is made small by what the machine can tell apart: a timer runs or has run out, usage lies in one of five
bands, a mark is none, the known one or another. Everything else is counted up to where it makes no difference.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from moonshine_assets.sessions.ladder import DEPTH, STAGES, TRIGGERED, Ladder, Phase, SessionState, Stage
from moonshine_assets.sessions.machine import failed, finished, react
from moonshine_assets.sessions.usage.reading import Doubt, Reading
from sessions.logs import reading

A, P, D = Stage
LADDER = Ladder(cooldown=10, lease=20, doubt_interval=40)
T = 1_000_000
#: Below every step and clear of them, clear of two, clear of none, and on each step.
BANDS = (0.50, 0.77, 0.82, 0.87, 0.95)
TIMERS = ("lease_until", "not_before", "quiet_until", "doubt_until")
RUNS = {
    "lease_until": LADDER.lease,
    "not_before": LADDER.cooldown,
    "quiet_until": LADDER.cooldown,
    "doubt_until": LADDER.doubt_interval,
}
N, AT, PT, DT, C = Phase
#: After which phase which other may come. Archiving begins every action, so it may follow any.
LEGAL = {
    N: {N, AT, PT, DT},
    AT: {N, AT, PT, DT, C},
    PT: {N, AT, PT, DT, C},
    DT: {N, AT, PT, DT, C},
    C: {N, AT, PT, DT, C},
}


class Seen(NamedTuple):
    """One transition."""

    before: SessionState
    event: object
    after: SessionState
    due: tuple[Stage, ...]
    held_back: frozenset[Stage] = frozenset()


@cache
def looks(with_signs: bool) -> tuple[Reading, ...]:
    """Every reading the machine can tell apart; without signs of compactions they all have the same mark."""
    marks = (None, "known", "other") if with_signs else (None,)
    trusted = [reading(band, at=T - 1, compaction_mark=mark) for band in BANDS for mark in marks]
    doubted = [
        reading(0.95, at=at, compaction_mark=mark, doubts=(Doubt.STALE,)) for at in (T - 1, T - 5) for mark in marks
    ]
    return (*trusted, *doubted)


def canonical(state: SessionState, with_signs: bool) -> SessionState:
    """The state without what makes no difference."""
    timers = {name: T + RUNS[name] if getattr(state, name) > T else 0 for name in TIMERS}
    timers["lease_until"] = timers["lease_until"] if state.running else 0
    return replace(
        state,
        **timers,
        action=min(state.action, 1),
        failures=min(state.failures, 1),
        quiet_depth=state.quiet_depth if timers["quiet_until"] else 0,
        depth=state.depth if state.running else 0,
        doubt_as_of=T - 5 if state.doubt_as_of else 0,
        compaction_mark="known" if state.compaction_mark else None,
        used_tokens=state.used_tokens if with_signs else None,
        pruned=state.pruned and with_signs,
        seen_at=0,
    )


def events(state: SessionState, with_signs: bool) -> Iterator[Seen]:
    """What can happen in a state, time that passes included."""
    for one in looks(with_signs):
        after, due = react(state, one, T, LADDER)
        yield Seen(state, one, after, due)
        after, due = react(state, one, T, LADDER, held_back=frozenset({D}))
        assert D not in due
        yield Seen(state, one, after, due, frozenset({D}))
    for name in TIMERS:
        if getattr(state, name) > T:
            yield Seen(state, name, replace(state, **{name: 0}), ())
    if state.running:
        stage = state.running[0]
        yield Seen(state, "finished", finished(state, state.action, stage, T, LADDER), ())
        yield Seen(state, "left", finished(state, state.action, stage, T, LADDER, left=True), ())
        yield Seen(state, "failed", failed(state, state.action, stage, T, LADDER), ())


def check(seen: Seen) -> None:
    before, event, after, due, held_back = seen
    assert after.running == tuple(sorted(set(after.running), key=STAGES.index))
    assert after.waiting == tuple(sorted(set(after.waiting), key=STAGES.index))
    if isinstance(event, Reading):
        check_look(before, event, after, due, held_back)
        assert after.phase in LEGAL[before.phase]
        expected = TRIGGERED[after.outstanding[0]] if after.outstanding else C if after.quiet_until > T else N
        assert after.phase is expected
    elif event in ("finished", "left", "failed"):
        gone = set(before.outstanding) - set(after.outstanding)
        assert gone <= (set() if event == "failed" else {before.running[0]})
        assert after.pruned is (before.pruned or (event == "finished" and before.running[0] is P))
        if event == "failed":
            assert before.running[0] in after.waiting
            assert after.not_before > T


def check_look(
    before: SessionState, one: Reading, after: SessionState, due: tuple[Stage, ...], held_back: frozenset[Stage]
) -> None:
    is_lost = bool(before.running) and before.lease_until <= T
    if due:
        assert due[0] is A, "archiving comes first"
        assert due == after.running == tuple(sorted(set(due), key=STAGES.index))
        assert not before.running or is_lost, "one action at a time"
        assert after.action == before.action + 1
        assert before.not_before <= T
        assert one.is_trusted or due == (A,), "in doubt nothing but archiving"
        assert before.quiet_until <= T or DEPTH[due[-1]] > before.quiet_depth, "rest in the cooldown"
    else:
        assert after.action == before.action
        assert after.running == (() if is_lost else before.running)
    lost = set(before.outstanding) - set(after.outstanding)
    may_drop = (
        {P} if one.is_trusted and LADDER.held(one.usage_ratio) < 2 and (P in before.waiting or is_lost) else set()
    )
    assert lost <= may_drop, "what is due stays due"
    new = set(after.outstanding) - set(before.outstanding)
    if P in new or D in new:
        deepest = 3 if D in new else 2
        assert one.is_trusted
        assert before.reached < deepest <= LADDER.crossed(one.usage_ratio) == after.reached, "only a crossing"
    clear_of = min(before.reached, LADDER.held(one.usage_ratio)) if one.is_trusted else before.reached
    assert set(STAGES[clear_of : after.reached]) <= set(after.outstanding), "every step on the way"
    if one.is_trusted:
        assert after.reached == max(clear_of, LADDER.crossed(one.usage_ratio)), (
            "armed again only when clear of the step"
        )
    else:
        assert after.reached == before.reached
        if before.doubt_until <= T and one.updated_at_epoch_secs > before.doubt_as_of:
            assert A in after.outstanding, "in doubt it archives early"
            assert after.doubt_until == T + LADDER.doubt_interval, "and not again before long"
    again, due_again = react(after, one, T, LADDER, held_back=held_back)
    assert due_again == (), "one action a crossing"
    assert (again.running, again.waiting) == (after.running, after.waiting)


def settle(state: SessionState, one: Reading) -> SessionState:
    """Time passes and every stage succeeds."""
    for _ in range(4):
        state, _ = react(replace(state, **dict.fromkeys(TIMERS[1:], 0)), one, T, LADDER)
        while state.running:
            state = finished(state, state.action, state.running[0], T, LADDER)
    return state


def explored(with_signs: bool) -> tuple[int, int]:
    """Every state that can be reached and every transition out of it, checked; their numbers."""
    known = {canonical(SessionState(), with_signs)}
    frontier = list(known)
    transitions = 0
    full = reading(0.95, at=T - 1)
    while frontier:
        state = frontier.pop()
        assert settle(state, full).outstanding == (), "what is due gets done"
        for seen in events(state, with_signs):
            check(seen)
            transitions += 1
            after = canonical(seen.after, with_signs)
            if after not in known:
                known.add(after)
                frontier.append(after)
    return len(known), transitions


def test_every_reachable_state_and_every_transition_holds() -> None:
    states, transitions = explored(with_signs=False)
    assert states > 500
    assert transitions > 5_000


@pytest.mark.slow
def test_every_reachable_state_holds_with_every_sign_of_a_compaction() -> None:
    states, transitions = explored(with_signs=True)
    assert states > 30_000
    assert transitions > 700_000


@dataclass
class History:
    """A session with a runner that succeeds, fails, goes silent; an oracle counts crossings by itself."""

    random: random.Random
    now: int = T
    used: float = 0.5
    mark: int = 0
    state: SessionState = field(default_factory=SessionState)
    armed: list[bool] = field(default_factory=lambda: [True] * 3)
    crossed_at: list[int] = field(default_factory=lambda: [0] * 3)
    done_at: list[int] = field(default_factory=lambda: [-1] * 3)
    crossings: list[int] = field(default_factory=lambda: [0] * 3)
    handed: list[int] = field(default_factory=lambda: [0] * 3)
    repeats: list[int] = field(default_factory=lambda: [0] * 3)
    tick: int = 0

    def step(self) -> None:
        """One tick: usage moves, the watcher looks, perhaps a stage is reported; the state goes over a restart."""
        self.tick += 1
        draw = self.random.random()
        self.now += self.random.choice((1, 1, 2, 5, 11, 45)) if draw > 0.002 else -self.random.randrange(100)
        self.move(draw)
        is_trusted = self.random.random() > 0.05
        self.look(is_trusted)
        self.run()
        self.state = DECODER.decode(ENCODER.encode(self.state))

    def move(self, draw: float) -> None:
        if draw > 0.99:
            self.used = self.random.random() * 1.1
        elif draw > 0.985:
            self.compacted()
        else:
            self.used = min(1.2, max(0.0, self.used + self.random.gauss(0.006, 0.02)))

    def compacted(self) -> None:
        self.mark += 1
        self.used *= 0.3

    def look(self, is_trusted: bool) -> None:
        doubts = () if is_trusted else (Doubt.STALE,)
        one = reading(self.used, at=self.now, compaction_mark=str(self.mark) if self.mark else None, doubts=doubts)
        if is_trusted:
            self.count(one.usage_ratio)
        before = self.state
        if before.running and self.now >= before.lease_until:
            self.repeat(before.running)
        self.state, due = react(before, one, self.now, LADDER)
        if not due:
            return
        assert due[0] is A
        assert list(due) == sorted(due, key=STAGES.index)
        assert is_trusted or due == (A,)
        for stage in due:
            self.handed[STAGES.index(stage)] += 1

    def count(self, ratio: float) -> None:
        for index, step in enumerate(LADDER.steps):
            if ratio < step - LADDER.hysteresis:
                self.armed[index] = True
            elif ratio >= step and self.armed[index]:
                self.armed[index] = False
                self.crossings[index] += 1
                self.crossed_at[index] = self.tick

    def run(self) -> None:
        if not self.state.running or self.random.random() < 0.4:
            return
        stage = self.state.running[0]
        if self.random.random() < 0.1:
            self.repeat(self.state.running if stage is A else (stage,))
            self.state = failed(self.state, self.state.action, stage, self.now, LADDER)
            return
        if stage is P:
            self.compacted()
        self.state = finished(self.state, self.state.action, stage, self.now, LADDER)
        self.done_at[STAGES.index(stage)] = self.tick

    def repeat(self, stages: tuple[Stage, ...]) -> None:
        for stage in stages:
            self.repeats[STAGES.index(stage)] += 1

    def end(self) -> None:
        """All goes well from here; nothing that was crossed may be left undone."""
        for _ in range(12):
            self.tick += 1
            self.now += 400
            self.look(True)
            while self.state.running:
                stage = self.state.running[0]
                self.state = finished(self.state, self.state.action, stage, self.now, LADDER)
                self.done_at[STAGES.index(stage)] = self.tick
        assert self.state.outstanding == ()
        for index, stage in enumerate(STAGES):
            if not self.armed[index]:
                assert self.done_at[index] >= self.crossed_at[index], f"{stage} was lost"
        for index in (1, 2):
            assert self.handed[index] <= self.crossings[index] + self.repeats[index], f"a storm of {STAGES[index]}"
        archives = sum(self.crossings) + sum(self.repeats) + self.mark + self.tick // 4
        assert self.handed[0] <= archives, "a storm of archive"


ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(SessionState)


def live(seed: int, ticks: int, life: int) -> list[int]:
    """Random histories of `life` ticks each, `ticks` in all; how often each stage was handed out."""
    handed = [0, 0, 0]
    for number in range(ticks // life):
        history = History(random.Random(f"{seed}:{number}"))
        for _ in range(life):
            history.step()
        history.end()
        handed = [sum(pair) for pair in zip(handed, history.handed, strict=True)]
    return handed


def test_random_histories_lose_nothing_and_never_storm() -> None:
    handed = live(seed=1, ticks=100_000, life=500)
    assert min(handed) > 200


@pytest.mark.slow
def test_a_million_random_ticks_lose_nothing_and_never_storm() -> None:
    handed = live(seed=2, ticks=500_000, life=100) + live(seed=3, ticks=500_000, life=5_000)
    assert min(handed) > 1_000
