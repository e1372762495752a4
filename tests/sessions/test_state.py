"""The state file: whole or not at all, one writer, and nothing lost silently when it is damaged."""

from __future__ import annotations

import json
import threading

import msgspec
import pytest

from moonshine_assets.errors import BadInput, Busy
from moonshine_assets.sessions import state
from moonshine_assets.sessions.ladder import Phase, SessionState, Stage
from moonshine_assets.sessions.state import MoonState, changing, decoded, encoded, look
from moonshine_resources.home import Home

ONE = SessionState(phase=Phase.PRUNE_TRIGGERED, reached=2, running=(Stage.PRUNE,), action=3, depth=2)
TWO = SessionState(waiting=(Stage.ARCHIVE, Stage.DISTILL), compaction_mark="c", used_tokens=5)
DAMAGE = [b"", b"{", b"null", b"\x00" * 50, b"\xff", b'{"schema_version": 0}', b'{"sessions": {}}', b"[1]"]


def saved(home: Home, *sessions: dict[str, SessionState]) -> None:
    with changing(home) as held:
        for one in sessions:
            held.save(MoonState(sessions=one))


def test_a_home_without_a_state_has_an_empty_one(home: Home) -> None:
    assert look(home) == (MoonState(), None)
    assert not home.moon_state.exists()


def test_what_was_saved_is_there_after_a_restart(home: Home) -> None:
    saved(home, {"b:2": TWO, "a:1": ONE})
    assert look(home).state.sessions == {"a:1": ONE, "b:2": TWO}
    told = json.loads(home.moon_state.read_bytes())
    assert told["schema_version"] == state.SCHEMA_VERSION
    assert list(told["sessions"]) == ["a:1", "b:2"]


def test_the_same_state_is_the_same_bytes() -> None:
    assert encoded(MoonState(sessions={"b": TWO, "a": ONE})) == encoded(MoonState(sessions={"a": ONE, "b": TWO}))
    assert decoded(encoded(MoonState(sessions={"a": ONE}))) == MoonState(sessions={"a": ONE})


@pytest.mark.parametrize("damage", DAMAGE, ids=repr)
def test_a_damaged_file_is_set_aside_and_the_one_before_it_taken(home: Home, damage: bytes) -> None:
    saved(home, {"a:1": ONE}, {"a:1": ONE, "b:2": TWO})
    home.moon_state.write_bytes(damage)
    assert look(home).problem
    assert home.moon_state.read_bytes() == damage, "looking changes nothing"
    with changing(home) as held:
        assert held.value.sessions == {"a:1": ONE}
        assert held.value.recoveries == 1
    kept = sorted(home.moon_state_damaged.iterdir())
    assert [path.read_bytes() for path in kept if path.suffix == ".json"] == [damage]
    reason = json.loads(next(path for path in kept if path.suffix == ".reason").read_bytes())
    assert reason["reason"] == look_reason(damage)
    assert look(home) == (MoonState(sessions={"a:1": ONE}, recoveries=1), None)


def look_reason(damage: bytes) -> str:
    with pytest.raises(ValueError) as told:
        decoded(damage)
    return str(told.value)


def test_when_both_files_are_damaged_both_are_kept_and_it_begins_anew(home: Home) -> None:
    saved(home, {"a:1": ONE}, {"b:2": TWO})
    home.moon_state.write_bytes(b"{")
    home.moon_state_previous.write_bytes(b"[")
    with changing(home) as held:
        assert held.value == MoonState(recoveries=1)
    kept = {path.read_bytes() for path in home.moon_state_damaged.iterdir() if path.suffix == ".json"}
    assert kept == {b"{", b"["}


def test_damage_again_is_kept_beside_the_first(home: Home) -> None:
    for number in range(3):
        saved(home, {"a:1": ONE}, {"b:2": TWO})
        home.moon_state.write_bytes(b"{" * (number + 1))
        with changing(home):
            pass
    kept = {path.read_bytes() for path in home.moon_state_damaged.iterdir() if path.suffix == ".json"}
    assert kept == {b"{", b"{{", b"{{{"}
    assert look(home).state.recoveries == 1, "a saved state says itself how often"


def test_a_crash_between_setting_aside_and_rebuilding_loses_nothing(home: Home) -> None:
    saved(home, {"a:1": ONE}, {"a:1": TWO})
    home.moon_state.rename(home.moon_state.with_name("elsewhere.json"))
    with changing(home) as held:
        assert held.value.sessions == {"a:1": ONE}


def test_a_state_of_a_newer_version_is_left_as_it_is(home: Home) -> None:
    home.moon_state.parent.mkdir(parents=True)
    home.moon_state.write_text('{"schema_version": 2, "other": 1}')
    with pytest.raises(BadInput, match="newer Moonshine"), changing(home):
        pass
    assert home.moon_state.read_text() == '{"schema_version": 2, "other": 1}'
    assert not home.moon_state_damaged.exists()


def test_a_failed_write_leaves_the_state_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(home, {"a:1": ONE})
    before = home.moon_state.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with changing(home) as held:
        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(Exception, match="no space left"):
            held.save(MoonState(sessions={"b:2": TWO}))
        monkeypatch.undo()
        assert held.value.sessions == {"a:1": ONE}
    assert home.moon_state.read_bytes() == before


def test_only_one_may_change_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_WAIT", 0.05)
    entered: list[bool] = []

    def other() -> None:
        with changing(home):
            entered.append(True)

    with changing(home):
        refused: list[Exception] = []

        def tried() -> None:
            try:
                other()
            except Busy as error:
                refused.append(error)

        thread = threading.Thread(target=tried)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert entered == []
    other()
    assert entered == [True]


def test_a_cut_file_is_never_taken_for_a_whole_one() -> None:
    data = encoded(MoonState(sessions={"a:1": ONE, "b:2": TWO}))
    for end in range(len(data.rstrip())):
        with pytest.raises(ValueError):
            decoded(data[:end])


def test_every_field_of_a_session_is_kept() -> None:
    other = SessionState(
        phase=Phase.COOLDOWN,
        reached=3,
        running=(Stage.ARCHIVE,),
        waiting=(Stage.PRUNE,),
        action=1,
        depth=1,
        lease_until=2,
        failures=3,
        not_before=4,
        quiet_until=5,
        quiet_depth=1,
        doubt_until=6,
        doubt_as_of=7,
        compaction_mark="x",
        pruned=True,
        used_tokens=8,
        seen_at=9,
    )
    defaults = msgspec.structs.asdict(SessionState())
    assert all(value != defaults[name] for name, value in msgspec.structs.asdict(other).items())
    assert decoded(encoded(MoonState(sessions={"k": other}))).sessions["k"] == other
