"""Reads the sample stories: some `key: value` lines, then steps, each with its body under it.

A step begins `=== label < parent kind +seconds {options}`; seconds and options may be left out.
`\\ue200` to `\\ue202` and `\\ud83d` in a body stand for that code unit.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STEP = re.compile(r"=== (\S+) < (\S+) (\S+)(?: \+(\d+))?(?: (\{.*\}))?")
CODE_UNIT = re.compile(r"\\u(e20[012]|d83d)")


@dataclass
class Step:
    """One message to be; `after` is seconds since its parent, None where the story does not say."""

    label: str
    parent: str
    kind: str
    after: int | None
    options: dict[str, Any]
    body: str = ""


@dataclass
class Story:
    """One conversation: `head` holds its key/value lines, repeated keys joined by a line feed."""

    name: str
    head: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def start(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return datetime.fromisoformat(self.head["start"]).astimezone(UTC).timestamp()

    def pairs(self, key: str) -> list[list[str]]:
        """The labels [chosen, rejected] of each line `key: chosen > rejected`."""
        return [line.split(" > ") for line in self.head.get(key, "").splitlines()]


def read_stories(folder: Path) -> list[Story]:
    """The stories of a folder in the order of their file names."""
    return [_read(path) for path in sorted(folder.glob("*.txt"))]


def _read(path: Path) -> Story:
    story = Story(path.stem)
    for line in path.read_text(encoding="utf-8").splitlines():
        match = STEP.fullmatch(line)
        if match:
            label, parent, kind, after, options = match.groups()
            story.steps.append(
                Step(label, parent, kind, int(after) if after else None, json.loads(options or "{}"))
            )
        elif story.steps:
            story.steps[-1].body += line + "\n"
        elif line:
            key, value = line.split(":", 1)
            joined = [story.head[key]] if key in story.head else []
            story.head[key] = "\n".join([*joined, value.strip()])
    for step in story.steps:
        step.body = CODE_UNIT.sub(lambda found: chr(int(found[1], 16)), step.body).rstrip("\n")
    return story


def stable_id(*parts: str) -> str:
    """The same UUID for the same parts, on every machine."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("moonshine-samples", *parts))))


def times(story: Story, defaults: dict[str, int]) -> dict[str, float]:
    """Label → seconds since 1970-01-01 UTC, each step counted from its parent; `defaults` by kind."""
    seconds: dict[str, float] = {}
    for step in story.steps:
        after = step.after if step.after is not None else defaults.get(step.kind, 10)
        seconds[step.label] = seconds.get(step.parent, story.start()) + after
    return seconds


def iso(seconds: float) -> str:
    """ISO 8601 in UTC with microseconds and Z."""
    return datetime.fromtimestamp(seconds + 0.204816, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
