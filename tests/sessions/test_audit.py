"""The audit log: one line a happening, whole lines from any number of processes, bounded in size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from moonshine_assets.sessions import audit
from moonshine_assets.sessions.audit import Code, Line, lines, note
from moonshine_resources.home import Home
from sessions.logs import NOW


def test_a_line_is_read_back_as_it_was_noted(home: Home) -> None:
    said = Line(code=Code.ARCHIVED, at=NOW, stage="archive", action=3, session="codex:s", figures={"members": 2})
    assert note(home, said) == said
    assert lines(home.moon_audit_log) == [said]
    assert not said.is_warning
    assert Line(code=Code.PRUNE_FAILED, at=NOW).is_warning


def test_lines_of_many_writers_stay_whole(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: note(home, Line(code=Code.CYCLE, at=n, reason="x" * 500)), range(400)))
    assert sorted(line.at for line in lines(home.moon_audit_log)) == list(range(400))


def test_a_damaged_line_hides_no_other(home: Home) -> None:
    note(home, Line(code=Code.CYCLE, at=1))
    with home.moon_audit_log.open("ab") as stream:
        stream.write(b'{"code": "half\n')
    note(home, Line(code=Code.CYCLE, at=2))
    assert [line.at for line in lines(home.moon_audit_log)] == [1, 2]


def test_the_log_is_rotated_and_the_oldest_goes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ROTATE_AT", 200)
    for number in range(40):
        note(home, Line(code=Code.CYCLE, at=number))
    names = sorted(path.name for path in home.moon_audit_log.parent.iterdir())
    assert names == ["audit.log", "audit.log.1", "audit.log.2", "audit.log.3"]
    kept = [
        line.at
        for name in ("audit.log.3", "audit.log.2", "audit.log.1", "audit.log")
        for line in lines(home.moon_audit_log.with_name(name))
    ]
    assert kept == list(range(kept[0], 40)), "in order, the newest all there"
    assert all(path.stat().st_size < 300 for path in home.moon_audit_log.parent.iterdir())
