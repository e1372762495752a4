"""A distillation to what the next session at its place is told, within the tokens that moon.toml allows."""

from __future__ import annotations

from pathlib import Path

from moonshine_assets.sessions.continuity import offer
from moonshine_assets.sessions.contracts import DistillationRecord
from moonshine_assets.sessions.daily.day import day_of, memory_of
from moonshine_assets.sessions.distillation.archived import ArchivedSession
from moonshine_assets.sessions.settings import Settings
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import load


def offer_distilled(
    home: Home, settings: Settings, session: ArchivedSession, distillation: DistillationRecord, now: int
) -> Path | None:
    """Where the offer stands; None when nobody knows where the session worked, so that no successor can be told.

    Raises:
        Corruption: the distillation cites what the archive does not have.
        VocabularyError: tokens cannot be counted.
    """
    memory = memory_of(home, day_of(settings, distillation.created_at_epoch_secs))
    return offer(
        home,
        session,
        distillation,
        daily_memory_refs=(memory.relative_to(home.root).as_posix(),) if memory.exists() else (),
        block_tokens=settings.continuity.block_tokens,
        count=load(home.vocabulary_folder).count,
        now=now,
    )
