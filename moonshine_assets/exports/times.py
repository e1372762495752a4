"""Times of every export form to microseconds since 1970-01-01 UTC (EXPORT-FORMATS §0.11)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

#: 2100-01-01: anything later is not a time.
_LIMIT = 4_102_444_800_000_000
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")


def to_micros(value: object) -> int | None:
    """Seconds (int or float), milliseconds (> 1e11), microseconds (> 1e14), numeric strings, ISO 8601 with any or no
    zone (none: UTC) → microseconds UTC. None for anything else, for values <= 0 and after 2099."""
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return _from_iso(text)
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < 1e18:
        return None
    if value > 1e14:
        micros = int(value)
    elif value > 1e11:
        micros = int(value * 1_000)
    else:
        micros = round(value * 1_000_000)
    return micros if 0 < micros < _LIMIT else None


def lacks_zone(value: object) -> bool:
    """True for an ISO time without a zone, which to_micros takes for UTC."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value.strip()):
        return False
    try:
        return datetime.fromisoformat(value.strip()).tzinfo is None
    except ValueError:
        return False


def _from_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    micros = round(seconds * 1_000_000)
    return micros if 0 < micros < _LIMIT else None
