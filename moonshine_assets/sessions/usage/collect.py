"""Every live session of every agent that is switched on, read once.

In: settings and the time. Out: readings by key, and what could not be read. Always: one agent's trouble keeps nothing
of the others back, and nothing is written.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.errors import MoonshineError
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage import claude_code, codex, estimate, openclaw
from moonshine_assets.sessions.usage.reading import Doubt, Reading
from moonshine_resources.agent_folders import claude_code_folder, codex_folder, openclaw_folder
from moonshine_resources.openclaw import OpenClaw
from moonshine_resources.tokenizer import TokenCounter


class Problem(NamedTuple):
    """What could not be read."""

    provider: str
    where: str
    what: str


class Collected(NamedTuple):
    """Readings in the order of their keys, and problems."""

    readings: list[Reading]
    problems: list[Problem]


class Look(NamedTuple):
    """The situation every reading is made in.

    Args:
        settings: what applies.
        environment: for the folders of agents.
        now: epoch seconds.
        counter: gives the token counter; called only when something must be estimated.
    """

    settings: Settings
    environment: Mapping[str, str]
    now: int
    counter: Callable[[], TokenCounter]

    @property
    def since(self) -> int:
        """Sessions that did not change since then are left out, epoch seconds."""
        return self.now - self.settings.watcher.active_within_secs


#: A provider, and a place of it that is tried for itself: a store, an index, a file, a command.
Place = tuple[str, Callable[[], list[Reading]]]


def collect(look: Look) -> Collected:
    """The readings of this moment."""
    found: dict[str, Reading] = {}
    problems: list[Problem] = []
    for provider, read in _places(look):
        try:
            for reading in read():
                # of a session that several places tell of, the first one counts
                found.setdefault(reading.key, reading)
        except FileNotFoundError:
            # an agent has just taken a file away; the next look is without it
            continue
        except MoonshineError as error:
            problems.append(Problem(provider, error.where, error.what))
        except OSError as error:
            problems.append(Problem(provider, str(error.filename or ""), error.strerror or "cannot be read"))
    return Collected([found[key] for key in sorted(found)], problems)


def _places(look: Look) -> Iterator[Place]:
    settings, environment = look.settings, look.environment
    if settings.openclaw.enabled:
        folder = openclaw_folder(settings.openclaw.state_dir, environment)
        yield from (("openclaw", read) for read in _openclaw(look, folder))
    if settings.claude_code.enabled:
        folder = claude_code_folder(settings.claude_code.folder, environment)
        for path in claude_code.sessions(folder, look.since):
            yield claude_code.PROVIDER, partial(_claude_code, look, path)
    if settings.codex.enabled:
        folder = codex_folder(settings.codex.folder, environment)
        for path in codex.sessions(folder, look.since):
            yield codex.PROVIDER, partial(_codex, look, path)
    for pattern in settings.estimate.paths:
        # absolute patterns, which Path.glob does not take
        for name in sorted(glob.glob(str(Path(pattern).expanduser()), recursive=True)):  # noqa: PTH207
            yield estimate.PROVIDER, partial(_estimate, look, Path(name))


def _openclaw(look: Look, folder: Path) -> Iterator[Callable[[], list[Reading]]]:
    """Its files; its command where that is asked for, or where there are no files and the command is installed."""
    told = look.settings.openclaw
    facts = openclaw.Facts(look.now, look.since, look.settings.windows, told.own_compaction)
    files = [partial(openclaw.from_store, path, facts) for path in sorted(folder.glob(openclaw.STORE))]
    files += [partial(openclaw.from_index, path, facts) for path in sorted(folder.glob(openclaw.INDEX))]
    command = OpenClaw(told.command, told.command_timeout_secs, told.gateway_token, told.state_dir)
    if told.source != "command":
        yield from files
    if told.source == "command" or (told.source == "auto" and not files and command.is_installed()):
        yield lambda: openclaw.from_command(command.sessions(), facts)


def _claude_code(look: Look, path: Path) -> list[Reading]:
    own = look.settings.claude_code.own_compaction
    return [_filled(look, path, claude_code.read(path, look.now, look.settings.windows, own))]


def _codex(look: Look, path: Path) -> list[Reading]:
    told = look.settings.codex
    limit = told.auto_compact_token_limit
    reading = codex.read(path, look.now, look.settings.windows, told.own_compaction, limit)
    return [] if reading is None else [_filled(look, path, reading)]


def _estimate(look: Look, path: Path) -> list[Reading]:
    if not path.is_file() or path.stat().st_mtime < look.since:
        return []
    return [estimate.read(path, look.now, look.settings.estimate.window_tokens, look.counter())]


def _filled(look: Look, path: Path, reading: Reading) -> Reading:
    """A log that states no usage is counted instead."""
    if reading.used_tokens is not None or Doubt.AFTER_COMPACTION in reading.doubts:
        return reading
    return estimate.estimated(reading, path, look.counter())
