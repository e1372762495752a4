"""Measurements see what the command and its children use."""

import os
import re
import sys
from pathlib import Path

import pytest

from benchmarks.measure import _memory_kb, measure, process_tree

HOLD_200_MB = "import time; held = bytearray(b'x') * 200_000_000; time.sleep(0.5); print('done')"


def test_the_memory_of_a_child_that_allocates_200_mb_is_seen() -> None:
    measured = measure([sys.executable, "-c", HOLD_200_MB])
    assert (measured.exit_code, measured.stdout) == (0, "done\n")
    for peak in (measured.peak_anonymous_mb, measured.peak_rss_mb):
        assert 190 < peak < 260
    assert measured.wall > 0.5
    assert 0 < measured.cpu < measured.wall


def test_grandchildren_count_and_are_added_up() -> None:
    hold = "import sys; held = bytearray(b'x') * 200_000_000; print('held', flush=True); sys.stdin.read()"
    script = f"""
import subprocess, sys, time
command = [sys.executable, "-c", {hold!r}]
both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
for one in both:
    one.stdout.readline()
time.sleep(0.5)
for one in both:
    one.communicate()
"""
    measured = measure([sys.executable, "-c", script])
    assert (measured.exit_code, measured.stderr) == (0, "")
    assert measured.peak_anonymous_mb > 380


def test_cpu_of_grandchildren_counts() -> None:
    spin = "import time\nwhile time.process_time() < 0.4: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}])"
    assert measure([sys.executable, "-c", script]).cpu > 0.4


def test_exit_code_and_error_output_are_reported() -> None:
    measured = measure([sys.executable, "-c", "import sys; print('why', file=sys.stderr); sys.exit(3)"])
    assert (measured.exit_code, measured.stderr) == (3, "why\n")


def test_a_command_killed_by_a_signal_has_a_negative_code() -> None:
    assert measure(["sh", "-c", "kill -9 $$"]).exit_code == -9


def test_environment_and_folder_are_passed_on(tmp_path: Path) -> None:
    script = "import os; print(os.environ['ANSWER'], os.getcwd())"
    measured = measure([sys.executable, "-c", script], env={"ANSWER": "42"}, cwd=tmp_path)
    assert measured.stdout.split() == ["42", str(tmp_path)]


def test_a_command_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        measure(["no-such-command-anywhere"])


def test_anonymous_memory_is_the_figure_of_smaps_rollup() -> None:
    held = bytearray(b"x") * 50_000_000
    rollup = Path("/proc/self/smaps_rollup").read_text()
    expected = int(re.search(r"Anonymous:\s+(\d+) kB", rollup)[1])  # type: ignore[index]
    assert _memory_kb(os.getpid())[1] == pytest.approx(expected, rel=0.03)
    assert len(held) == 50_000_000


def test_a_process_that_has_ended_uses_nothing() -> None:
    assert _memory_kb(2**22 + 1) == (0, 0)
    assert process_tree(2**22 + 1) == {2**22 + 1}
