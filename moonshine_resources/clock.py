"""The time, in one place, so that a run's times are taken once and tests can state theirs."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def at(epoch_secs: int) -> datetime:
    """A moment given as seconds since 1970, UTC."""
    return datetime.fromtimestamp(epoch_secs, UTC)


def stamp(moment: datetime) -> str:
    """`YYYYMMDD_HHMMSS` of a UTC time, as run ids use it."""
    return moment.astimezone(UTC).strftime("%Y%m%d_%H%M%S")


def iso(moment: datetime) -> str:
    """ISO 8601 with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
