"""Precision by signal: what people found of a lane's rows, with its interval, and what the policy makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from moonshine_assets.distill.audit_policy import Audit
from moonshine_assets.lanes.audit.labels import Label, row_key, standing
from moonshine_assets.lanes.audit.statistics import wilson
from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.spill import Rows

#: `audited`: the sample is judged and the lower bound reaches the policy's. `below_bound`: it is judged and does not.
#: `unaudited`: it is not judged to the end.
Status = Literal["audited", "below_bound", "unaudited"]


class Precision(NamedTuple):
    """A signal of a lane.

    Args:
        rows: its rows in the lane.
        sample: how many of them are to be judged.
        right, wrong, skipped, disputed: rows by what was said of them; disputed: as many labellers say right as wrong.
        precision: right / (right + wrong), None without any; low and high are its 95 % interval.
        bound: what the lower end has to reach.
        other_versions: labels on rows of this signal that were made by another version of its rule: not counted.
    """

    lane: str
    signal: str
    tier: str
    rows: int
    sample: int
    right: int
    wrong: int
    skipped: int
    disputed: int
    precision: float | None
    low: float
    high: float
    bound: float
    status: Status
    other_versions: int

    @property
    def labelled(self) -> int:
        return self.right + self.wrong

    def shown(self) -> dict[str, Any]:
        """Plain data with rounded figures, for manifests and reports."""
        rounded = {name: round(value, 4) for name in ("low", "high") if (value := getattr(self, name)) is not None}
        share = None if self.precision is None else round(self.precision, 4)
        return {**self._asdict(), "precision": share, **rounded}


class _Tally:
    """Counts of one signal while a lane's rows go by."""

    def __init__(self) -> None:
        self.rows = 0
        self.said: dict[str, int] = {"right": 0, "wrong": 0, "skip": 0, "disputed": 0}
        self.other_versions = 0


def precisions(rows: Iterable[Row], lane: str, labels: Iterable[Label], rules: Audit) -> list[Precision]:
    """Every signal of a lane by tier, as its rows were judged; rows that are not in the lane any more do not count."""
    by_row: dict[str, list[Label]] = {}
    for label in standing(labels).values():
        if label.lane == lane:
            by_row.setdefault(label.row, []).append(label)
    tallies: dict[tuple[str, str], _Tally] = {}
    for row in rows:
        tally = tallies.setdefault((row["signal"], row["tier"]), _Tally())
        tally.rows += 1
        said = by_row.get(row_key(row, lane), []) if by_row else []
        same = [label for label in said if label.signal_version == row["signal_version"]]
        tally.other_versions += len(said) - len(same)
        if same:
            tally.said[_verdict(same)] += 1
    return [_precision(lane, *kind, tally, rules) for kind, tally in sorted(tallies.items())]


def precisions_of(rows: Rows, lane: str, labels: Sequence[Label], rules: Audit) -> list[Precision]:
    """`precisions` of a lane as it is built; where nobody judged a row of it, none is read."""
    if any(label.lane == lane for label in labels):
        return precisions(rows, lane, labels, rules)
    return precisions(({"signal": one.signal, "tier": one.tier} for one in rows.entries), lane, (), rules)


def withholding(labels: Sequence[Label], rules: Audit) -> Callable[[str, Rows], frozenset[tuple[str, str]]]:
    """Of a lane's rows, the (signal, tier) the policy does not let out: judged, and not right often enough."""

    def withhold(lane: str, rows: Rows) -> frozenset[tuple[str, str]]:
        if rules.below_bound != "withhold":
            return frozenset()
        found = precisions_of(rows, lane, labels, rules)
        return frozenset((one.signal, one.tier) for one in found if one.status == "below_bound")

    return withhold


def _verdict(labels: list[Label]) -> str:
    """What several labellers say together: the more frequent of right and wrong."""
    right = sum(label.verdict == "right" for label in labels)
    wrong = sum(label.verdict == "wrong" for label in labels)
    if not right and not wrong:
        return "skip"
    return "disputed" if right == wrong else "right" if right > wrong else "wrong"


def _precision(lane: str, signal: str, tier: str, tally: _Tally, rules: Audit) -> Precision:
    right, wrong = tally.said["right"], tally.said["wrong"]
    n = right + wrong
    interval = wilson(right, n)
    bound = lower_bound(rules, lane)
    sample = min(tally.rows, rules.rows_per_signal)
    seen = n + tally.said["skip"] + tally.said["disputed"]
    status: Status = "unaudited"
    if n and seen >= sample:
        status = "audited" if interval.low >= bound else "below_bound"
    return Precision(
        lane,
        signal,
        tier,
        tally.rows,
        sample,
        right,
        wrong,
        tally.said["skip"],
        tally.said["disputed"],
        right / n if n else None,
        interval.low,
        interval.high,
        bound,
        status,
        tally.other_versions,
    )


def lower_bound(rules: Audit, lane: str) -> float:
    """What the lower end of a lane's precision has to reach; 0 where the rows claim no more than what was said."""
    return float(getattr(rules.lower_bounds, lane))


def for_manifest(found: list[Precision]) -> Mapping[str, Any]:
    """What a lane's manifest says of its audit."""
    return {
        "unaudited": not found or any(one.status != "audited" for one in found),
        "label_precision": {
            f"{one.signal} {one.tier}": one.shown()["precision"] for one in found if one.precision is not None
        }
        or None,
        "audit": [one.shown() for one in found],
    }
