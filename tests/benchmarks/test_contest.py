"""Contests alternate, compare only equal work, and report ratios as baseline over contender."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.contest import Contender, ContestFailed, Counts, Outcome, contest, ratio_table
from benchmarks.ingest import PLAIN
from benchmarks.measure import Measurement
from benchmarks.results import circumstances, put_section
from moonshine_resources.tokenizer.vocabulary import materialise

PROJECT = Path(__file__).parents[2]


def scripted(name: str, script: str) -> Contender:
    """A contender whose command prints {"messages": …, "raw_tokens": …}."""
    return Contender(
        name,
        lambda export, folder: [sys.executable, "-c", script, str(export), str(folder)],
        lambda measured, _: Counts(**json.loads(measured.stdout)),
    )


def counting(name: str, messages: int, log: Path) -> Contender:
    return scripted(
        name,
        f"open({str(log)!r}, 'a').write('{name} '); print('{{\"messages\": {messages}, \"raw_tokens\": 5}}')",
    )


def test_contenders_take_turns_in_folders_that_are_removed(tmp_path: Path) -> None:
    log, scratch = tmp_path / "log", tmp_path / "scratch"
    pair = [counting("left", 3, log), counting("right", 3, log)]
    outcome = contest(pair, tmp_path / "export", scratch, rounds=3)
    assert log.read_text().split() == ["left", "right", "right", "left", "left", "right"]
    assert outcome.counts == Counts(messages=3, raw_tokens=5)
    assert [len(outcome.runs[name]) for name in ("left", "right")] == [3, 3]
    assert list(scratch.iterdir()) == []


def test_unequal_counts_are_not_compared(tmp_path: Path) -> None:
    pair = [counting("left", 3, tmp_path / "log"), counting("right", 4, tmp_path / "log")]
    with pytest.raises(ContestFailed, match=r"right counted .*messages=4.* first run counted .*messages=3"):
        contest(pair, tmp_path / "export", tmp_path / "scratch", rounds=1)


def test_a_command_that_fails_ends_the_contest_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ContestFailed, match=r"(?s)broken ended with exit code 1.*out of ideas"):
        contest([scripted("broken", "raise SystemExit('out of ideas')")], tmp_path, tmp_path / "s", rounds=1)


def test_the_plain_script_agrees_with_itself(
    tiny_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "set by the next line")
    materialise(tmp_path / "vocabulary")
    outcome = contest([PLAIN], tiny_export, tmp_path / "scratch", rounds=2, keep=True)
    assert outcome.counts.messages == 6
    assert (tmp_path / "scratch" / "plain-script-2" / "export.sqlite").exists()


def test_ratios_are_baseline_over_contender_with_their_span() -> None:
    def run(seconds: float, megabytes: float) -> Measurement:
        return Measurement(seconds, seconds, megabytes, megabytes, 0, "", "")

    outcome = Outcome(
        Counts(1, 1),
        {"plain": [run(30, 900), run(20, 900), run(40, 900)], "ours": [run(10, 300), run(10, 300), run(10, 300)]},
    )
    table = ratio_table(outcome, "plain", "ours").splitlines()
    assert table[0] == "| | plain | ours | ratio (span) |"
    assert table[2] == "| wall time, s | 30.0 | 10.0 | 3.00 (2.00–4.00) |"
    assert table[4] == "| peak RSS, MiB | 900.0 | 300.0 | 3.00 (3.00–3.00) |"


def test_a_section_is_replaced_and_its_neighbours_stay(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    put_section("ingest", "old figures", path)
    put_section("merge", "merge figures", path)
    put_section("ingest", "new figures", path)
    text = path.read_text(encoding="utf-8")
    assert "old figures" not in text
    assert text.index("# Benchmark results") < text.index("new figures") < text.index("merge figures")
    assert text.count("<!-- ingest -->") == text.count("<!-- /ingest -->") == 1


def test_a_section_without_an_end_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("<!-- ingest -->\nfigures\n")
    with pytest.raises(ValueError, match="substring not found"):
        put_section("ingest", "new", path)
    assert path.read_text() == "<!-- ingest -->\nfigures\n"


def test_circumstances_name_versions_and_no_machine() -> None:
    import platform

    line = circumstances(["duckdb"])
    assert "cores" in line
    assert "duckdb " in line
    assert platform.node() not in line
