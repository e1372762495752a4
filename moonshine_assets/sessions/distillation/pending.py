"""L1: archived sessions that no distillation has told of yet, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from moonshine_assets.errors import Corruption, MoonshineError
from moonshine_assets.sessions.archive import key_of_record, provider_of_record, records
from moonshine_assets.sessions.contracts import ArchiveRecord, DistillationRecord
from moonshine_assets.sessions.distillation.archived import open_archive
from moonshine_assets.sessions.distillation.cascade import asked_for
from moonshine_assets.sessions.distillation.distill import distill_session
from moonshine_assets.sessions.distillation.offering import offer_distilled
from moonshine_assets.sessions.distillation.summary import read_summary, summary_path
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home


class Done(NamedTuple):
    """What became of one archive: its distillation and where it is offered, or the error."""

    record: ArchiveRecord
    distillation: DistillationRecord | None
    offer: Path | None
    error: MoonshineError | None


def pending(home: Home, settings: Settings) -> list[ArchiveRecord]:
    """The newest archive of every session that nobody, or only the rules in need, has distilled; oldest first."""
    newest = {key_of_record(record): record for record in records(home)}
    asked = asked_for(settings)
    waiting = []
    for record in newest.values():
        path = summary_path(home, provider_of_record(record), record, asked)
        try:
            if read_summary(path).degraded:
                waiting.append(record)
        except (FileNotFoundError, Corruption):
            waiting.append(record)
    return sorted(waiting, key=lambda record: (record.created_at_epoch_secs, record.session_id))


def distill_pending(
    home: Home, settings: Settings, environment: Mapping[str, str], now: int, chosen: list[ArchiveRecord] | None = None
) -> Iterator[Done]:
    """Distil and offer the chosen archives, else at most `distill.max_per_cycle` of those that wait.

    An archive that cannot be distilled is told as such, and the others go on.
    """
    todo = pending(home, settings)[: settings.distill.max_per_cycle] if chosen is None else chosen
    for record in todo:
        try:
            session = open_archive(home, record)
            made = distill_session(home, settings, session, environment, now)
            yield Done(record, made, offer_distilled(home, settings, session, made, now), None)
        except MoonshineError as error:
            yield Done(record, None, None, error)
