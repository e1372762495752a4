"""The commands as a person runs them: a process of its own, a plain environment, files on disk."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from click.testing import CliRunner

from moonshine_assets.cli.moonshine import main
from moonshine_assets.mash.content import content_hash
from moonshine_assets.mash.schema import MASH_TABLES
from moonshine_resources.duckdb import connect
from moonshine_resources.home import PROJECT_ROOT, Home
from moonshine_resources.tokenizer import TokenCounter
from moonshine_resources.tokenizer import counter as counting

SAMPLES = PROJECT_ROOT / "data" / "samples"
BUNDLED = ("chatgpt-export.zip", "chatgpt-shards.zip", "claude-export.zip")
#: The console script the package installs.
SCRIPT = Path(sys.executable).with_name("moonshine")
_OURS = ("DAGSTER_HOME", "MOONSHINE_", "MOON_", "TIKTOKEN_CACHE_DIR", "PYTEST_")
#: Sessions of whoever runs the tests are none of their business.
_NO_AGENTS = {
    "CLAUDE_CONFIG_DIR": "/nonexistent",
    "CODEX_HOME": "/nonexistent",
    "OPENCLAW_STATE_DIR": "/nonexistent",
    "MOON_OPENCLAW_SOURCE": "files",
}


class Said(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


class Ran(NamedTuple):
    """A data home, the folder of the exports that were given, and what `moonshine run` said."""

    home: Home
    exports: Path
    said: Said


def environment(**more: str) -> dict[str, str]:
    """The environment without anything that points at a data home, an instance or an agent."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, **_NO_AGENTS, **more}


def words_of(*words: str | Path, home: Path | Home) -> list[str]:
    root = home.root if isinstance(home, Home) else home
    return [str(SCRIPT), *map(str, words), "--home", str(root)]


def heed_interrupts() -> None:
    """For a child process: Ctrl-C counts, even where the tests themselves run in the background and ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def moonshine(*words: str | Path, home: Path | Home, cwd: Path | None = None, **more: str) -> Said:
    """Run `moonshine WORDS --home HOME` and wait for its end."""
    done = subprocess.run(
        words_of(*words, home=home), capture_output=True, text=True, env=environment(**more), cwd=cwd, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


def in_process(*words: str | Path, home: Home, counter: TokenCounter | None = None) -> Said:
    """The same within this process, where the process is not what is tested; `counter` spares loading another one."""
    known = {home.vocabulary_cache.absolute(): counter} if counter else {}
    thresholds = gc.get_threshold()
    with patch.dict(os.environ, environment(), clear=True), patch.dict(counting._loaded, known):
        result = CliRunner().invoke(main, [*map(str, words), "--home", str(home.root)])
        # A command that ends early leaves it behind; it sets a variable when it is done.
        for thread in threading.enumerate():
            if thread.name == "load-tokenizer":
                thread.join()
    gc.set_threshold(*thresholds)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def run_on_samples(base: Path) -> Ran:
    """`moonshine run` on copies of the bundled samples."""
    exports = base / "given"
    exports.mkdir()
    for name in BUNDLED:
        shutil.copy(SAMPLES / name, exports / name)
    home = Home.at(base / "home")
    said = moonshine("run", *(exports / name for name in BUNDLED), home=home, cwd=base)
    return Ran(home, exports, said)


def copied(ran: Ran, target: Path) -> Home:
    """A copy of a home that a test may change."""
    shutil.copytree(ran.home.root, target)
    return Home.at(target)


def mash_hash(home: Home) -> str:
    """What the mash holds, as one hash."""
    with connect(home.mash, read_only=True) as connection:
        return content_hash(connection, MASH_TABLES)


def files_under(folders: Sequence[Path]) -> dict[str, bytes]:
    """Every file that is no database, by its path, with its bytes."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".db"
    }
