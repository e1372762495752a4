"""Files and folders larger than memory would hold, and what kill -9 leaves of them: `make test-slow`.

A process that takes an export to its provider database and ledger is killed at a random moment of an undisturbed run's
length, and so is the next one in the same home, and the one after that; the one that is let go to its end gives the
database the same content. So a kill meets what earlier kills left, and costs half a run instead of one and a half.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from intake import content_hash

from benchmarks.generate_chatgpt import generate
from benchmarks.measure import measure
from moonshine_assets.exports.register import register
from moonshine_resources import clock
from moonshine_resources.atomic import remove_tree
from moonshine_resources.home import Home, RunPaths

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * 3600)]

PROJECT = Path(__file__).parents[2]
#: Megabytes of the large file, files of the folder, kills of each; smaller ones are for trying this test out.
FILE_MEGABYTES = float(os.environ.get("MOONSHINE_SCALE_MEGABYTES", "5000"))
FOLDER_FILES = int(os.environ.get("MOONSHINE_SCALE_FILES", "10000"))
FILE_KILLS = int(os.environ.get("MOONSHINE_SCALE_FILE_KILLS", "10"))
FOLDER_KILLS = int(os.environ.get("MOONSHINE_SCALE_FOLDER_KILLS", "40"))
#: Most anonymous memory of a process, MiB.
MEMORY_MIB = 1024


class Undisturbed(NamedTuple):
    home: Home
    export: Path
    run: RunPaths
    content: str
    seconds: float
    said: dict[str, Any]


def _command(export: Path, home: Home) -> list[str]:
    return [sys.executable, "-m", "benchmarks.to_ledger", str(export), "--home", str(home.root)]


def _finished(export: Path, home: Home) -> dict[str, Any]:
    """What it counted, and the most anonymous memory it had, MiB."""
    measured = measure(_command(export, home), cwd=PROJECT)
    assert measured.exit_code == 0, measured.stderr[-2000:]
    said: dict[str, Any] = json.loads(measured.stdout.splitlines()[-1])
    return {**said, "peak_anonymous_mib": measured.peak_anonymous_mb}


def _undisturbed(export: Path, folder: Path) -> Undisturbed:
    home = Home.at(folder / "home")
    home.root.mkdir(parents=True)
    run = home.run(register(home, export, moment=clock.now()).run_id)
    begin = time.monotonic()
    said = _finished(export, home)
    return Undisturbed(home, export, run, content_hash(run.database), time.monotonic() - begin, said)


def _forget_results(whole: Undisturbed) -> None:
    """As if the run had only been registered."""
    remove_tree(whole.run.archive)
    for file in whole.run.reports.iterdir():
        if file != whole.run.lock:
            file.unlink()


def _killed_and_finished(whole: Undisturbed, kills: int, seed: int, *, in_a_row: int = 10) -> dict[str, int]:
    """Kill so many processes, after each row of kills let one finish and compare; how often which stage was hit."""
    draw = random.Random(seed)
    hit: dict[str, int] = {}
    for row in range(0, kills, in_a_row):
        _forget_results(whole)
        for _ in range(min(in_a_row, kills - row)):
            while not _killed(whole, draw.uniform(0, whole.seconds)):
                _forget_results(whole)
            stage = _stage(whole.run)
            hit[stage] = hit.get(stage, 0) + 1
        said = _finished(whole.export, whole.home)
        assert content_hash(whole.run.database) == whole.content
        assert {name: said[name] for name in ("messages", "raw_tokens")} == {
            name: whole.said[name] for name in ("messages", "raw_tokens")
        }
    return hit


def _killed(whole: Undisturbed, seconds: float) -> bool:
    """Start a process and kill it; whether it was still at work then."""
    with subprocess.Popen(_command(whole.export, whole.home), cwd=PROJECT, stdout=subprocess.DEVNULL) as process:
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(seconds) == 0
            return False
        process.kill()
    return True


def _stage(run: RunPaths) -> str:
    """What a killed process was at, by what it left."""
    if run.ledger.exists():
        return "done but for its exit"
    if run.database.exists():
        return "counting the ledger"
    if run.database_draft.exists():
        return "building the database"
    return "archiving the export"


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("large")
    export = folder / "conversations.json"
    written = generate(export, FILE_MEGABYTES)
    whole = _undisturbed(export, folder)
    assert whole.said["messages"] == written.messages
    return whole


@pytest.fixture(scope="module")
def large_folder(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A Claude Code folder of as many sessions, each a file of its own."""
    folder = tmp_path_factory.mktemp("many")
    projects = folder / "projects"
    for number in range(FOLDER_FILES):
        session = f"{number:08x}-0000-4000-8000-000000000000"
        file = projects / f"-home-me-project-{number % 50}" / f"{session}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in _session(session, number)), "utf-8")
    whole = _undisturbed(projects, folder)
    assert whole.said["messages"] == 4 * FOLDER_FILES
    return whole


def _session(session: str, number: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    parent = None
    for turn in range(4):
        role = ("user", "assistant")[turn % 2]
        text = f"turn {turn} of session {number}: what is {number} times {turn}?"
        content: Any = text if role == "user" else [{"type": "text", "text": text}]
        message = {"role": role, "content": content}
        if role == "assistant":
            usage = {"input_tokens": 10, "output_tokens": 5}
            message |= {"id": f"msg_{number}_{turn}", "type": "message", "model": "claude-opus-4-5", "usage": usage}
        uuid = f"{number:08x}-{turn:04x}-4000-8000-000000000000"
        lines.append(
            {
                "type": role,
                "uuid": uuid,
                "parentUuid": parent,
                "sessionId": session,
                "timestamp": f"2026-01-02T03:04:{turn:02d}.000Z",
                "cwd": "/home/me/project",
                "version": "2.1.0",
                "isSidechain": False,
                "userType": "external",
                "message": message,
            }
        )
        parent = uuid
    return lines


def test_a_file_of_gigabytes_is_taken_in_with_bounded_memory(large_file: Undisturbed) -> None:
    assert large_file.said["peak_anonymous_mib"] < MEMORY_MIB


def test_a_folder_of_ten_thousand_files_is_taken_in(large_folder: Undisturbed) -> None:
    assert large_folder.said["peak_anonymous_mib"] < MEMORY_MIB


def test_kills_in_a_large_folder_cost_nothing(large_folder: Undisturbed) -> None:
    hit = _killed_and_finished(large_folder, FOLDER_KILLS, seed=1)
    print(f"{FOLDER_KILLS} kills in a folder of {FOLDER_FILES} files: {hit}, undisturbed {large_folder.seconds:.0f} s")
    assert sum(hit.values()) == FOLDER_KILLS


def test_kills_in_a_large_file_cost_nothing(large_file: Undisturbed) -> None:
    hit = _killed_and_finished(large_file, FILE_KILLS, seed=2)
    print(f"{FILE_KILLS} kills in a file of {FILE_MEGABYTES:.0f} MB: {hit}, undisturbed {large_file.seconds:.0f} s")
    assert sum(hit.values()) == FILE_KILLS
    shutil.rmtree(large_file.export.parent)
