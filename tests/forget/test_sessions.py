"""A session that is forgotten leaves the archive of sessions too, and is not archived again while it lives on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sessions.logs import NOW, SESSION, claude_said, live, write

from forget.children import WORDS
from forget.homes import forget
from moonshine_assets.errors import BadInput
from moonshine_assets.forget.needles import ID, Needle
from moonshine_assets.forget.search import search
from moonshine_assets.sessions.archive import archive_session, records
from moonshine_assets.sessions.recall import index_archive
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home

OTHER = SESSION[:-4] + "beef"


def log(folder: Path, session: str) -> Path:
    lines = [{**claude_said(n, f"turn {n} of {session}"), "sessionId": session} for n in range(3)]
    return write(folder / "projects" / "-srv-app" / f"{session}.jsonl", lines)


def test_an_archived_session_goes_with_pages_and_index_and_does_not_come_back(home: Home, tmp_path: Path) -> None:
    settings, readings = Settings(), {}
    for session in (SESSION, OTHER):
        readings[session] = live("claude_code", log(tmp_path, session), session_id=session)
        index_archive(home, archive_session(home, settings, readings[session], NOW))
    wanted = [Needle(ID, SESSION)]
    kinds = {part for place in search(home, wanted) for part in place.file.relative_to(home.root).parts[:3]}
    assert {"raw", "mlib", "index", "ledger.jsonl", "locks"} <= kinds
    assert forget(home, f"claude_code/{SESSION}", counter=WORDS) == []
    assert search(home, wanted) == []
    assert [record.session_id for record in records(home)] == [OTHER]
    with pytest.raises(BadInput, match="the session was forgotten and is not archived again"):
        archive_session(home, settings, readings[SESSION], NOW)
    assert index_archive(home, records(home)[0]).passages > 0, "the index is made anew of what is left"
