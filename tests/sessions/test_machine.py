"""The threshold machine, told as stories: what is due when, and what never is."""

from __future__ import annotations

from typing import Any

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.ladder import Phase, SessionState, Stage
from moonshine_assets.sessions.machine import DEFAULTS, failed, finished, react
from moonshine_assets.sessions.usage.reading import Doubt
from sessions.logs import NOW, reading

A, P, D = Stage
NEW = SessionState()
COOLDOWN, LEASE, DOUBT = DEFAULTS.cooldown, DEFAULTS.lease, DEFAULTS.doubt_interval
STALE = {"doubts": (Doubt.STALE,)}


class Session:
    """A session over time: `look` is one tick, `done` reports a stage."""

    def __init__(self) -> None:
        self.now = NOW
        self.state = NEW

    def look(self, ratio: float | None, *, after: int = 1, **more: Any) -> tuple[Stage, ...]:
        self.now += after
        self.state, due = react(self.state, reading(ratio, at=self.now, **more), self.now)
        return due

    def done(self, *stages: Stage) -> None:
        for stage in stages:
            self.state = finished(self.state, self.state.action, stage, self.now)

    def lose(self, stage: Stage) -> None:
        self.state = failed(self.state, self.state.action, stage, self.now)


@pytest.fixture
def session() -> Session:
    return Session()


def test_a_session_below_the_first_step_is_left_alone(session: Session) -> None:
    assert [session.look(ratio) for ratio in (0.0, 0.3, 0.7, 0.7999)] == [()] * 4
    assert session.state.phase is Phase.NORMAL


@pytest.mark.parametrize(
    ("ratio", "due"),
    [(0.80, (A,)), (0.849, (A,)), (0.85, (A, P)), (0.90, (A, P, D)), (0.95, (A, P, D)), (1.12, (A, P, D))],
)
def test_a_jump_runs_every_stage_on_the_way_in_order(session: Session, ratio: float, due: tuple[Stage, ...]) -> None:
    session.look(0.70)
    assert session.look(ratio) == due


def test_a_slow_climb_takes_the_stages_one_by_one_each_after_a_fresh_archive(session: Session) -> None:
    assert session.look(0.80) == (A,)
    assert session.state.phase is Phase.ARCHIVE_TRIGGERED
    session.done(A)
    assert session.look(0.86) == (A, P), "a deeper step is not held back by the cooldown"
    session.done(A)
    assert session.state.phase is Phase.PRUNE_TRIGGERED
    session.done(P)
    assert session.look(0.91) == (A, D)
    session.done(A)
    assert session.state.phase is Phase.DISTILL_TRIGGERED
    session.done(D)
    assert session.state.phase is Phase.COOLDOWN
    assert session.look(0.91, after=COOLDOWN) == ()
    assert session.state.phase is Phase.NORMAL


def test_a_crossing_makes_one_action_however_often_it_is_looked_at(session: Session) -> None:
    assert session.look(0.86) == (A, P)
    assert [session.look(0.86 + n / 1000) for n in range(20)] == [()] * 20
    session.done(A, P)
    assert [session.look(0.86, after=COOLDOWN) for _ in range(20)] == [()] * 20


def test_usage_that_hovers_around_a_step_crosses_it_once(session: Session) -> None:
    due = [session.look(0.80 + wobble, after=COOLDOWN) for wobble in (0.01, -0.01, 0.01, -0.04, 0.02, -0.049, 0.0)]
    assert due == [(A,)] + [()] * 6


def test_a_step_is_armed_again_once_usage_fell_clear_of_it(session: Session) -> None:
    session.look(0.82)
    session.done(A)
    assert session.look(0.749, after=COOLDOWN) == ()
    assert session.look(0.80) == (A,)


def test_what_crosses_during_the_cooldown_is_due_after_it(session: Session) -> None:
    session.look(0.86)
    session.done(A, P)
    session.look(0.30)
    assert session.look(0.87) == ()
    assert session.state.outstanding == (A, P)
    assert session.look(0.88, after=COOLDOWN) == (A, P)


def test_what_crosses_during_the_cooldown_is_due_after_it_even_if_usage_fell_a_little(session: Session) -> None:
    session.look(0.82)
    session.done(A)
    session.look(0.74)
    assert session.look(0.81) == ()
    assert session.look(0.78) == ()
    assert session.look(0.78, after=COOLDOWN) == (A,)


def test_a_deeper_step_crossed_while_an_action_runs_waits_for_its_end(session: Session) -> None:
    assert session.look(0.81) == (A,)
    assert session.look(0.95) == ()
    session.done(A)
    assert session.look(0.95) == (A, P, D)


def test_a_prune_not_begun_is_dropped_when_usage_falls_but_the_rest_is_not(session: Session) -> None:
    session.look(0.81)
    session.look(0.95)
    session.done(A)
    assert session.look(0.30, after=COOLDOWN) == (A, D)


@pytest.mark.parametrize("doubt", list(Doubt))
def test_on_any_doubt_it_archives_and_never_prunes(session: Session, doubt: Doubt) -> None:
    assert session.look(0.99, doubts=(doubt,)) == (A,)
    session.done(A)
    assert session.look(0.99, after=COOLDOWN, doubts=(doubt,)) == ()
    assert session.look(0.99, after=DOUBT, doubts=(doubt,)) == (A,)


def test_unknown_usage_is_archived_early_once_an_interval_while_the_session_goes_on(session: Session) -> None:
    assert session.look(None) == (A,)
    session.done(A)
    assert [session.look(None) for _ in range(50)] == [()] * 50
    assert session.look(None, after=DOUBT) == (A,)
    session.done(A)
    unchanged = session.now
    session.now += DOUBT
    session.state, due = react(session.state, reading(None, at=unchanged), session.now)
    assert due == (), "nothing was added since"


