"""Who answers whom (EXPORT-FORMATS §3.3): from parent pointers where there are any, else from the better order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import msgspec

from moonshine_assets.exports.records import Message

#: The parent of a first message.
ROOT = "00000000-0000-4000-8000-000000000000"


class Linked(msgspec.Struct):
    """Ids and parents of the messages, in file order; `order` holds their ranks as the conversation went."""

    ids: list[str]
    parents: list[str | None]
    order: list[int]
    current: str | None


def link(
    ids: list[str], pointers: Sequence[str | None], messages: list[Message], leaf: str | None, flags: set[str]
) -> Linked:
    """Parents of all messages and the id of the last one shown.

    Args:
        ids: node ids, file order.
        pointers: the file's parent ids, None where it gives none.
        messages: the messages, file order.
        leaf: the file's pointer to the shown leaf; it counts only where there are parents.
        flags: of the conversation. Added: `order_inferred` (array and time order differ), `duplicate_ids`,
            `current_missing`.
    """
    if any(pointers):
        return _by_pointers(ids, pointers, leaf, flags)
    return _by_order(ids, messages, flags)


def _by_pointers(ids: list[str], pointers: Sequence[str | None], leaf: str | None, flags: set[str]) -> Linked:
    """A message without a pointer attaches to its predecessor in the array."""
    parents: list[str | None] = []
    before: str | None = None
    for name, pointer in zip(ids, pointers, strict=True):
        parents.append(before if pointer is None else None if pointer == ROOT else pointer)
        before = name
    if leaf is not None and leaf not in ids:
        flags.add("current_missing")
        leaf = None
    return Linked(ids, parents, list(range(len(ids))), leaf or before)


def _by_order(ids: list[str], messages: list[Message], flags: set[str]) -> Linked:
    """A chain. Copies of a message stand beside the first one; other messages of its id get an id of their own."""
    first = list(range(len(ids)))
    if len(set(ids)) != len(ids):
        ids, first = _distinct(ids, messages, flags)
    order = _better_order([rank for rank, same in enumerate(first) if rank == same], messages, flags)
    parents: list[str | None] = [None] * len(ids)
    for above, rank in pairwise(order):
        parents[rank] = ids[above]
    for rank, same in enumerate(first):
        parents[rank] = parents[same]
    return Linked(ids, parents, order, ids[order[-1]] if order else None)


def _better_order(ranks: list[int], messages: list[Message], flags: set[str]) -> list[int]:
    """Array order, or the order of time with the human first, if the speakers alternate better in that one."""
    keys = []
    clock, answers = 0, False
    for rank in ranks:
        message = messages[rank]
        if message.created_at is not None:  # one without a time stays behind its predecessor
            clock, answers = message.created_at, message.role != "user"
        keys.append((clock, answers, rank))
    if all(before < after for before, after in pairwise(keys)):
        return ranks
    flags.add("order_inferred")
    by_time = [rank for _, _, rank in sorted(keys)]
    return by_time if _turns(by_time, messages) > _turns(ranks, messages) else ranks


def _turns(order: list[int], messages: list[Message]) -> int:
    """How often question and answer follow each other."""
    roles = [messages[rank].role for rank in order]
    return sum(1 for one, two in pairwise(roles) if {one, two} == {"user", "assistant"})


def _distinct(ids: list[str], messages: list[Message], flags: set[str]) -> tuple[list[str], list[int]]:
    """Ids told apart as `<id>#2`, and for each message the rank of the first that is the same in all."""
    taken = set(ids)
    copies: dict[str, int] = {}
    first_of: dict[tuple[str, bytes], int] = {}
    names: list[str] = []
    first: list[int] = []
    for rank, (name, message) in enumerate(zip(ids, messages, strict=True)):
        same = first_of.setdefault((name, sha256(msgspec.msgpack.encode(message)).digest()), rank)
        own = name
        if same != rank:
            own = names[same]
            message.flags = messages[same].flags
        elif name in copies:
            while own in taken:
                copies[name] += 1
                own = f"{name}#{copies[name]}"
            taken.add(own)
            flags.add("duplicate_ids")
            message.flags = sorted({*message.flags, "duplicate_id"})
        else:
            copies[name] = 1
        names.append(own)
        first.append(same)
    return names, first
