"""One sitting: rows one after the other, each answered, left open or taken back; nothing here prints or waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from moonshine_assets.lanes.audit.labels import Label, Verdict, standing
from moonshine_assets.lanes.audit.sample import Stratum
from moonshine_assets.lanes.rows import Row

#: What a person is asked of a row, by lane.
QUESTIONS = {
    "conversational": "Is this a conversation worth learning from?",
    "dpo": "Is the chosen answer the better one?",
    "kto": "Does the label fit the answer?",
    "grpo": "Does the ground truth answer the prompt?",
    "agentic_code": "Did it end as the outcome says?",
}


class Item(NamedTuple):
    """A row to be judged: its key, and how many rows of its signal are to be."""

    lane: str
    signal: str
    tier: str
    key: str
    row: Row
    sample_rows: int


class Judging:
    """The rows still open for a labeller, in order.

    Args:
        strata: what was drawn.
        labels: everything said so far; rows that this labeller answered or left open are not shown again.
        labeller: whose sitting it is.
        seed: the sample's.
        keep: writes a label down; it is kept when this returns.
        now: the clock.
        again: show those left open again.
    """

    def __init__(
        self,
        strata: Sequence[Stratum],
        labels: Iterable[Label],
        *,
        labeller: str,
        seed: int,
        keep: Callable[[Label], None],
        now: Callable[[], datetime],
        again: bool = False,
    ) -> None:
        self._labeller, self._seed, self._keep, self._now = labeller, seed, keep, now
        said = {row: label.verdict for (row, who), label in standing(labels).items() if who == labeller}
        self.items = [
            Item(stratum.lane, stratum.signal, stratum.tier, key, row, len(stratum.drawn))
            for stratum in strata
            for key, row in stratum.drawn
        ]
        self._said: dict[str, Verdict] = {item.key: said[item.key] for item in self.items if item.key in said}
        done = {key for key, verdict in self._said.items() if not (again and verdict == "skip")}
        self._open = [item for item in self.items if item.key not in done]
        self._at = 0

    def current(self) -> Item | None:
        """The row to be judged next; None when all are."""
        return self._open[self._at] if self._at < len(self._open) else None

    def counts(self, of: Item | Stratum) -> Counter[str]:
        """What was said of the drawn rows of the same lane, signal and tier, by verdict."""
        kind = (of.lane, of.signal, of.tier)
        same = (item.key for item in self.items if (item.lane, item.signal, item.tier) == kind)
        return Counter(self._said[key] for key in same if key in self._said)

    def say(self, verdict: Verdict) -> None:
        """Answer the current row and go on to the next.

        Raises:
            Busy, StorageFull: the answer could not be kept; the row stays the current one.
        """
        item = self._open[self._at]
        self._keep(self._label(item, verdict))
        self._said[item.key] = verdict
        self._at += 1

    def undo(self) -> bool:
        """Take back the last answer of this sitting and show its row again; False when there is none."""
        if not self._at:
            return False
        item = self._open[self._at - 1]
        self._keep(self._label(item, "undo"))
        del self._said[item.key]
        self._at -= 1
        return True

    def _label(self, item: Item, verdict: Verdict) -> Label:
        return Label(
            record_uid=item.row["record_uid"],
            row=item.key,
            lane=item.lane,
            signal=item.signal,
            signal_version=item.row["signal_version"],
            policy_version=item.row["policy_version"],
            run_id=item.row["run_id"],
            verdict=verdict,
            labeller=self._labeller,
            labelled_at=self._now().isoformat(timespec="seconds"),
            seed=self._seed,
            sample_rows=item.sample_rows,
        )
