"""Live sessions of Claude Code and Codex in folders of a test, and a watcher's look at them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from moonshine_assets.sessions.settings import Prune, Settings
from moonshine_assets.sessions.usage.collect import Look
from moonshine_resources.tokenizer import TokenCounter
from sessions.logs import (
    NOW,
    SESSION,
    claude_answer,
    claude_call,
    claude_result,
    claude_said,
    codex_count,
    codex_line,
    codex_said,
    write,
)

#: A result of a tool that is worth cutting.
LONG = "\n".join(f"{n}: the service on port {8000 + n} answered in {n} ms" for n in range(400))
#: Where prunes are allowed without hooks, and no agent's command is found.
PRUNING = Settings(prune=Prune(mode="always"))


@dataclass
class Machine:
    """A machine with agents. `now` is its clock, epoch seconds."""

    root: Path
    settings: Settings = PRUNING
    now: int = NOW
    counter: TokenCounter | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Mapping[str, str]:
        folders = {"CLAUDE_CONFIG_DIR": "claude", "CODEX_HOME": "codex", "OPENCLAW_STATE_DIR": "openclaw"}
        return {variable: str(self.root / name) for variable, name in folders.items()} | self.extra

    def look(self, only: str = "") -> Look:
        return Look(self.settings, self.environment, self.now, self._counter, only)

    def clock(self) -> int:
        return self.now

    def _counter(self) -> TokenCounter:
        if self.counter is None:
            pytest.fail("nothing is to be counted")
        return self.counter

    def claude(self, tokens: int, *more: Any, session_id: str = SESSION, age: int = 600) -> Path:
        """A Claude Code session in which a tool said much, after which the context holds that many tokens."""
        lines = [
            claude_said(0, "Where does the billing service listen?", cwd=str(self.root)),
            claude_call(1, "Bash", command="ss -tlnp"),
            claude_result(2, 1, LONG),
            claude_answer(tokens),
            *more,
        ]
        own = [{**line, "sessionId": session_id} for line in lines]
        return self._written(self.root / "claude" / "projects" / "-p" / f"{session_id}.jsonl", own, age)

    def codex(self, tokens: int, *more: Any, session_id: str = SESSION, age: int = 600) -> Path:
        lines = [
            codex_line("session_meta", id=session_id, cwd=str(self.root), cli_version="0.169.0"),
            codex_said(1, "Where does the billing service listen?"),
            codex_line("response_item", type="function_call_output", call_id="c", output=LONG),
            codex_said(3, "On port 8017.", "assistant"),
            codex_count(tokens),
            *more,
        ]
        day = self.root / "codex" / "sessions" / "2027" / "01" / "15"
        return self._written(day / f"rollout-2027-01-15T05-00-00-{session_id}.jsonl", lines, age)

    def _written(self, path: Path, lines: list[dict[str, Any]], age: int) -> Path:
        return write(path, lines, changed=self.now - age)

    def touch(self, path: Path, age: int) -> None:
        os.utime(path, (self.now - age, self.now - age))