def test_a_prune_that_is_due_waits_until_numbers_are_trusted_again(session: Session) -> None:
    session.look(0.81)
    session.look(0.86)
    session.done(A)
    assert session.look(0.86, after=COOLDOWN, **STALE) == (A,)
    session.done(A)
    assert session.look(0.86, after=COOLDOWN, **STALE) == ()
    assert session.state.outstanding == (P,)
    assert session.look(0.86) == (A, P)


def test_a_compaction_of_the_tool_is_noticed_by_its_mark_and_archived_late(session: Session) -> None:
    session.look(0.40)
    assert session.look(0.35, compaction_mark="c1") == (A,)
    session.done(A)
    assert session.look(0.36, after=COOLDOWN, compaction_mark="c1") == ()
    assert session.look(0.36, compaction_mark=None) == (), "a mark that is out of sight is not a new one"
    assert session.look(0.36, compaction_mark="c2") == (A,)


def test_a_compaction_without_a_mark_is_noticed_by_usage_that_falls(session: Session) -> None:
    session.look(0.73)
    assert session.look(0.64) == ()
    assert session.look(0.22) == (A,)


def test_a_session_first_seen_after_a_compaction_is_archived(session: Session) -> None:
    assert session.look(0.20, compaction_mark="c1") == (A,)


def test_our_own_prune_is_not_taken_for_the_tools_compaction(session: Session) -> None:
    session.look(0.86, compaction_mark=None)
    session.done(A)
    assert session.look(0.20, compaction_mark="ours") == ()
    session.done(P)
    assert session.look(0.20, after=COOLDOWN, compaction_mark="ours") == ()
    assert session.look(0.21, compaction_mark="theirs") == (A,)


def test_a_compaction_while_a_failing_prune_ran_is_archived_late(session: Session) -> None:
    session.look(0.86)
    session.done(A)
    session.look(0.20, compaction_mark="theirs")
    session.lose(P)
    assert session.look(0.20, after=COOLDOWN, compaction_mark="theirs") == (A,)


def test_many_compactions_in_a_cooldown_are_one_late_archive_after_it(session: Session) -> None:
    session.look(0.20, compaction_mark="c1")
    session.done(A)
    assert [session.look(0.20, compaction_mark=f"c{n}") for n in range(2, 9)] == [()] * 7
    assert session.state.outstanding == (A,)
    assert session.look(0.20, after=COOLDOWN, compaction_mark="c8") == (A,)


def test_a_window_that_grows_is_no_compaction(session: Session) -> None:
    session.look(0.70)
    assert session.look(None, used_tokens=71_000, window_tokens=1_000_000, doubts=()) == ()


def test_a_failed_archive_stops_the_action_and_is_tried_again_later_and_later(session: Session) -> None:
    assert session.look(0.95) == (A, P, D)
    waits = []
    for _ in range(8):
        session.lose(A)
        assert session.state.running == ()
        assert session.state.outstanding == (A, P, D)
        before = session.now
        while not session.look(0.95, after=COOLDOWN):
            pass
        waits.append((session.now - before) // COOLDOWN)
    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]


def test_a_failed_prune_does_not_keep_the_distillation_back(session: Session) -> None:
    session.look(0.95)
    session.done(A)
    session.lose(P)
    session.done(D)
    assert session.state.outstanding == (P,)
    assert session.look(0.95, after=COOLDOWN) == (A, P)


def test_an_action_nobody_reports_on_is_given_out_again(session: Session) -> None:
    session.look(0.86)
    session.done(A)
    assert session.look(0.86, after=LEASE - 1) == ()
    assert session.look(0.86, after=2) == (A, P)


def test_the_report_of_a_lost_action_is_ignored(session: Session) -> None:
    session.look(0.86)
    lost = session.state.action
    session.look(0.86, after=LEASE)
    assert finished(session.state, lost, A, session.now) == session.state
    assert failed(session.state, lost, A, session.now) == session.state
    assert finished(session.state, session.state.action, D, session.now) == session.state, "it was not part of it"


@pytest.mark.parametrize("report", [finished, failed])
@pytest.mark.parametrize("early", [P, D])
def test_a_report_out_of_order_is_refused(session: Session, report: Any, early: Stage) -> None:
    session.look(0.95)
    with pytest.raises(GateFailed, match=f"{early} was reported before archive"):
        report(session.state, session.state.action, early, session.now)


def test_a_clock_that_was_wrong_does_not_silence_a_session(session: Session) -> None:
    session.now += 10**9
    session.look(None)
    session.lose(A)
    session.now -= 10**9
    assert session.look(0.86) == ()
    assert session.look(0.86, after=COOLDOWN * 33) == (A, P)


def test_a_session_gone_with_an_archive_outstanding_is_still_tried_and_not_pruned(session: Session) -> None:
    session.look(0.86)
    session.lose(A)
    gone = {"doubts": (Doubt.GONE,), "updated_at_epoch_secs": 0}
    assert session.look(None, after=COOLDOWN, **gone) == (A,)
    session.done(A)
    assert session.look(None, after=DOUBT, **gone) == ()


def test_a_prune_that_left_the_session_as_it_was_hides_no_compaction_of_the_tool(session: Session) -> None:
    session.look(0.86, compaction_mark=None)
    session.done(A)
    session.state = finished(session.state, session.state.action, P, session.now, left=True)
    assert session.look(0.30, after=COOLDOWN, compaction_mark="by the tool") == (A,)
