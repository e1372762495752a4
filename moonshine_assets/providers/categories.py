"""The receipt by category: what a conversation brings, what the database holds. Rules: tables/receipt_categories.py."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add, sub
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from moonshine_assets.exports.records import Message, ParsedConversation
from moonshine_assets.exports.tree import Arranged
from moonshine_assets.gates import rows
from moonshine_assets.tables.receipt_categories import CATEGORIES, CATEGORY_COUNTS, CATEGORY_OF_KIND

_HELD_SQL = Path(__file__).with_name("held_by_category.sql").read_text("utf-8")
_SIZE = len(CATEGORIES)
_SLOT = {category: slot for slot, category in enumerate(CATEGORIES)}
_SLOT_OF_KIND = {kind: _SLOT[category] for kind, category in CATEGORY_OF_KIND.items()}
_MAIN, _SIDE, _HIDDEN, _FILE, _UNKNOWN = (
    _SLOT[name] for name in ("main_path", "side_branch", "hidden", "attachment_text", "unknown_block")
)

#: Messages, then items, then characters, each by category in the order of CATEGORIES.
Counts = tuple[int, ...]
NOTHING: Counts = (0,) * (3 * _SIZE)

#: A receipt: file → category → name of the count → count.
ByFile = dict[str, dict[str, dict[str, int]]]


class Parts(NamedTuple):
    """What a conversation brings; `copies` are those of it that `arrange` left out as identical."""

    all: Counts
    copies: Counts


#: A conversation that did not parse.
UNREADABLE = Parts(tuple(int(slot == _SIZE + _UNKNOWN) for slot in range(3 * _SIZE)), NOTHING)


def counted(parsed: ParsedConversation, arranged: Arranged) -> Parts:
    """What an arranged conversation brings, for `CategoryTally.take`."""
    counts = [0] * (3 * _SIZE)
    _count(arranged.messages, counts)
    counts[_SIZE + _UNKNOWN] += len(parsed.bad_nodes)
    if not arranged.duplicates:
        return Parts(tuple(counts), NOTHING)
    kept = set(map(id, arranged.messages))
    copies = [0] * (3 * _SIZE)
    _count((node.message for node in parsed.nodes if node.message is not None and id(node.message) not in kept), copies)
    return Parts(tuple(map(add, counts, copies)), tuple(copies))


def _count(messages: Iterable[Message], counts: list[int]) -> None:
    """Constant work a block, whatever its length: this is done for every message of an export."""
    for message in messages:
        place = (_MAIN if message.on_active_path else _SIDE) if message.visible else _HIDDEN
        counts[place] += 1
        for block in message.blocks:
            slot = _SLOT_OF_KIND.get(block.kind, place)
            counts[_SIZE + slot] += 1
            characters = 0
            if block.text:
                characters = len(block.text)
            if block.arguments:
                characters += len(block.arguments)
            if block.payload:
                characters += len(block.payload)
            counts[2 * _SIZE + slot] += characters
        if message.attachments:
            counts[_SIZE + _FILE] += len(message.attachments)


class CategoryTally:
    """What the conversations of one file brought, and which part of it are duplicates."""

    def __init__(self) -> None:
        self._read = NOTHING
        self._duplicate = NOTHING

    def take(self, parts: Parts) -> None:
        """A conversation was read."""
        self._read = tuple(map(add, self._read, parts.all))
        self._duplicate = tuple(map(add, self._duplicate, parts.copies))

    def set_aside(self, parts: Parts) -> None:
        """A conversation that was taken is a duplicate of another."""
        self._duplicate = tuple(map(add, self._duplicate, map(sub, parts.all, parts.copies)))

    def counts(self) -> dict[str, dict[str, int]]:
        """The counts of what was read and of duplicates, by the categories that have any."""
        found = {}
        for slot, category in enumerate(CATEGORIES):
            read, duplicate = self._read[slot::_SIZE], self._duplicate[slot::_SIZE]
            if any(read):
                found[category] = {
                    f"{unit}_{side}": count
                    for side, side_counts in (("in", read), ("duplicate", duplicate))
                    for unit, count in zip(("messages", "items", "characters"), side_counts, strict=True)
                }
        return found


def category_rows(
    connection: duckdb.DuckDBPyConnection, tallies: Iterable[tuple[str, CategoryTally]]
) -> list[dict[str, object]]:
    """The rows of the receipt_categories table; what is kept and quarantined is counted in what the database holds."""
    held = {(row.pop("member"), row.pop("category")): row for row in rows(connection, _HELD_SQL)}
    read = {(member, category): counts for member, tally in tallies for category, counts in tally.counts().items()}
    nothing = dict.fromkeys(CATEGORY_COUNTS, 0)
    return [
        {"member": key[0], "category": key[1], **nothing, **read.get(key, {}), **held.get(key, {})}
        for key in sorted(read.keys() | held.keys(), key=lambda key: (key[0], _SLOT[key[1]]))
    ]


def receipt_by_category(connection: duckdb.DuckDBPyConnection) -> ByFile:
    """What the stored receipt says; files by name, categories in the order of CATEGORIES."""
    found = rows(connection, f"SELECT member, category, {', '.join(CATEGORY_COUNTS)} FROM store.receipt_categories")  # noqa: S608 - our own column names
    files: ByFile = {}
    for row in sorted(found, key=lambda row: (row["member"], _SLOT[row["category"]])):
        files.setdefault(row["member"], {})[row["category"]] = {name: row[name] for name in CATEGORY_COUNTS}
    return files


def category_matrix(files: ByFile) -> list[dict[str, Any]]:
    """A receipt for people: one line a file and count, the categories beside each other; no lines of zeros."""
    return [
        {"file": file, "count": name.replace("_", " "), **{key: found.get(key, {}).get(name, 0) for key in CATEGORIES}}
        for file, found in files.items()
        for name in CATEGORY_COUNTS
        if any(counts[name] for counts in found.values())
    ]


#: The conservation law by category: each row is a file and category that breaks it (missing: in minus out), or of which
#: the receipt says what is not held. Messages and items are counted anew, and so is whether their texts are there;
#: characters were counted in the finished tables: to read every text once more would double the cost.
CATEGORY_IMBALANCE_SQL = f"""
WITH held AS ({_HELD_SQL})
SELECT member, category,
       coalesce(r.messages_in - r.messages_duplicate, 0) - coalesce(h.messages_kept, 0) AS messages_missing,
       coalesce(r.items_in - r.items_duplicate, 0) - coalesce(h.items_kept + h.items_quarantined, 0) AS items_missing,
       coalesce(r.characters_in - r.characters_duplicate - r.characters_kept, 0) AS characters_missing,
       coalesce(r.messages_kept, 0) - coalesce(h.messages_kept, 0) AS messages_not_held,
       coalesce(r.items_kept + r.items_quarantined, 0) - coalesce(h.items_kept + h.items_quarantined, 0)
           AS items_not_held
FROM store.receipt_categories r
FULL JOIN held h USING (member, category)
WHERE messages_missing <> 0 OR items_missing <> 0 OR characters_missing <> 0
   OR messages_not_held <> 0 OR items_not_held <> 0
ORDER BY member, category
"""  # noqa: S608 - our own query
