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

from moonshine_assets.errors import MoonshineError, Unreadable
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
        only: the one session looked for, `provider:session_id`, however long ago it was changed; empty: all live ones.
    """

    settings: Settings
    environment: Mapping[str, str]
    now: int
    counter: Callable[[], TokenCounter]
    only: str = ""

    @property
    def since(self) -> int:
        """Sessions that did not change since then are left out, epoch seconds."""
        return 0 if self.only else self.now - self.settings.watcher.active_within_secs

    def is_at(self, provider: str) -> bool:
        """Whether a provider's sessions are looked at."""
        return not self.only or self.only.partition(":")[0] == provider

    def may_be(self, path: Path) -> bool:
        """Whether a log named by its session may be one that is looked for."""
        return self.only.partition(":")[2] in path.name


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


def find(look: Look) -> Reading | None:
    """The one session that is looked for, as it is now; None when it is not where sessions are.

    Raises:
        MoonshineError: it is there and cannot be read.
    """
    found = collect(look)
    for reading in found.readings:
        if reading.key == look.only:
            return reading
    if found.problems:
        _, where, what = found.problems[0]
        raise Unreadable(what, where=where, fix="look again when it can be read")
    return None


def _places(look: Look) -> Iterator[Place]:
    settings, environment = look.settings, look.environment
    if settings.openclaw.enabled and look.is_at("openclaw"):
        folder = openclaw_folder(settings.openclaw.state_dir, environment)
        yield from (("openclaw", read) for read in _openclaw(look, folder))
    if settings.claude_code.enabled and look.is_at(claude_code.PROVIDER):
        folder = claude_code_folder(settings.claude_code.folder, environment)
        for path in filter(look.may_be, claude_code.sessions(folder, look.since)):
            yield claude_code.PROVIDER, partial(_claude_code, look, path)
    if settings.codex.enabled and look.is_at(codex.PROVIDER):
        folder = codex_folder(settings.codex.folder, environment)
        for path in filter(look.may_be, codex.sessions(folder, look.since)):
            yield codex.PROVIDER, partial(_codex, look, path)
    for pattern in settings.estimate.paths if look.is_at(estimate.PROVIDER) else ():
        # absolute patterns, which Path.glob does not take
        paths = map(Path, sorted(glob.glob(str(Path(pattern).expanduser()), recursive=True)))  # noqa: PTH207
        for path in filter(look.may_be, paths):
            yield estimate.PROVIDER, partial(_estimate, look, path)


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
