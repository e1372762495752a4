"""QMD's command (`@tobilu/qmd`), as far as it works offline: collections and full-text search.

In: a folder of texts. Out: counts of what it indexed, and hits. Always: one process writes at a time, every call has a
time limit, a folder that has vanished is never taken for an empty one, and nothing that needs a model is ever called.
What was measured of it: docs/decisions/0014-recall-index.md.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.errors import GateFailed
from moonshine_resources.openclaw import ToolFailed

_FIX = "check qmd.command in moon.toml, or set qmd.enabled to false"
#: What it may be asked to do; `query` and `embed` load models, and hang for twelve minutes without a network.
_OFFLINE = frozenset({"--version", "collection", "ls", "search", "update"})
#: Other processes at the same index make it fail so; the same call succeeds when they are done.
_PASSING = ("SQLITE_BUSY", "SQLITE_CONSTRAINT", "SQLITE_SCHEMA", "database is locked", "vtable constructor failed")
_TRIES = 4
_PAUSE = 0.25
_INDEXED = re.compile(r"Indexed: (\d+) new, (\d+) updated, (\d+) unchanged, (\d+) removed")
_LISTED = re.compile(r"qmd://[^/\s]+/(\S+)")


class QmdUpdate(NamedTuple):
    """What an update did, as QMD says, and how many texts its collection has after it."""

    new: int
    updated: int
    unchanged: int
    removed: int
    held: int


class QmdHit(NamedTuple):
    """A text that has every word: its file name, the line of the first place, and a score from 0 to 1."""

    name: str
    line: int
    score: float


@dataclass(frozen=True, slots=True)
class Qmd:
    """The command and how it is run.

    Args:
        command: name on the PATH, a path, or several words, as `node /opt/qmd/bin/qmd`.
        folder: where its index and settings are kept; a person's own QMD is left alone.
        seconds: how long a search may take.
        update_seconds: how long indexing may take.
    """

    command: str
    folder: Path
    seconds: float = 30.0
    update_seconds: float = 900.0

    def is_installed(self) -> bool:
        words = shlex.split(self.command)
        return bool(words) and shutil.which(words[0]) is not None

    def update(self, collection: str, texts: Path) -> QmdUpdate:
        """Index a folder's texts (`*.md`), and read back how many are held; the caller holds the lock of its writers.

        Raises:
            GateFailed: the folder is not there or empty, or QMD holds another number of texts than there are.
            ToolFailed: QMD is missing, ran too long or failed.
        """
        wanted = {path.name for path in texts.glob("*.md")} if texts.is_dir() else set()
        if not wanted:
            # an update would empty the collection and call that a success
            raise GateFailed("there are no texts to index", where=str(texts), fix="archive a session first")
        if collection in self._collections():
            said = self._run("update", seconds=self.update_seconds)
        else:
            arguments = ("collection", "add", str(texts), "--name", collection, "--mask", "*.md")
            said = self._run(*arguments, seconds=self.update_seconds)
        held = self._held(collection)
        if held < len(wanted):
            raise GateFailed(
                f"QMD holds {held} of {len(wanted)} texts",
                where=f"collection {collection}",
                fix=f"remove {self.folder} and index again",
            )
        found = _INDEXED.search(said)
        new, updated, unchanged, removed = map(int, found.groups()) if found else (0, 0, held, 0)
        return QmdUpdate(new, updated, unchanged, removed, held)

    def search(self, collection: str, query: str, limit: int) -> list[QmdHit]:
        """Texts that have every word of a query, the best first.

        Raises:
            ToolFailed: QMD is missing, ran too long, failed, or printed something else.
        """
        said = self._run("search", query, "-c", collection, "-n", str(limit), "--format", "json", seconds=self.seconds)
        start = said.find("[")
        try:
            found: Any = json.loads(said[start:]) if start >= 0 else None
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise ToolFailed("printed no list of hits", where="qmd search", fix=_FIX)
        return [hit for item in found if (hit := _hit(item)) is not None]

    def _collections(self) -> set[str]:
        listed = self._run("collection", "list", seconds=self.seconds)
        return set(re.findall(r"^(\S+) \(qmd://", listed, re.MULTILINE))

    def _held(self, collection: str) -> int:
        return len(set(_LISTED.findall(self._run("ls", collection, seconds=self.update_seconds))))

    def _run(self, *arguments: str, seconds: float) -> str:
        """What it prints; a failure that passes is waited for."""
        if arguments[0] not in _OFFLINE:
            raise ValueError(f"qmd {arguments[0]} needs a model")
        for attempt in range(1, _TRIES + 1):
            done = self._once(arguments, seconds)
            if done.returncode == 0:
                return done.stdout.decode("utf-8", errors="replace")
            told = done.stderr.decode("utf-8", errors="replace")
            if attempt < _TRIES and any(mark in told for mark in _PASSING):
                time.sleep(_PAUSE * 2**attempt)
                continue
            # its messages may quote texts
            what = "killed by a signal" if done.returncode < 0 else f"ended with exit code {done.returncode}"
            raise ToolFailed(what, where=f"qmd {arguments[0]}", fix=_FIX)
        raise AssertionError("unreachable")

    def _once(self, arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[bytes]:
        words = shlex.split(self.command)
        environment = {
            **os.environ,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "QMD_CONFIG_DIR": str(self.folder / "config"),
        }
        if os.sep in words[0]:
            # its launcher looks for the Node it runs on by name
            environment["PATH"] = os.pathsep.join([str(Path(words[0]).parent), environment.get("PATH", "")])
        try:
            return subprocess.run(  # noqa: S603 - the user's own command, no shell
                [*words, *arguments],
                capture_output=True,
                timeout=seconds,
                env=environment,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            what = f"did not end within {seconds:g} s"
            raise ToolFailed(
                what, where=f"qmd {arguments[0]}", fix="raise qmd.timeout_secs, or switch it off"
            ) from error
        except OSError as error:
            raise ToolFailed("cannot be started", where=words[0], fix=_FIX) from error


def _hit(item: Any) -> QmdHit | None:
    if not isinstance(item, dict):
        return None
    file, line, score = item.get("file"), item.get("line"), item.get("score")
    match = _LISTED.match(file) if isinstance(file, str) else None
    if match is None or not isinstance(line, int) or not isinstance(score, int | float):
        return None
    return QmdHit(match[1], line, float(score))
