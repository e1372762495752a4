"""A look of the watcher: what is due is on disk before it is handed out, over crashes and damaged files."""

from __future__ import annotations

import pytest

from moonshine_assets.sessions.ladder import Stage
from moonshine_assets.sessions.settings import Settings, Watcher
from moonshine_assets.sessions.state import look
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_assets.sessions.watch import Action, Outcome, observe, report
from moonshine_resources.home import Home
from sessions.logs import NOW, OTHER, SESSION, reading

A, P, D = Stage
KEY = f"codex:{SESSION}"
SETTINGS = Settings()


def full(ratio: float = 0.95, *, at: int = NOW, session_id: str = SESSION) -> Reading:
    return reading(ratio, at=at, session_id=session_id)


def stages(actions: list[Action]) -> dict[str, tuple[Stage, ...]]:
    return {action.key: action.stages for action in actions}


def test_every_session_has_its_own_state(home: Home) -> None:
    found = observe(home, SETTINGS, [full(), full(0.82, session_id=OTHER), full(0.1, session_id="x")], NOW)
    assert stages(found) == {KEY: (A, P, D), f"codex:{OTHER}": (A,)}
    assert sorted(look(home).state.sessions) == sorted([KEY, f"codex:{OTHER}", "codex:x"])
    assert observe(home, SETTINGS, [full(at=NOW + 1)], NOW + 1) == []


def test_what_is_due_is_on_disk_before_it_is_handed_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    observe(home, SETTINGS, [full(0.5)], NOW)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full_disk)
        with pytest.raises(Exception, match="no space left"):
            observe(home, SETTINGS, [full()], NOW + 1)
    assert stages(observe(home, SETTINGS, [full()], NOW + 2)) == {KEY: (A, P, D)}


def test_an_action_that_was_never_started_is_handed_out_again(home: Home) -> None:
    first = observe(home, SETTINGS, [full()], NOW)
    again = observe(home, SETTINGS, [full()], NOW + SETTINGS.watcher.action_timeout_secs)
    assert [action.stages for action in first] == [action.stages for action in again]
    assert first[0].number != again[0].number


def test_reports_lead_through_the_phases(home: Home) -> None:
    (action,) = observe(home, SETTINGS, [full()], NOW)
    phases = []
    for stage in action.stages:
        state = report(home, SETTINGS, KEY, action.number, stage, Outcome.FINISHED, NOW + 1)
        assert state is not None
        phases.append(state.phase.value)
    assert phases == ["prune_triggered", "distill_triggered", "cooldown"]
    assert look(home).state.sessions[KEY].outstanding == ()


def test_a_failed_stage_is_handed_out_again_after_the_cooldown(home: Home) -> None:
    (action,) = observe(home, SETTINGS, [full(0.82)], NOW)
    report(home, SETTINGS, KEY, action.number, A, Outcome.FAILED, NOW)
    assert observe(home, SETTINGS, [full(0.82)], NOW + 59) == []
    assert stages(observe(home, SETTINGS, [full(0.82)], NOW + 60)) == {KEY: (A,)}


def test_a_report_on_a_session_nobody_knows_changes_nothing(home: Home) -> None:
    assert report(home, SETTINGS, "codex:none", 1, A, Outcome.FINISHED, NOW) is None
    assert not home.moon_state.exists()


def test_a_session_gone_with_something_outstanding_is_not_forgotten(home: Home) -> None:
    (action,) = observe(home, SETTINGS, [full(0.86)], NOW)
    report(home, SETTINGS, KEY, action.number, A, Outcome.FAILED, NOW)
    much_later = NOW + 10 * SETTINGS.watcher.forget_after_secs
    assert stages(observe(home, SETTINGS, [], much_later)) == {KEY: (A,)}
    assert look(home).state.sessions[KEY].outstanding == (A, P)


def test_a_session_at_rest_is_forgotten_in_the_end(home: Home) -> None:
    settings = Settings(watcher=Watcher(forget_after_secs=100))
    observe(home, settings, [full(0.1)], NOW)
    observe(home, settings, [], NOW + 100)
    assert KEY in look(home).state.sessions
    observe(home, settings, [], NOW + 101)
    assert look(home).state.sessions == {}


def test_a_damaged_state_loses_no_stage(home: Home) -> None:
    observe(home, SETTINGS, [full(0.5)], NOW)
    observe(home, SETTINGS, [full()], NOW + 1)
    home.moon_state.write_bytes(b"\x00\x00")
    found = observe(home, SETTINGS, [full()], NOW + 2)
    assert stages(found) == {KEY: (A, P, D)}, "the file before knew of nothing due: it crosses again"
    assert look(home).state.recoveries == 1


def test_a_look_distils_no_more_sessions_than_it_may_and_the_others_at_the_next(home: Home) -> None:
    others = [reading(0.95, session_id=f"s{n}") for n in range(3)]
    actions = observe(home, SETTINGS, others, NOW)
    assert [action.stages for action in actions] == [(A, P, D), (A, P), (A, P)]
    for action in actions:
        for stage in action.stages:
            report(home, SETTINGS, action.key, action.number, stage, Outcome.FINISHED, NOW)
    again = observe(home, SETTINGS, others, NOW + 1)
    assert stages(again) == {"codex:s1": (A, D)}
