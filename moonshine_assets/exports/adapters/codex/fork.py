"""Where a forked rollout's own turns begin: it starts with a copy of the other thread's lines (EXPORT-FORMATS §14).

The copy has new times but the old turn ids, which are UUIDs of version 7 and tell when each turn began. It is a copy
only where the other thread is in the log as well; else it is all there is of it, and stays.
"""

from __future__ import annotations

from moonshine_assets.exports.adapters.codex.wire import Entry, minted_at
from moonshine_assets.exports.replay import print_of
from moonshine_assets.exports.times import to_micros


def item_prints(entries: list[Entry]) -> list[bytes]:
    """What tells the items of a thread, in order."""
    return [print_of("", entry.body) for entry in entries if entry.kind == "item"]


def own_from(entries: list[Entry], thread_id: str, source: list[bytes]) -> int:
    """Index of the first entry of a forked or sub-agent's rollout that is not a copy.

    Args:
        entries: all of the rollout.
        thread_id: its own id.
        source: `item_prints` of the thread it comes from.
    """
    created = minted_at(thread_id) or _stated(entries)
    turns = [(index, at) for index, entry in enumerate(entries) if (at := minted_at(entry.turn_id)) is not None]
    if created is not None and any(at < created for _, at in turns):
        first = next((index for index, at in turns if at >= created), len(entries))
        return _said_before(entries, _with_its_prompt(entries, first), source)
    return 0 if turns else _after_copies(entries, source)


def _stated(entries: list[Entry]) -> int | None:
    for entry in entries:
        if entry.kind == "meta":
            micros = to_micros(entry.body.get("timestamp") or entry.time)
            return micros // 1000 if micros is not None else None
    return None


def _with_its_prompt(entries: list[Entry], first: int) -> int:
    """A turn's prompt may stand before the line that names the turn."""
    while 0 < first < len(entries):
        before = entries[first - 1]
        is_prompt = before.kind == "item" and before.body.get("role") == "user"
        if not is_prompt and before.type not in ("user_message", "task_started"):
            break
        if before.turn_id is not None:
            break
        first -= 1
    return first


def _said_before(entries: list[Entry], first: int, source: list[bytes]) -> int:
    """The end of what the source has too: of a source that was cut off, the copy may be all that is left."""
    known = set(source)
    alone = (
        index
        for index, entry in enumerate(entries[:first])
        if entry.kind == "item" and print_of("", entry.body) not in known
    )
    return next(alone, first)


def _after_copies(entries: list[Entry], source: list[bytes]) -> int:
    begins = rank = 0
    for index, entry in enumerate(entries):
        if entry.kind == "item":
            if rank >= len(source) or print_of("", entry.body) != source[rank]:
                break
            rank += 1
            begins = index + 1
    return begins
