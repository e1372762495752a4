"""The real QMD beside the built-in index. `make e2e-moon` installs it and names it in MOONSHINE_QMD."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.archive import archive_session
from moonshine_assets.sessions.recall import index_archive, recall
from moonshine_assets.sessions.recall.second import update_qmd
from moonshine_assets.sessions.settings import Qmd as Told
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.qmd import Qmd
from sessions.logs import NOW, claude_said, live, write

MISSING = Settings(qmd=Told(enabled=True, command="no-such-qmd"))
FILLERS = 45


def archived(home: Home, folder: Path, name: str, texts: list[str], settings: Settings) -> None:
    path = write(folder / f"{name}.jsonl", [claude_said(number, text) for number, text in enumerate(texts)])
    index_archive(home, archive_session(home, settings, live("claude_code", path, name), NOW))


@pytest.fixture
def real() -> Settings:
    command = os.environ.get("MOONSHINE_QMD")
    if not command:
        pytest.fail("MOONSHINE_QMD is not set; run `make e2e-moon`")
    return Settings(qmd=Told(enabled=True, command=command, timeout_secs=60))


def test_recall_answers_without_it(home: Home, tmp_path: Path) -> None:
    archived(home, tmp_path, "s", ["the aardvark"], MISSING)
    assert [match.snippet for match in recall(home, MISSING, "aardvark", now=NOW).matches] == ["the aardvark"]


@pytest.mark.moon
def test_it_is_kept_up_with_the_texts_and_finds_them(home: Home, tmp_path: Path, real: Settings) -> None:
    for number in range(FILLERS):
        archived(home, tmp_path, f"f{number}", [f"filler {number} about the weather of day {number}"], real)
    archived(home, tmp_path, "s", ["first words", "the zyzzyva ledger was moved", "last words"], real)
    first = update_qmd(home, real)
    assert first is not None
    assert (first.new, first.removed, first.held) == (FILLERS + 1, 0, FILLERS + 1)
    archived(home, tmp_path, "s", ["first words", "the zyzzyva ledger was moved", "last words", "a quokka"], real)
    second = update_qmd(home, real)
    assert second is not None
    assert (second.new, second.unchanged, second.held) == (1, FILLERS + 1, FILLERS + 2)
    qmd = Qmd(real.qmd.command, home.qmd)
    (hit,) = qmd.search("history", "quokka", 5)
    lines = (home.session_texts / hit.name).read_text().split("\n")
    assert "> a quokka" in lines[hit.line - 2 : hit.line + 1]
    # what the built-in index finds comes first; what QMD has beyond it is cited in the same way
    matches = recall(home, real, "zyzzyva", limit=5, now=NOW).matches
    assert matches[0].snippet.startswith("the zyzzyva ledger")
    assert len({(match.archive_path, match.metadata["line"]) for match in matches}) == len(matches)


@pytest.mark.moon
def test_what_only_it_finds_is_added_below(home: Home, tmp_path: Path, real: Settings) -> None:
    for number in range(FILLERS):
        archived(home, tmp_path, f"f{number}", [f"filler {number} about the weather of day {number}"], real)
    archived(home, tmp_path, "s", ["the wizard conjured potions"], real)
    update_qmd(home, real)
    # Porter's stems join what ours keep apart
    (match,) = recall(home, real, "conjurer", limit=3, now=NOW).matches or [None]
    assert match is not None
    assert match.snippet == "the wizard conjured potions"


@pytest.mark.moon
def test_many_at_once_wait_for_each_other(home: Home, tmp_path: Path, real: Settings) -> None:
    for number in range(FILLERS):
        archived(home, tmp_path, f"f{number}", [f"filler {number}"], real)
    failures: list[Exception] = []

    def run() -> None:
        try:
            update_qmd(home, real)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    done = update_qmd(home, real)
    assert done is not None
    assert done.held == FILLERS


@pytest.mark.moon
def test_texts_that_vanished_leave_its_index_alone(home: Home, tmp_path: Path, real: Settings) -> None:
    archived(home, tmp_path, "s", ["the zyzzyva"], real)
    update_qmd(home, real)
    shutil.move(home.session_texts, tmp_path / "moved")
    with pytest.raises(GateFailed):
        update_qmd(home, real)
    assert Qmd(real.qmd.command, home.qmd).search("history", "zyzzyva", 5)
