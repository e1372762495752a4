"""The books of a lane while it is built: every candidate is a row or is refused under a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from moonshine_assets.lanes.rows import Row
from moonshine_assets.lanes.spill import Entry, Rows, Spill
from moonshine_assets.lanes.trees import ConversationKey

#: (provider, provider_run_id, conversation_id, message_id)
MessageKey = tuple[str, str, str, str]


class LeftOut(NamedTuple):
    """A candidate that is no row: the record_uid its row would have had (or its conversation's), and the reason."""

    record_uid: str
    conversation: ConversationKey
    reason: str


@dataclass(slots=True)
class LaneResult:
    """A lane's rows, by record_uid, and its books: candidates = len(rows) + Σ dropped.

    `reasons` says for each conversation of the slice without a row why it has none; `measures` are figures of the
    lane as a whole, for its manifest; `borrowed` are messages that rows carry beside those of their own
    conversation; `left_out` has one entry a dropped candidate.
    """

    rows: Rows
    candidates: int
    dropped: dict[str, int]
    reasons: dict[ConversationKey, tuple[str, ...]] = field(default_factory=dict)
    measures: Mapping[str, float | int] = field(default_factory=dict)
    borrowed: list[MessageKey] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def carried(result: LaneResult) -> Iterator[MessageKey]:
    """Keys of the messages the rows of a lane carry."""
    for entry in result.rows.entries:
        for node in entry.nodes:
            yield (*entry.conversation, node)
    yield from result.borrowed


class Books:
    """Rows and refusals of one lane."""

    def __init__(self, lane: str, spill: Spill) -> None:
        self._lane = lane
        self._spill = spill
        self._dropped: Counter[str] = Counter()
        self._reasons: dict[ConversationKey, set[str]] = {}
        self._left_out: list[LeftOut] = []
        self.entries: list[Entry] = []
        self.borrowed: list[MessageKey] = []

    def add(self, row: Row, facts: dict[str, float | int | str]) -> None:
        self.entries.append(self._spill.add(self._lane, row, facts))

    def refuse(self, key: ConversationKey, reason: str, about: str) -> None:
        """Book a candidate without a row; `about` is the record_uid its row would have had."""
        self._left_out.append(LeftOut(about, key, reason))
        self._dropped[reason] += 1
        self._reasons.setdefault(key, set()).add(reason)

    def drop(self, reason: str, unwanted: Callable[[Entry], bool]) -> None:
        """Turn rows into refusals."""
        kept: list[Entry] = []
        for entry in self.entries:
            if unwanted(entry):
                self.refuse(entry.conversation, reason, entry.record_uid)
            else:
                kept.append(entry)
        self.entries = kept

    def rows(self) -> Rows:
        """The rows as they are now, in the order of the entries."""
        return self._spill.rows(self.entries)

    def close(self, measures: Mapping[str, float | int]) -> LaneResult:
        """The lane, its rows in order of record_uid."""
        self.entries.sort(key=lambda entry: entry.record_uid)
        with_row = {entry.conversation for entry in self.entries}
        return LaneResult(
            rows=self.rows(),
            candidates=len(self.entries) + sum(self._dropped.values()),
            dropped=dict(sorted(self._dropped.items())),
            reasons={key: tuple(sorted(why)) for key, why in sorted(self._reasons.items()) if key not in with_row},
            measures=measures,
            borrowed=self.borrowed,
            left_out=sorted(self._left_out),
        )
