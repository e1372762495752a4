"""Facts planted in sessions of every agent are found word for word, by a question and by a keyword, when the sessions
themselves are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.generate_sessions import Needle, needles, write_sessions
from moonshine_assets.sessions.archive import archive_session, latest_record, verify_archive
from moonshine_assets.sessions.recall import index_archive, recall
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from sessions.logs import NOW, live

TOLD = Settings()
SHARE = 0.99


def archived(home: Home, folder: Path, planted: list[Needle], sessions: int, messages: int) -> None:
    """Archive generated sessions, half of each first, and take them away."""
    for one in write_sessions(folder, planted, sessions, messages):
        reading = live(one.provider, one.path, one.session_id)
        if one.path.suffix == ".jsonl":
            whole = one.path.read_bytes()
            one.path.write_bytes(whole[: len(whole) // 2])
            archive_session(home, TOLD, reading, NOW)
            one.path.write_bytes(whole)
        index_archive(home, archive_session(home, TOLD, reading, NOW + 1))
    shutil.rmtree(folder)


def found(home: Home, needle: Needle, query: str) -> bool:
    return any(needle.text in match.snippet for match in recall(home, TOLD, query, limit=5).matches)


def require(home: Home, planted: list[Needle]) -> None:
    missed = [one for one in planted if not found(home, one, one.question)]
    assert len(missed) <= (1 - SHARE) * len(planted), missed
    missed = [one for one in planted if not found(home, one, one.keyword)]
    assert len(missed) <= (1 - SHARE) * len(planted), missed


def test_planted_facts_are_found(home: Home, tmp_path: Path) -> None:
    planted = needles(40, sessions=6, seed=3)
    archived(home, tmp_path / "agents", planted, sessions=6, messages=40)
    require(home, planted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_five_hundred_facts_in_fifty_sessions_are_found(home: Home, tmp_path: Path, seed: int) -> None:
    planted = needles(500, sessions=50, seed=seed)
    archived(home, tmp_path / "agents", planted, sessions=50, messages=200)
    for number in range(50):
        record = latest_record(home, f"{number:08x}-0000-4000-8000-{number:012x}")
        assert record is not None
        assert verify_archive(home, record).members > 0
    require(home, planted)
