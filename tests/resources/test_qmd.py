"""QMD that is missing, hangs, crashes or says what is not so is one error, told in time."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest

from moonshine_assets.errors import GateFailed
from moonshine_resources.openclaw import ToolFailed
from moonshine_resources.qmd import Qmd, QmdHit

LIST = "Collections (1):\\n\\nhistory (qmd://history/)\\n  Pattern: *.md\\n"


def standing_in(folder: Path, body: str, seconds: float = 20.0) -> Qmd:
    """A program in QMD's place that fails as QMD was seen to; `calls` holds what it was asked."""
    program = folder / "stands-in.py"
    program.write_text(f"import sys, time, pathlib\ncalls = pathlib.Path({str(folder / 'calls')!r})\n{body}")
    return Qmd(shlex.join([sys.executable, "-S", str(program)]), folder / "qmd", seconds, seconds)


def texts(folder: Path, count: int = 2) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"t{number}.md").write_text("## text\n")
    return folder


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    qmd = Qmd("no-such-qmd", tmp_path)
    assert not qmd.is_installed()
    with pytest.raises(ToolFailed, match="cannot be started"):
        qmd.search("history", "word", 5)


def test_one_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ToolFailed, match="did not end within"):
        standing_in(tmp_path, "time.sleep(60)", 0.5).search("history", "word", 5)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("mark", ["SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_SCHEMA"])
def test_what_another_process_made_it_fail_of_is_tried_again(tmp_path: Path, mark: str) -> None:
    body = f"""
calls.open("a").write("x")
if len(calls.read_text()) < 3:
    sys.exit("SqliteError: constraint failed {mark}")
print('[{{"file": "qmd://history/t0.md", "line": 3, "score": 0.5}}, {{"file": 7}}]')
"""
    assert standing_in(tmp_path, body).search("history", "word", 5) == [QmdHit("t0.md", 3, 0.5)]
    assert len((tmp_path / "calls").read_text()) == 3


def test_other_failures_are_told_at_once_without_what_it_printed(tmp_path: Path) -> None:
    body = 'calls.open("a").write("x"); sys.exit("secret words of a text")'
    with pytest.raises(ToolFailed, match="exit code 1") as failure:
        standing_in(tmp_path, body).search("history", "word", 5)
    assert "secret" not in str(failure.value)
    assert (tmp_path / "calls").read_text() == "x"


@pytest.mark.parametrize("printed", ["", "Segmentation fault", "{}", "[", "null"])
def test_garbage_is_no_answer(tmp_path: Path, printed: str) -> None:
    with pytest.raises(ToolFailed, match="no list of hits"):
        standing_in(tmp_path, f"print({printed!r})").search("history", "word", 5)


@pytest.mark.parametrize("harm", ["gone", "empty"])
def test_a_folder_that_has_vanished_is_never_indexed(tmp_path: Path, harm: str) -> None:
    qmd = standing_in(tmp_path, 'calls.write_text("asked")')
    folder = tmp_path / "mlib"
    if harm == "empty":
        folder.mkdir()
    with pytest.raises(GateFailed, match="no texts"):
        qmd.update("history", folder)
    assert not (tmp_path / "calls").exists()


def test_an_update_that_holds_less_than_there_is_is_no_success(tmp_path: Path) -> None:
    body = f"""
if sys.argv[1] == "collection":
    print("{LIST}")
elif sys.argv[1] == "ls":
    print("  1 KB  Nov 28 21:38  qmd://history/t0.md")
else:
    print("Indexed: 0 new, 0 updated, 2 unchanged, 0 removed")
"""
    with pytest.raises(GateFailed, match="holds 1 of 2"):
        standing_in(tmp_path, body).update("history", texts(tmp_path / "mlib"))


def test_nothing_that_loads_a_model_is_ever_called(tmp_path: Path) -> None:
    qmd = standing_in(tmp_path, 'calls.write_text("asked")')
    for command in ("query", "embed", "vsearch", "mcp"):
        with pytest.raises(ValueError, match="needs a model"):
            qmd._run(command, seconds=1)
    assert not (tmp_path / "calls").exists()
