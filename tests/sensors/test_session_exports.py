"""The sensor hands archived sessions over by itself, and what stands in the way of it is said and holds nothing up."""

from __future__ import annotations

from pathlib import Path

from sessions.logs import NOW, SESSION, claude_said, live, write

from moonshine_assets.sessions.archive import archive_session
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from sensors.session_exports import hand_over


def test_what_has_come_to_rest_goes_into_the_inbox(home: Home, tmp_path: Path) -> None:
    assert list(hand_over(home, NOW)) == []
    path = write(tmp_path / f"{SESSION}.jsonl", [claude_said(1, "hello")])
    archive_session(home, Settings(), live("claude_code", path), NOW)
    home.moon_config.write_text("[export]\nenabled = false\n")
    assert (list(hand_over(home, NOW + 9_999)), home.inbox.exists()) == ([], False)
    home.moon_config.write_text("[export]\nsettled_secs = 60\n")
    assert (list(hand_over(home, NOW + 59)), home.inbox.exists()) == ([], False)
    assert list(hand_over(home, NOW + 60)) == []
    assert len(list(home.inbox.iterdir())) == 1
    home.moon_config.write_text("[exports]\n")
    (problem,) = hand_over(home, NOW + 60)
    assert "unknown section" in problem
