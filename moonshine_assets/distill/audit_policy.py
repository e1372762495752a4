"""The policy's table on the audit: how often labels must be right, and what becomes of those that are not."""

from __future__ import annotations

from typing import Literal

from moonshine_assets.distill.sections import Positive, Section, Share


class LowerBounds(Section, frozen=True):
    """What the lower end of the 95 % interval of a lane's precision has to reach, for each of its signals."""

    conversational: Share
    dpo: Share
    kto: Share
    grpo: Share
    agentic_code: Share


class Audit(Section, frozen=True):
    """`rows_per_signal` are to be judged, all where there are fewer; rows below the bound are marked or withheld."""

    rows_per_signal: Positive
    below_bound: Literal["mark", "withhold"]
    lower_bounds: LowerBounds
