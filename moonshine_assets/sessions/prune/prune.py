"""One session made smaller, and only when that is needed, allowed and safe."""

from __future__ import annotations

from collections.abc import Callable

from moonshine_assets.errors import GateFailed
from moonshine_assets.sessions.archive import archive_session, verify_archive
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.hooks.installation import is_installed
from moonshine_assets.sessions.ladder import DEPTH, Ladder, Stage
from moonshine_assets.sessions.prune.compaction import claude_code_compacted, codex_compacted, openclaw_compacted
from moonshine_assets.sessions.prune.copy import pruned_copy
from moonshine_assets.sessions.prune.outcome import How, Pruned
from moonshine_assets.sessions.settings import Settings
from moonshine_assets.sessions.usage.collect import Look, find
from moonshine_assets.sessions.usage.reading import Reading
from moonshine_resources.agent_command import ToolFailed
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

_COMPACTED: dict[str, Callable[[Reading, Look], Pruned]] = {
    "openclaw": openclaw_compacted,
    "claude_code": claude_code_compacted,
    "codex": codex_compacted,
}
#: Agents that write to a session's file at any time, and whose command is another process than the one in use.
_IN_A_TERMINAL = ("claude_code", "codex")


def prune_session(home: Home, look: Look) -> Pruned:
    """Make the session `look.only` smaller.

    Raises:
        GateFailed: its numbers are in doubt, it is in use, or usage did not fall.
        Corruption: what was read back is not what was archived.
        ToolFailed: its agent could not compact it, and there is no other way.
        Busy: another process prunes it.
    """
    provider, _, session_id = look.only.partition(":")
    if not _is_allowed(home, look.settings, provider):
        return Pruned(How.SWITCHED_OFF, reason=f"prune.mode is {look.settings.prune.mode}")
    lock = home.moon_locks / f"prune.{provider}.{session_id[:80].replace('/', '_')}.lock"
    with exclusive(lock, seconds=0, what=f"the session {look.only}"):
        reading = find(look)
        if reading is None or Ladder.of(look.settings).held(reading.usage_ratio) < DEPTH[Stage.PRUNE]:
            return Pruned(How.NOT_NEEDED, reason="usage has fallen clear of the step")
        _require_prunable(reading, look)
        record = _secured(home, look, reading)
        return _smaller(home, look, reading, record)._replace(archive_path=record.archive_path)


def _is_allowed(home: Home, settings: Settings, provider: str) -> bool:
    if settings.prune.mode == "installed":
        return is_installed(home, provider)
    return settings.prune.mode == "always"


def _require_prunable(reading: Reading, look: Look) -> None:
    if not reading.is_trusted:
        doubts = ", ".join(reading.doubts)
        raise GateFailed("usage is in doubt, so nothing is pruned", where=reading.key, fix=f"doubts: {doubts}")
    idle = look.now - reading.updated_at_epoch_secs
    if reading.provider in _IN_A_TERMINAL and idle < look.settings.prune.idle_secs:
        raise GateFailed("the session is in use", where=reading.key, fix="it is pruned when nobody has gone on with it")


def _secured(home: Home, look: Look, reading: Reading) -> ArchiveRecord:
    """The archive of what is there now, read back; without it there is no prune.

    Raises:
        Corruption: what was read back is not what was archived.
    """
    record = archive_session(home, look.settings, reading, look.now)
    verify_archive(home, record)
    return record


def _smaller(home: Home, look: Look, reading: Reading, record: ArchiveRecord) -> Pruned:
    """By its agent; where that cannot be, a pruned copy for the agents that go on from a file."""
    compacted = _COMPACTED.get(reading.provider)
    if compacted is None:
        return Pruned(How.NOT_NEEDED, reason=f"sessions of {reading.provider} cannot be pruned")
    try:
        return compacted(reading, look)
    except ToolFailed as error:
        if reading.provider not in _IN_A_TERMINAL:
            raise
        archive = home.root / record.archive_path
        made = pruned_copy(reading, record, archive, look)
        return made._replace(reason=f"{error.what}; {made.reason}")
