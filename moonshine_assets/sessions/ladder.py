"""The stages, how deep a session is in them, and what is remembered of it between two looks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from moonshine_assets.sessions.settings import Settings

Moment = Annotated[int, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]


class Stage(StrEnum):
    """What is done to a session, in this order. Archiving includes the index and reading both back."""

    ARCHIVE = "archive"
    PRUNE = "prune"
    DISTILL = "distill"


STAGES = tuple(Stage)
DEPTH = {stage: number for number, stage in enumerate(STAGES, 1)}


class Phase(StrEnum):
    """Where a session stands: the first stage that is outstanding, the rest after the last one, or neither."""

    NORMAL = "normal"
    ARCHIVE_TRIGGERED = "archive_triggered"
    PRUNE_TRIGGERED = "prune_triggered"
    DISTILL_TRIGGERED = "distill_triggered"
    COOLDOWN = "cooldown"


TRIGGERED = dict(zip(STAGES, (Phase.ARCHIVE_TRIGGERED, Phase.PRUNE_TRIGGERED, Phase.DISTILL_TRIGGERED), strict=True))


class SessionState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is remembered of a session; times are epoch seconds, 0 where there is none.

    Args:
        phase: as of the last look.
        reached: deepest stage whose step was crossed and that usage has not fallen clear of (0 none, 1 archive, …).
        running: stages handed out in the current action and not reported yet.
        waiting: stages that are due and not handed out.
        action: number of the current or last action of this session; reports name it.
        depth: deepest stage of that action.
        lease_until: the action counts as lost from then on.
        failures: actions since the last good one that failed or were lost.
        not_before: no action before then, after a failure.
        quiet_until: the cooldown; until then no action is handed out that goes no deeper than `quiet_depth`.
        doubt_until: while numbers stay in doubt the session is not archived again before then.
        doubt_as_of: when the tool had last changed the session as it was archived in doubt.
        compaction_mark: the tool's latest compaction that is known here.
        pruned: our own prune was reported since the last trusted reading.
        used_tokens: of the last trusted reading.
        seen_at: the last look.
    """

    phase: Phase = Phase.NORMAL
    reached: Annotated[int, Meta(ge=0, le=3)] = 0
    running: tuple[Stage, ...] = ()
    waiting: tuple[Stage, ...] = ()
    action: Count = 0
    depth: Annotated[int, Meta(ge=0, le=3)] = 0
    lease_until: Moment = 0
    failures: Count = 0
    not_before: Moment = 0
    quiet_until: Moment = 0
    quiet_depth: Annotated[int, Meta(ge=0, le=3)] = 0
    doubt_until: Moment = 0
    doubt_as_of: Moment = 0
    compaction_mark: str | None = None
    pruned: bool = False
    used_tokens: Count | None = None
    seen_at: Moment = 0

    @property
    def outstanding(self) -> tuple[Stage, ...]:
        """Stages handed out or due."""
        return in_order({*self.running, *self.waiting})


class Ladder(NamedTuple):
    """Thresholds and times the machine goes by.

    Args:
        steps: the share of the effective window at which each stage is due.
        hysteresis: how far below its step usage must fall before a stage can be due again.
        fall: share of the window by which usage falls when the tool has compacted by itself, and not otherwise.
        cooldown, lease, doubt_interval: seconds.
    """

    steps: tuple[float, float, float] = (0.80, 0.85, 0.90)
    hysteresis: float = 0.05
    fall: float = 0.10
    cooldown: int = 60
    lease: int = 900
    doubt_interval: int = 900

    @classmethod
    def of(cls, settings: Settings) -> Ladder:
        limits, times = settings.thresholds, settings.watcher
        return cls(
            steps=(limits.archive, limits.prune, limits.distill),
            hysteresis=limits.hysteresis,
            fall=2 * limits.hysteresis,
            cooldown=times.cooldown_secs,
            lease=times.action_timeout_secs,
            doubt_interval=times.doubt_interval_secs,
        )

    def crossed(self, ratio: float) -> int:
        """How many steps usage stands on."""
        return sum(ratio >= step for step in self.steps)

    def held(self, ratio: float) -> int:
        """How many steps usage has not fallen clear of."""
        return sum(ratio >= step - self.hysteresis for step in self.steps)


def in_order(stages: set[Stage]) -> tuple[Stage, ...]:
    return tuple(stage for stage in STAGES if stage in stages)
