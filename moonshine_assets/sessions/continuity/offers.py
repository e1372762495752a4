"""An offer waits for the next session at the place where a distilled one worked."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from moonshine_assets.errors import Corruption
from moonshine_assets.sessions.contracts import DistillationRecord, Seconds, Sha256, Text
from moonshine_assets.sessions.distillation.statements import Statement
from moonshine_assets.sessions.distillation.summary import read_summary
from moonshine_resources.atomic import atomic_file
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

if TYPE_CHECKING:
    from moonshine_assets.sessions.distillation.archived import ArchivedSession

_NAME_CHARACTERS = 24
#: How long another process may keep the offers, seconds: a hook waits for this before a session begins.
WAIT = 5.0
#: What a new session needs most comes first, and goes last when room is short.
_ORDER = {"rule": 0, "decision": 1, "open": 2, "error": 3, "milestone": 4, "number": 5, "path": 6, "command": 7}


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the next session at a place can be told.

    Args:
        statements: checked against the archive and cut to what fits the block.
        left_out: statements that did not fit.
        claimed_by: the session that took it; None while nobody did.
    """

    tool: Text
    place: Text
    source_session_id: Text
    archive_path: Text
    content_hash: Sha256
    summary_path: Text
    daily_memory_refs: tuple[Text, ...]
    statements: tuple[Statement, ...]
    left_out: int
    offered_at_epoch_secs: Seconds
    claimed_by: str | None = None


def offer(
    home: Home,
    session: ArchivedSession,
    distillation: DistillationRecord,
    *,
    daily_memory_refs: tuple[str, ...],
    block_tokens: int,
    count: Callable[[str], int],
    now: int,
) -> Path | None:
    """Offer what a distillation found to the next session at the place; None when the place is unknown.

    An offer of the same archive stays as it is; one of a newer archive takes its place.

    Args:
        home: where offers are kept.
        session: the archive the distillation was made of.
        distillation: whose statements are offered.
        daily_memory_refs: files of memory that tell of the session, relative to the home.
        block_tokens: how many tokens the statements may have.
        count: tokens of a text.
        now: epoch seconds.

    Raises:
        Corruption: the summary is not one, or a statement of it cites messages that the archive does not have.
    """
    if not session.place:
        return None
    summary = read_summary(home.root / distillation.summary_path)
    ids = {message.message_id for message in session.messages}
    phantom = [one for one in summary.statements if not ids.issuperset(one.message_ids)]
    if phantom:
        raise Corruption(
            f"{len(phantom)} statements cite messages that the archive does not have",
            where=distillation.summary_path,
            fix="delete it; the archive is distilled again",
        )
    chosen = _fitting(summary.statements, block_tokens, count)
    made = Offer(
        tool=session.tool,
        place=session.place,
        source_session_id=session.record.session_id,
        archive_path=session.record.archive_path,
        content_hash=session.record.content_hash,
        summary_path=distillation.summary_path,
        daily_memory_refs=daily_memory_refs,
        statements=tuple(chosen),
        left_out=len(summary.statements) - len(chosen),
        offered_at_epoch_secs=now,
    )
    path = offer_path(home, session.tool, session.place)
    with exclusive(home.moon_continuity_lock, seconds=WAIT, what="what sessions are offered"):
        known = read_offer(path)
        if known is None or (known.source_session_id, known.content_hash, known.summary_path) != (
            made.source_session_id,
            made.content_hash,
            made.summary_path,
        ):
            write_offer(path, made)
    return path


def offer_path(home: Home, tool: str, place: str) -> Path:
    name = sha256(f"{tool}\0{place}".encode()).hexdigest()[:_NAME_CHARACTERS]
    return home.moon_continuity / "offers" / f"{name}.json"


def read_offer(path: Path) -> Offer | None:
    """An offer, or None when there is none; one that cannot be read any more is as good as none: it is made again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Offer)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def write_offer(path: Path, made: Offer) -> None:
    with atomic_file(path) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")


def _fitting(statements: tuple[Statement, ...], tokens: int, count: Callable[[str], int]) -> list[Statement]:
    """The most important statements that fit, in the order they are told in."""
    chosen: list[Statement] = []
    left = tokens
    for one in sorted(statements, key=lambda statement: _ORDER[statement.kind]):
        # the citation and the mark of the list cost tokens, too
        cost = count(one.text) + count(" ".join(one.message_ids)) + 4
        if cost <= left:
            chosen.append(one)
            left -= cost
    return chosen
