"""`moonshine lanes audit` as a person uses it: a terminal, keys, a report; and a model asked beside."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.moon.model_server import model_server
from lanes.published_lanes import dpo, publish
from terminal import environment, heed_interrupts, in_process, words_of

from moonshine_assets.lanes.audit.labels import Label, append, read, row_key
from moonshine_assets.lanes.audit.opinions import Opinion
from moonshine_assets.lanes.audit.sample import strata
from moonshine_resources.home import Home

QUESTION = "Is the chosen answer the better one?"
ROWS = [dpo(f"pair {number}") for number in range(4)]


@pytest.fixture
def judged_home(home: Home) -> Home:
    return publish(home, {"dpo": ROWS})


def _own_terminal() -> None:
    """Ctrl-C on this terminal reaches this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    heed_interrupts()


class Terminal:
    """The command in a terminal of its own, 100 columns wide."""

    def __init__(self, home: Home, *words: str) -> None:
        self._screen, other = pty.openpty()
        more = {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        self.process = subprocess.Popen(
            words_of("lanes", "audit", *words, home=home),
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment(**more),
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(other)
        self.text = ""

    def until(self, words: str) -> str:
        """Read on until the words appear; what was shown up to there since the last call."""
        end = time.monotonic() + 60
        while words not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self._screen], [], [], 1.0)[0]:
                try:
                    self.text += os.read(self._screen, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        before, found, self.text = self.text.partition(words)
        assert found, before
        return before + found

    def press(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def close(self) -> int:
        code = self.process.wait(60)
        os.close(self._screen)
        return code


def verdicts(home: Home) -> list[str]:
    return [label.verdict for label in read(home.audit_labels)]


def test_rows_are_judged_by_single_keys_and_a_second_sitting_goes_on(judged_home: Home) -> None:
    first = Terminal(judged_home, "--labeller", "ann")
    shown = first.until(QUESTION)
    assert "regen_continued" in shown and "Sand grinds the bed, year after year." in shown
    first.press("y")
    first.until("1 of 4 judged: 1 right")
    assert verdicts(judged_home) == ["right"]
    first.press("nu\x1b[A?s")
    first.until("2 of 4 judged: 1 right, 0 wrong, 1 skipped")
    first.until(QUESTION)
    first.press("q")
    first.until("kept")
    assert first.close() == 0
    assert verdicts(judged_home) == ["right", "wrong", "undo", "skip"]

    second = Terminal(judged_home, "--labeller", "ann")
    second.until("2 of 4 judged")
    second.until(QUESTION)
    second.press("yy")
    second.until("all rows are judged")
    assert second.close() == 0
    labels: list[Label] = read(judged_home.audit_labels)
    assert [label.verdict for label in labels] == ["right", "wrong", "undo", "skip", "right", "right"]
    assert {label.labeller for label in labels} == {"ann"}
    drawn = [key for key, _ in strata(ROWS, "dpo", 100, 1)[0].drawn]
    assert [label.row for label in labels] == [drawn[0], drawn[1], drawn[1], drawn[1], drawn[2], drawn[3]]


def test_ctrl_c_ends_a_sitting_and_keeps_what_was_said(judged_home: Home) -> None:
    sitting = Terminal(judged_home, "--labeller", "ann")
    sitting.until(QUESTION)
    sitting.press("y")
    sitting.until("1 of 4 judged")
    sitting.until(QUESTION)
    sitting.press("\x03")
    sitting.until("interrupted")
    assert sitting.close() == 130
    assert verdicts(judged_home) == ["right"]


@pytest.fixture
def labelled_home(judged_home: Home) -> Home:
    """Three right, one wrong, by one person; a second person agrees on the first two."""
    for number, row in enumerate(ROWS):
        for labeller in ("ann", "ben") if number < 2 else ("ann",):
            append(
                judged_home.audit_labels,
                Label(
                    record_uid=row["record_uid"],
                    row=row_key(row, "dpo"),
                    lane="dpo",
                    signal="regen_continued",
                    signal_version="1",
                    policy_version="p",
                    run_id="r",
                    verdict="wrong" if number == 0 else "right",
                    labeller=labeller,
                    labelled_at="2026-01-31T13:00:00+00:00",
                    seed=1,
                    sample_rows=4,
                ),
            )
    return judged_home


def test_the_report_gives_precision_with_its_interval(labelled_home: Home) -> None:
    said = in_process("lanes", "audit", "--report", "--json", home=labelled_home)
    assert said.code == 0, said.err
    report = json.loads(said.out)
    (signal,) = report["precision"]
    assert (signal["rows"], signal["right"], signal["wrong"], signal["precision"]) == (4, 3, 1, 0.75)
    assert (signal["low"], signal["high"], signal["bound"], signal["status"]) == (0.3006, 0.9544, 0.75, "below_bound")
    assert report["people"] == [{"lane": "dpo", "signal": "regen_continued", "rows": 2, "kappa": 1.0}]
    assert report["models"] == []
    shown = in_process("lanes", "audit", "--report", home=labelled_home).out
    assert "75.0%" in shown and "below_bound" in shown and "models say" not in shown


def test_labels_count_again_after_another_distillation(labelled_home: Home) -> None:
    again = [{**row, "run_id": "main_2", "policy_version": "p2", "label_confidence": 0.9} for row in ROWS[1:]]
    publish(labelled_home, {"dpo": again}, "main_20260201_130000")
    report = json.loads(in_process("lanes", "audit", "--report", "--json", home=labelled_home).out)
    assert [(one["rows"], one["right"], one["wrong"]) for one in report["precision"]] == [(3, 3, 0)]


@pytest.fixture
def asked(labelled_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Home, list[str], object]]:
    with model_server() as server:
        server.answer = '{"answer": "A"}'
        words = ["--judge", "openai-compatible", "--judge-model", "tiny", "--judge-url", f"{server.address}/v1"]
        yield labelled_home, words, server


def test_a_model_stands_beside_the_people_and_never_in_their_place(asked: tuple[Home, list[str], object]) -> None:
    home, words, server = asked
    report = json.loads(in_process("lanes", "audit", *words, "--json", home=home).out)
    assert report["precision"][0]["precision"] == 0.75
    (beside,) = report["models"]
    opinions: list[Opinion] = read(home.audit_opinions, Opinion)
    # It always says A; which side A is, is drawn by the row's key.
    expected = {row_key(row, "dpo"): int(row_key(row, "dpo")[-1], 16) % 2 == 0 for row in ROWS}
    assert {one.row: one.verdict == "right" for one in opinions} == expected
    assert (beside["model"], beside["rows"]) == ("openai-compatible:tiny", 4)
    assert beside["precision"] == sum(expected.values()) / 4
    assert "Which answer is better" in server.last().text  # type: ignore[attr-defined]
    shown = in_process("lanes", "audit", "--report", home=home).out
    assert "openai-compatible:tiny" in shown and "kappa" in shown
    sent = len(server.requests)  # type: ignore[attr-defined]
    in_process("lanes", "audit", *words, home=home)
    assert len(server.requests) == sent == 4  # type: ignore[attr-defined]


def test_an_answer_that_is_none_is_left_open_and_asked_again(asked: tuple[Home, list[str], object]) -> None:
    home, words, server = asked
    server.answer = "I would say A."  # type: ignore[attr-defined]
    report = json.loads(in_process("lanes", "audit", *words, "--json", home=home).out)
    assert report["models"] == []
    assert {one.verdict for one in read(home.audit_opinions, Opinion)} == {"open"}
    in_process("lanes", "audit", *words, home=home)
    assert len(server.requests) == 8  # type: ignore[attr-defined]


def test_a_model_is_asked_only_with_a_key_from_the_environment_and_after_people(home: Home, judged_home: Home) -> None:
    nobody = in_process("lanes", "audit", "--judge", "openai", home=judged_home)
    assert (nobody.code, len(nobody.errors)) == (1, 1)
    assert "OPENAI_API_KEY" in nobody.errors[0]


@pytest.mark.parametrize("words", [["--lane", "dop"], ["--signal", "nothing"], ["--run", "main_19990101_000000"]])
def test_what_is_not_there_is_told_in_one_line(judged_home: Home, words: list[str]) -> None:
    said = in_process("lanes", "audit", *words, home=judged_home)
    assert (said.code, len(said.errors)) == (2, 1)


def test_nothing_distilled_is_told(tmp_path: Path) -> None:
    said = in_process("lanes", "list", home=Home.at(tmp_path))
    assert (said.code, len(said.errors)) == (2, 1)
