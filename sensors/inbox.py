"""Which entries of the inbox are whole and new: a pure decision over two looks at the folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

#: An entry must not have changed for this long, seconds, and look the same at two ticks.
STABLE_SECONDS = 10.0
#: Names under which browsers and copy tools write what is not whole yet.
PARTIAL_SUFFIXES = (".part", ".partial", ".crdownload", ".download", ".tmp", ".filepart", "~")


class Reading(NamedTuple):
    """How an entry looks: bytes in all, time of the last change (ns), number of files."""

    size: int
    changed_ns: int
    files: int


class Decision(NamedTuple):
    """`ready`: names to register now. `state`: what the next decision needs."""

    ready: list[str]
    state: dict[str, list[int | str]]


def read_inbox(inbox: Path) -> dict[str, Reading]:
    """A look at the inbox: its files and folders, without hidden and half-copied ones."""
    if not inbox.is_dir():
        return {}
    readings = {}
    for entry in sorted(inbox.iterdir()):
        if entry.name.startswith(".") or entry.name.lower().endswith(PARTIAL_SUFFIXES) or entry.name == "README.md":
            continue
        try:
            readings[entry.name] = _reading(entry)
        except FileNotFoundError:
            continue
    return readings


def _reading(entry: Path) -> Reading:
    if entry.is_file():
        facts = entry.stat()
        return Reading(facts.st_size, facts.st_mtime_ns, 1)
    size, changed, files = 0, entry.stat().st_mtime_ns, 0
    for folder, _, names in os.walk(entry):
        for name in names:
            facts = (Path(folder) / name).lstat()
            size, changed, files = size + facts.st_size, max(changed, facts.st_mtime_ns), files + 1
    return Reading(size, changed, files)


def decide(
    state: dict[str, list[int | str]],
    readings: dict[str, Reading],
    now: float,
    *,
    most: int,
    stable_seconds: float = STABLE_SECONDS,
) -> Decision:
    """Say which entries to register.

    Args:
        state: from the decision before: name → [size, changed_ns, files, "waiting" | "done"]; {} at first.
        readings: the inbox now.
        now: time, seconds since 1970.
        most: how many entries to give out at once; the others stay waiting.

    An entry is ready when it looks as it did at the tick before and has not changed for `stable_seconds`. One that was
    given out is done until it looks different. Entries that are gone are forgotten.
    """
    ready: list[str] = []
    following: dict[str, list[int | str]] = {}
    for name, reading in readings.items():
        before = state.get(name)
        unchanged = before is not None and before[:3] == list(reading)
        if unchanged and before is not None and before[3] == "done":
            following[name] = before
            continue
        stable = unchanged and now - reading.changed_ns / 1e9 >= stable_seconds
        if stable and len(ready) < most:
            ready.append(name)
            following[name] = [*reading, "done"]
        else:
            following[name] = [*reading, "waiting"]
    return Decision(ready, following)
