"""What moved between two distillations: rows that came, went or changed, each with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from moonshine_assets.lanes.write import LEFT_OUT, read_rows

#: Columns that tell which distillation made a row; they differ whenever the policy does.
_STAMPS = frozenset({"run_id", "policy_version"})
_UNEXPLAINED = "no_longer_a_candidate"


class Moved(NamedTuple):
    """A row that is not the same on both sides.

    Args:
        what: `came` (only in the second), `went` (only in the first) or `changed`.
        because: of a row that came the reason the first left it out, of one that went the reason the second does, of
            one that changed the columns that differ; several are joined by `+`.
    """

    record_uid: str
    conversation_id: str
    what: str
    because: str


def difference(first: Path, second: Path) -> Iterator[Moved]:
    """Every row that differs between the folders of one lane in two distillations, by record_uid."""
    before, after = _columns(first), _columns(second)
    why_not_before, why_not_after = _left_out(first), _left_out(second)
    for uid in sorted({*before, *after}):
        one, other = before.get(uid), after.get(uid)
        if one is None and other is not None:
            yield Moved(uid, other.conversation, "came", _why(why_not_before, uid, other.conversation))
        elif other is None and one is not None:
            yield Moved(uid, one.conversation, "went", _why(why_not_after, uid, one.conversation))
        elif one is not None and other is not None and one.hashes != other.hashes:
            names = sorted({*one.hashes, *other.hashes})
            differing = [name for name in names if one.hashes.get(name) != other.hashes.get(name)]
            yield Moved(uid, one.conversation, "changed", "+".join(differing))


def by_reason(moved: Iterable[Moved]) -> dict[tuple[str, str], int]:
    """How many rows moved, by what happened to them and why."""
    return dict(sorted(Counter((one.what, one.because) for one in moved).items()))


class _Known(NamedTuple):
    conversation: str
    hashes: dict[str, bytes]


def _columns(folder: Path) -> dict[str, _Known]:
    """A hash of every column of every row but the stamps."""
    known = {}
    for row in read_rows(folder, tier=None):
        hashes = {
            name: sha256(msgspec.json.encode(value, order="sorted")).digest()[:8]
            for name, value in row.items()
            if name not in _STAMPS
        }
        known[row["record_uid"]] = _Known(row["conversation_id"], hashes)
    return known


def _left_out(folder: Path) -> dict[str, set[str]]:
    """Reasons by record_uid, and by conversation where the candidate itself is not known."""
    reasons: dict[str, set[str]] = {}
    with (folder / LEFT_OUT).open("rb") as stream:
        for line in stream:
            one = msgspec.json.decode(line)
            for key in (one["record_uid"], one["conversation_id"]):
                reasons.setdefault(key, set()).add(one["reason"])
    return reasons


def _why(reasons: dict[str, set[str]], uid: str, conversation: str) -> str:
    return "+".join(sorted(reasons.get(uid) or reasons.get(conversation) or {_UNEXPLAINED}))
