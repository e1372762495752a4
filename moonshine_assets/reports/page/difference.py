"""What a distillation made otherwise than the one before it: run to run, and policy to policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from moonshine_assets.reports.quotable import Quotable
from moonshine_resources.home import Home

#: Numbers of a lane's manifest that are compared.
_COMPARED = ("candidates", "rows", "tokens")


class Change(NamedTuple):
    """A number before and after; of a lane, or of a reason in it."""

    lane: str
    what: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


class Difference(NamedTuple):
    """Two distillations; `is_same_policy` tells whether only the mash can have made the difference."""

    before_run: str
    after_run: str
    before_policy: str
    after_policy: str
    changes: list[Change]

    @property
    def is_same_policy(self) -> bool:
        return self.before_policy == self.after_policy


def difference(home: Home, lanes: list[str], run_id: str) -> Difference | None:
    """What changed since the distillation before `run_id`; None when there is none whose lanes are all there.

    Run ids rise with time, so the one before is the greatest that is smaller.
    """
    earlier = [name for name in _runs(home, lanes) if name < run_id]
    if not earlier:
        return None
    before = {lane: _manifest(home, lane, max(earlier)) for lane in lanes}
    after = {lane: _manifest(home, lane, run_id) for lane in lanes}
    changes = [change for lane in lanes for change in _changes(lane, before[lane], after[lane])]
    first = lanes[0]
    return Difference(max(earlier), run_id, before[first]["policy_version"], after[first]["policy_version"], changes)


def _changes(lane: str, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The compared numbers, then every reason that is not the same on both sides."""
    changes = [Change(lane, name, before.get(name, 0), after.get(name, 0)) for name in _COMPARED]
    old, new = before.get("dropped", {}), after.get("dropped", {})
    reasons = [reason for reason in sorted({*old, *new}) if old.get(reason, 0) != new.get(reason, 0)]
    return changes + [Change(lane, reason, old.get(reason, 0), new.get(reason, 0)) for reason in reasons]


def _runs(home: Home, lanes: list[str]) -> set[str]:
    """Distillations that have a folder in every lane."""
    of_lanes = [{path.parent.name for path in _folder(home, lane).glob("*/manifest.json")} for lane in lanes]
    return set.intersection(*of_lanes) if of_lanes else set()


def _manifest(home: Home, lane: str, run_id: str) -> dict[str, Any]:
    return Quotable.read(home, home.lane(lane, run_id) / "manifest.json").document


def _folder(home: Home, lane: str) -> Path:
    return home.lane(lane, "any").parent
