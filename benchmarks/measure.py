"""Runs a command and says what it cost: wall and CPU seconds, peak memory of the whole process tree. Linux only.

Memory is read from /proc/<pid>/status every 50 ms: VmRSS, and RssAnon, which is the figure smaps_rollup calls
"Anonymous". The kernel keeps RssAnon as a counter (0.02 ms to read); smaps_rollup walks all pages of the
process for it while holding its memory map (13 ms for 2 GB), which would slow down whoever uses more memory.
"""

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Measurement:
    """What one run of a command cost.

    wall: seconds from start to exit. cpu: user + system seconds of the command and of every descendant that
    was waited for. peak_rss_mb, peak_anonymous_mb: highest sum over the process tree at one sample, in MiB;
    RSS includes mapped files, which the kernel can drop again, anonymous memory does not. Pages that a
    fork shares count once for each process.
    """

    wall: float
    cpu: float
    peak_rss_mb: float
    peak_anonymous_mb: float
    exit_code: int
    stdout: str
    stderr: str


def measure(command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Measurement:
    """Run `command` to its end and measure it.

    The exit code is reported, not raised (negative: killed by that signal). Raises OSError when the command
    cannot be started. Interrupting kills the command's processes.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=env, cwd=cwd, start_new_session=True)
        memory = _MemoryWatch(child.pid)
        memory.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        finally:
            memory.stop()
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        return Measurement(
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            peak_rss_mb=memory.peak_rss_kb / 1024,
            peak_anonymous_mb=memory.peak_anonymous_kb / 1024,
            exit_code=child.returncode,
            stdout=_content(stdout.fileno()),
            stderr=_content(stderr.fileno()),
        )


def _content(descriptor: int) -> str:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")


class _MemoryWatch(threading.Thread):
    """Samples the memory of a process and its descendants until stopped."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._stopped = threading.Event()
        self.peak_rss_kb = 0
        self.peak_anonymous_kb = 0

    def run(self) -> None:
        while not self._stopped.is_set():
            sizes = [_memory_kb(pid) for pid in process_tree(self._root)]
            self.peak_rss_kb = max(self.peak_rss_kb, sum(rss for rss, _ in sizes))
            self.peak_anonymous_kb = max(self.peak_anonymous_kb, sum(anonymous for _, anonymous in sizes))
            self._stopped.wait(SAMPLE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def process_tree(root: int) -> set[int]:
    """`root`, its descendants, and processes of its session whose parent is gone."""
    parents: dict[int, int] = {}
    tree = {root}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            stat = Path(entry.path, "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended since the folder was listed
        # The command name in brackets may hold anything, so fields are counted from the last bracket.
        _, parent, _, session = stat[stat.rindex(")") + 2 :].split(maxsplit=4)[:4]
        parents[int(entry.name)] = int(parent)
        if int(session) == root:
            tree.add(int(entry.name))
    grown = True
    while grown:
        found = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree |= found
        grown = bool(found)
    return tree


def _memory_kb(pid: int) -> tuple[int, int]:
    """(VmRSS, RssAnon) in KiB; zeros for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    found = {name: value for name, _, value in (line.partition(":") for line in lines)}
    rss, anonymous = found.get("VmRSS", "0"), found.get("RssAnon", "0")
    return int(rss.split()[0]), int(anonymous.split()[0])
