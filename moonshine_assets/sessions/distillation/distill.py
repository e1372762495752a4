"""One archived session to its summary, and the summary into the memory of the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moonshine_assets.errors import Corruption, MoonshineError
from moonshine_assets.sessions import audit
from moonshine_assets.sessions.contracts import DistillationRecord
from moonshine_assets.sessions.daily.day import remember
from moonshine_assets.sessions.distillation.archived import ArchivedSession
from moonshine_assets.sessions.distillation.cascade import asked_for, distilled
from moonshine_assets.sessions.distillation.summary import Summary, read_summary, summary_path, write_summary
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.locks import exclusive

#: In the audit log: the rules did what a model was asked for.
DEGRADED = "MOON_WARN_DISTILL_DEGRADED"
#: How long another process may distil, seconds.
_WAIT = 600.0


def distill_session(
    home: Home, settings: Settings, session: ArchivedSession, environment: Mapping[str, str], now: int
) -> DistillationRecord:
    """Distil an archive and remember it. The same archive and distiller again change nothing.

    Args:
        home: where summary, memory and audit log are kept.
        settings: who distils and within which bounds.
        session: what was archived.
        environment: keys of model providers.
        now: epoch seconds.

    Raises:
        MoonshineError: the summary or the memory could not be written. The audit log has a line of it.
    """
    try:
        with exclusive(home.moon_memory_lock, seconds=_WAIT, what="the memory of sessions"):
            summary = _summary(home, settings, session, environment, now)
            remember(home, settings, summary)
    except MoonshineError as error:
        what = f"{type(error).__name__} while distilling by {asked_for(settings)}"
        audit.note(home, _line(audit.Code.DISTILL_FAILED, session, now, retry=True, reason=what))
        raise
    path = summary_path(home, session.tool, session.record, asked_for(settings))
    return DistillationRecord(
        session_id=session.record.session_id,
        archive_path=session.record.archive_path,
        provider=summary.distiller,
        summary_path=path.relative_to(home.root).as_posix(),
        audit_log_path=home.moon_audit_log.relative_to(home.root).as_posix(),
        created_at_epoch_secs=summary.generated_at_epoch_secs,
    )


def _summary(
    home: Home, settings: Settings, session: ArchivedSession, environment: Mapping[str, str], now: int
) -> Summary:
    """The summary of an archive: the one there is, or a new one. One made in need is made again."""
    asked = asked_for(settings)
    path = summary_path(home, session.tool, session.record, asked)
    try:
        known = read_summary(path)
        if not known.degraded:
            return known
    except FileNotFoundError:
        known = None
    except Corruption:
        # it can be made again from the archive, and the one who looks it up will find a whole one
        known = None
    result = distilled(session.messages, settings, environment)
    if known is not None and result.degraded:
        return known
    summary = Summary(
        tool=session.tool,
        session_id=session.record.session_id,
        archive_path=session.record.archive_path,
        content_hash=session.record.content_hash,
        distiller=result.by,
        asked=asked,
        place=session.place,
        messages=len(session.messages),
        left_out=result.left_out,
        statements=tuple(result.statements),
        rejected=dict(sorted(result.rejected.items())),
        degraded=result.degraded,
        generated_at_epoch_secs=now,
    )
    write_summary(path, summary)
    code = DEGRADED if result.degraded else audit.Code.DISTILLED
    figures = {"statements": len(summary.statements), "messages": summary.messages, **summary.rejected}
    audit.note(home, _line(code, session, now, reason=result.degraded, figures=figures))
    return summary


def _line(code: str, session: ArchivedSession, now: int, **more: Any) -> audit.Line:
    key = f"{session.tool}:{session.record.session_id}"
    return audit.Line(code=code, at=now, stage="distill", session=key, archive=session.record.archive_path, **more)
