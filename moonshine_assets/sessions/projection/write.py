"""Entries gathered into parts; a part is written when it is full or there is nothing more to tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple

from moonshine_assets.sessions.projection.parts import Head, head_lines, part_name, stem_of
from moonshine_assets.sessions.projection.render import named, rendered, times
from moonshine_assets.sessions.projection.said import Said
from moonshine_assets.sessions.projection.state import Progress
from moonshine_resources.atomic import write_text
from moonshine_resources.home import Home

#: A part is closed with the entry that takes it over so many characters.
PART_CHARACTERS = 1 << 20
_TOOLS_SHOWN = 20
_TOOL_NAME = 60


class Source(NamedTuple):
    """What is told of; see `parts.Head`."""

    session_id: str
    provider: str
    conversation: str
    member: str
    archive: str
    snapshot: str
    lineage: int
    is_main: bool
    is_agent: bool


@dataclass(slots=True)
class _Gathered:
    """Entries on their way into a part."""

    lines: list[str] = field(default_factory=list)
    size: int = 0
    entries: int = 0
    noise: int = 0
    first_line: int = 0
    last_line: int = 0
    times: list[int] = field(default_factory=list)
    tools: Counter[str] = field(default_factory=Counter)


class Writer:
    """The parts of one member's text, continued."""

    def __init__(self, home: Home, source: Source, progress: Progress, zone: tzinfo) -> None:
        self._home = home
        self._source = source
        self._progress = progress
        self._zone = zone
        self._open = _Gathered()

    def add(self, said: Said, line: int) -> None:
        """Take in an entry; `line` is the number of its line in the member, from 1."""
        entry, part = rendered(said, line, self._zone), self._open
        part.lines += [*entry.lines, ""]
        part.size += sum(map(len, entry.lines))
        part.entries += 1
        part.first_line = part.first_line or line
        part.last_line = line
        if said.at is not None:
            part.times = [min([*part.times, said.at]), max([*part.times, said.at])]
        part.tools.update(block.tool_name for block in said.blocks if block.kind == "tool_call" and block.tool_name)
        if part.size >= PART_CHARACTERS:
            self.close()

    def left_out(self) -> None:
        """A line of noise."""
        self._open.noise += 1

    def close(self) -> None:
        """Write what was gathered."""
        part, source = self._open, self._source
        if not part.entries:
            return
        number = len(self._progress.parts) + 1
        stem = stem_of(source.provider, source.session_id, source.member, source.is_main)
        tools = part.tools.most_common(_TOOLS_SHOWN)
        head = Head(
            session=source.session_id,
            provider=source.provider,
            conversation=source.conversation,
            member=source.member,
            part=number,
            archive=source.archive,
            snapshot=source.snapshot,
            lines=f"{part.first_line}-{part.last_line}",
            lineage=source.lineage,
            first_at=times(part.times[0] if part.times else None, self._zone)[0],
            last_at=times(part.times[-1] if part.times else None, self._zone)[0],
            timezone=str(self._zone),
            entries=part.entries,
            left_out=part.noise,
            tools=", ".join(f"{named(name, _TOOL_NAME)} {count}" for name, count in tools),
        )
        name = part_name(stem, number)
        write_text(self._home.session_texts / name, "\n".join([*head_lines(head), "", *part.lines]))
        self._progress.parts.append(name)
        self._open = _Gathered()
