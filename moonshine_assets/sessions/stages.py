"""What each stage does to a session: plain functions that the watcher and the assets share.

In: the data home and a look at one session. Out: what was done, as a line for the audit log. Always: a stage that is
given back was verified by reading back, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from moonshine_assets.errors import GateFailed, Unreadable
from moonshine_assets.sessions.archive import VerifiedArchive, archive_session, latest_record, verify_archive
from moonshine_assets.sessions.audit import Code
from moonshine_assets.sessions.contracts import ArchiveRecord
from moonshine_assets.sessions.ladder import Stage
from moonshine_assets.sessions.prune.outcome import How
from moonshine_assets.sessions.prune.prune import prune_session
from moonshine_assets.sessions.recall import index_archive, verify_index
from moonshine_assets.sessions.succession import Distilled, Successor, distilled, succeeded
from moonshine_assets.sessions.usage.collect import Look, find
from moonshine_assets.sessions.watch import Outcome
from moonshine_resources.home import Home


class Done(NamedTuple):
    """What a stage did.

    Args:
        code: for the audit log.
        outcome: for the threshold machine.
        archive_path: of the archive it was about.
        reason: one sentence, where there is something to say.
        figures: counts a person would look at.
    """

    code: Code
    outcome: Outcome
    archive_path: str = ""
    reason: str = ""
    figures: dict[str, Any] = {}  # noqa: RUF012 - never changed


class Archived(NamedTuple):
    """A session in the archive, read back. `is_gone`: it is not where it was, the archive holds what it said before."""

    record: ArchiveRecord
    verified: VerifiedArchive
    is_gone: bool


class Found(NamedTuple):
    """A session in the index, found again by a token of its own."""

    passages: int
    parts: int
    token: str


def archived(home: Home, look: Look) -> Archived:
    """Archive the session `look.only` and read it back; one that is gone is what was archived of it before.

    Raises:
        Unreadable: it is gone and was never archived.
        Corruption: what was read back is not what was archived.
    """
    reading = find(look)
    if reading is not None:
        record = archive_session(home, look.settings, reading, look.now)
    else:
        known = record_of(home, look.only)
        if known is None:
            raise Unreadable("the session is not there any more", where=look.only, fix="put it back, if it can be")
        record = known
    return Archived(record, verify_archive(home, record), reading is None)


def indexed(home: Home, record: ArchiveRecord) -> Found:
    """Index an archive and find it again.

    Raises:
        GateFailed: the index does not find it.
    """
    made = index_archive(home, record)
    return Found(made.passages, made.parts, verify_index(home, record))


def record_of(home: Home, key: str) -> ArchiveRecord | None:
    """The newest archive of a session, `provider:session_id`."""
    provider, _, session_id = key.partition(":")
    return latest_record(home, session_id, provider)


def _archive(home: Home, look: Look) -> Done:
    held = archived(home, look)
    found = indexed(home, held.record)
    figures = {"members": held.verified.members, "size_bytes": held.verified.size_bytes, "passages": found.passages}
    reason = "the session is gone; its archive stands" if held.is_gone else ""
    return Done(Code.ARCHIVED, Outcome.FINISHED, held.record.archive_path, reason, figures)


_PRUNE_CODES = {
    How.COMPACTED: Code.PRUNED,
    How.COPIED: Code.PRUNED,
    How.NOT_NEEDED: Code.PRUNE_NOT_NEEDED,
    How.SWITCHED_OFF: Code.PRUNE_SWITCHED_OFF,
}


def _prune(home: Home, look: Look) -> Done:
    pruned = prune_session(home, look)
    outcome = Outcome.LEFT if pruned.is_left else Outcome.FINISHED
    figures = {
        name: value
        for name, value in {
            "how": pruned.how.value,
            "tokens_before": pruned.tokens_before,
            "tokens_after": pruned.tokens_after,
            "copy": pruned.copy_id or None,
        }.items()
        if value is not None
    }
    return Done(_PRUNE_CODES[pruned.how], outcome, pruned.archive_path, pruned.reason, figures)


def _distill(home: Home, look: Look) -> Done:
    record = required(home, look.only)
    made = distilled(home, look, record)
    return continued(made, succeeded(home, look, made))


def required(home: Home, key: str) -> ArchiveRecord:
    """The newest archive of a session.

    Raises:
        GateFailed: there is none.
    """
    record = record_of(home, key)
    if record is None:
        raise GateFailed("the session is not archived", where=key, fix="materialize session_archive first")
    return record


def continued(made: Distilled, successor: Successor) -> Done:
    """What a distillation and the step after it did."""
    archive = made.session.record.archive_path
    figures = {"by": made.record.provider, "messages": len(made.session.messages)}
    if successor.map is None:
        reason = "waits for the next session at its place" if made.is_offered else "nobody knows where it worked"
        return Done(Code.DISTILLED, Outcome.FINISHED, archive, reason, figures)
    reason = f"goes on as {successor.session_key or successor.map.target_session_id}"
    figures["decisions"] = len(successor.map.key_decisions)
    return Done(Code.CONTINUED, Outcome.FINISHED, archive, reason, figures)


#: What is done in each stage, in their order.
STAGE: dict[Stage, Callable[[Home, Look], Done]] = {
    Stage.ARCHIVE: _archive,
    Stage.PRUNE: _prune,
    Stage.DISTILL: _distill,
}
