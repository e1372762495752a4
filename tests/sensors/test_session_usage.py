"""The sensor over live sessions: one run an action, with its stages; the runs do them and report to the watcher."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from msgspec.structs import replace
from sessions.agents_at_work import Machine
from sessions.logs import OTHER, SESSION
from ticking import Ticking

from moonshine_assets.definitions import SESSIONS_JOB, defs
from moonshine_assets.sessions import state
from moonshine_assets.sessions.archive import latest_record
from moonshine_assets.sessions.assets import ACTION_TAG, assets_of
from moonshine_assets.sessions.audit import Code, lines
from moonshine_assets.sessions.cycle import cycle
from moonshine_assets.sessions.ladder import Phase, Stage
from moonshine_assets.sessions.usage.collect import find
from moonshine_assets.sessions.watch import Action
from moonshine_resources import clock
from moonshine_resources.home import ENVIRONMENT, Home
from moonshine_resources.tokenizer import TokenCounter
from moonshine_resources.tokenizer import counter as counting
from sensors.session_usage import run_key

CLAUDE = f"claude_code:{SESSION}"
A, P, D = Stage


@pytest.fixture
def machine(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, counter: TokenCounter) -> Machine:
    """A machine whose clock is the real one, and whose agents have no commands."""
    made = Machine(tmp_path, now=int(clock.now().timestamp()))
    settings = {"MOON_PRUNE_MODE": "always", "MOON_CLAUDE_CODE_COMMAND": "/none", "MOON_OPENCLAW_ENABLED": "false"}
    for name, value in {**made.environment, **settings, ENVIRONMENT: str(home.root)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(counting._loaded, home.vocabulary_cache.absolute(), counter)
    return made


@pytest.fixture
def ticking(instance: dg.DagsterInstance, home: Home, machine: Machine) -> Ticking:
    return Ticking("session_usage", instance, home)


def carried_out(instance: dg.DagsterInstance, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
    """The run that a request asks for, done here."""
    assert request.asset_selection is not None
    job = defs.resolve_job_def(SESSIONS_JOB)
    return job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        tags=dict(request.tags),
        asset_selection=list(request.asset_selection),
        raise_on_error=False,
    )


def stages_of(request: dg.RunRequest) -> list[str]:
    return [key.path[0] for key in request.asset_selection or []]


def checks(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_nothing_is_asked_for_below_the_steps(ticking: Ticking, machine: Machine, home: Home) -> None:
    machine.claude(100_000)
    assert ticking.tick() == []
    assert ticking.tick() == []


def test_a_crossing_asks_once_and_the_run_archives_indexes_and_reports(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    machine.claude(145_000)
    (request,) = ticking.tick()
    assert request.partition_key == CLAUDE
    assert stages_of(request) == ["session_archive", "session_index"]
    assert request.tags[ACTION_TAG] == "1"
    assert instance.get_dynamic_partitions("sessions") == [CLAUDE]
    assert ticking.tick() == [], "it is on its way"
    result = carried_out(instance, request)
    assert result.success
    assert checks(instance, result) == {"archive_verified": True, "index_finds_it": True}
    assert latest_record(home, SESSION, "claude_code") is not None
    known = state.look(home).state.sessions[CLAUDE]
    assert (known.outstanding, known.phase) == ((), Phase.COOLDOWN)
    assert [line.code for line in lines(home.moon_audit_log)] == [Code.ARCHIVED]
    assert ticking.tick() == []


def test_a_jump_asks_for_one_run_with_every_stage_and_it_does_them_all(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    path = machine.claude(165_000)
    (request,) = ticking.tick()
    assert stages_of(request) == [key.path[0] for key in assets_of((A, P, D))]
    result = carried_out(instance, request)
    assert result.success
    assert len(checks(instance, result)) == 5
    assert [line.code for line in lines(home.moon_audit_log) if line.action] == [
        Code.ARCHIVED,
        Code.PRUNED,
        Code.DISTILLED,
    ]
    assert len(list(path.parent.iterdir())) == 2
    assert state.look(home).state.sessions[CLAUDE].outstanding == ()


def test_a_failed_archive_stops_the_run_and_is_due_again(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    path = machine.claude(155_000)
    (request,) = ticking.tick()
    (home.archive / "sessions").mkdir(parents=True)
    (home.archive / "sessions" / "raw").write_text("a file where a folder should be")
    assert not carried_out(instance, request).success
    assert list(path.parent.iterdir()) == [path]
    known = state.look(home).state.sessions[CLAUDE]
    assert (known.waiting, known.failures) == ((A, P), 1)


def test_a_failed_prune_does_not_keep_the_distillation_back(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    machine.claude(165_000, age=5)
    (request,) = ticking.tick()
    result = carried_out(instance, request)
    assert not result.success
    assert [line.code for line in lines(home.moon_audit_log) if line.action] == [
        Code.ARCHIVED,
        Code.PRUNE_FAILED,
        Code.DISTILLED,
    ]
    known = state.look(home).state.sessions[CLAUDE]
    assert known.waiting == (P,)


def test_the_sensor_and_the_watcher_never_do_the_same(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    machine.claude(145_000)
    machine.codex(200_000, session_id=OTHER)
    done = cycle(home, machine.look(), machine.clock)
    assert len(done.lines) == 2
    assert ticking.tick() == []
    machine.claude(145_000, session_id="99999999-9999-4999-8999-999999999999")
    (request,) = ticking.tick()
    assert cycle(home, machine.look(), machine.clock).lines == []
    assert carried_out(instance, request).success


def test_a_run_that_a_person_starts_is_reported_to_nobody(
    ticking: Ticking, machine: Machine, home: Home, instance: dg.DagsterInstance
) -> None:
    machine.claude(100_000)
    instance.add_dynamic_partitions("sessions", [CLAUDE])
    request = dg.RunRequest(partition_key=CLAUDE, asset_selection=assets_of((A,)))
    assert carried_out(instance, request).success
    assert not home.moon_state.exists()
    assert latest_record(home, SESSION, "claude_code") is not None


def test_what_is_wrong_skips_the_tick_with_its_reason(ticking: Ticking, machine: Machine, home: Home) -> None:
    machine.claude(155_000)
    home.root.mkdir(parents=True, exist_ok=True)
    home.moon_config.write_text("[nothing]\n")
    assert ticking.tick() == []
    assert any("unknown section" in record.getMessage() for record in ticking.logged)


def test_a_request_is_told_apart_by_stages_and_content(machine: Machine) -> None:
    machine.claude(155_000)
    found = find(machine.look(CLAUDE))
    assert found is not None
    one = Action(CLAUDE, 1, (A,), found)
    assert run_key(one) == run_key(one)
    others = [
        one._replace(number=2),
        one._replace(stages=(A, P)),
        one._replace(reading=replace(one.reading, used_tokens=1)),
        one._replace(reading=replace(one.reading, captured_at_epoch_secs=1)),
    ]
    assert len({run_key(action) for action in (one, *others)}) == 5
