"""The token band: is the slice as large as the policy says it must be?"""

from __future__ import annotations

import math
from typing import NamedTuple

from moonshine_assets.distill.policy import Policy


class BandVerdict(NamedTuple):
    """The verdict; `low` and `high` are tokens, None where no band applied (then `passed` is True)."""

    applied: bool
    low: int | None
    high: int | None
    passed: bool
    reason: str


def bounds(policy: Policy, cleaned: int) -> tuple[int, int] | None:
    """The band in tokens, both ends included; None where none applies. `cleaned` is content_tokens_cleaned."""
    band = policy.band
    if cleaned < band.minimum_cleaned_tokens:
        return None
    unit = cleaned if band.kind == "relative" else 1
    return math.ceil(band.low * unit), math.floor(band.high * unit)


def check_band(policy: Policy, cleaned: int, selected: int) -> BandVerdict:
    """Hold distilled_tokens_selected against the band; `cleaned` is content_tokens_cleaned. Both ends belong to it."""
    band = bounds(policy, cleaned)
    if band is None:
        reason = f"not applied: corpus smaller than {policy.band.minimum_cleaned_tokens:,} cleaned tokens"
        return BandVerdict(False, None, None, True, reason)
    low, high = band
    passed = low <= selected <= high
    side = "inside" if passed else "below" if selected < low else "above"
    return BandVerdict(True, low, high, passed, f"{selected:,} tokens are {side} the band {low:,} to {high:,}")
