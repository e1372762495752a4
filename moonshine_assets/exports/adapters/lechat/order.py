"""Who answers whom: the format has no parents, only times, `version` and stated preferences.

Read so: in order of time each message answers the one before it. A message with a `version` above 0 was made again in
the place of the last message of its role; an answer that one was preferred to, or that was preferred to one, stands in
the same place. What comes next follows the preferred answer of a place, else its last.
"""

from __future__ import annotations

from typing import Any

import msgspec

from moonshine_assets.exports.adapters.lechat.reactions import beaten
from moonshine_assets.exports.loose import own_ids
from moonshine_assets.exports.records import Message
from moonshine_assets.exports.values import ident

ORDER_INFERRED = "order_inferred"


class Linked(msgspec.Struct):
    """Ids and parents of the messages, in file order, and the id of the last one shown."""

    ids: list[str]
    parents: list[str | None]
    current: str | None


class _Slot(msgspec.Struct):
    """A place in the conversation: what it follows, and the one of its messages that the next one follows."""

    parent: str | None
    shown: str
    chosen: bool = False


def linked(entries: list[dict[str, Any]], messages: list[Message], flags: set[str]) -> Linked:
    """The tree; adds `order_inferred` to `flags` where the array is not in order of time."""
    given = [ident(entry.get("id")) or f"m{rank}" for rank, entry in enumerate(entries)]
    ids = own_ids(given)
    for name, own, message in zip(given, ids, messages, strict=True):
        if name != own:
            message.flags = sorted({*message.flags, "duplicate_id"})
    order = _by_time(messages)
    if order != sorted(order):
        flags.add(ORDER_INFERRED)

    parents: list[str | None] = [None] * len(ids)
    last_of_role: dict[str, _Slot] = {}
    slot_of: dict[str, _Slot] = {}
    last: _Slot | None = None
    for rank in order:
        entry, message, own = entries[rank], messages[rank], ids[rank]
        over = beaten(entry)
        same_id = slot_of.get(given[rank])
        slot = same_id or next((slot_of[name] for name in over if name in slot_of), None)
        if slot is None and _is_again(entry):
            slot = last_of_role.get(message.role)
        if slot is None:
            slot = _Slot(last.shown if last is not None else None, own)
        elif over or not slot.chosen:
            slot.shown = own
        slot.chosen = slot.chosen or bool(over)
        for name in over:
            slot_of.setdefault(name, slot)
        slot_of[given[rank]] = last_of_role[message.role] = last = slot
        parents[rank] = slot.parent
    return Linked(ids, parents, last.shown if last is not None else None)


def _by_time(messages: list[Message]) -> list[int]:
    """Ranks in order of time; a message without one stays behind its predecessor."""
    clock = 0
    keys = []
    for rank, message in enumerate(messages):
        clock = clock if message.created_at is None else message.created_at
        keys.append((clock, rank))
    return [rank for _, rank in sorted(keys)]


def _is_again(entry: dict[str, Any]) -> bool:
    version = entry.get("version")
    return isinstance(version, int) and not isinstance(version, bool) and version > 0
