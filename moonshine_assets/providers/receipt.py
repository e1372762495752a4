"""The receipt: what came in by file, what became of it. The law is in tables/receipts.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from moonshine_assets.exports.split import Split
from moonshine_assets.providers.categories import CategoryTally
from moonshine_assets.tables.receipts import RECEIPT_COUNTS

_ARRAY_STRUCTURE = re.compile(rb"(?:\xef\xbb\xbf)?[\[\],\s\x00]*")


@dataclass
class Tally:
    """Counts of one file while it is read; visible and hidden nodes are counted in the database afterwards."""

    member: str
    member_role: str
    bytes_total: int
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RECEIPT_COUNTS, 0))
    categories: CategoryTally = field(default_factory=CategoryTally)

    def __post_init__(self) -> None:
        self.counts["bytes_total"] = self.bytes_total
        if self.member_role != "conversations":
            self.counts["bytes_sidecar"] = self.bytes_total

    def add(self, **counts: int) -> None:
        for name, count in counts.items():
            self.counts[name] += count


def with_forgotten(tallies: list[Tally], lock: dict[str, Any]) -> list[Tally]:
    """The tallies of an export as it was given: what was cut out of the archived copy is added to its files."""
    told = lock.get("forgotten")
    if told is None:
        return tallies
    by_member = {tally.member: tally for tally in tallies}
    for name, cut in told["members"].items():
        if name not in by_member:
            by_member[name] = Tally(name, "forgotten", 0)
        tally = by_member[name]
        tally.add(bytes_total=cut["bytes"], bytes_forgotten=cut["bytes"])
        tally.add(conversations_in=cut["conversations"], conversations_forgotten=cut["conversations"])
    return list(by_member.values())


def structure_bytes(found: Split, view: memoryview) -> int:
    """Bytes of the file outside its conversations that are structure.

    In a plain array only brackets, commas and white space are; in the other wrappers whatever stands around the
    conversations is (field names, account fields, the page around the data), and it is archived with the file.
    """
    total = 0
    position = 0
    for start, end in [*found.spans, (len(view), len(view))]:
        gap = view[position:start]
        if found.wrapper != "array" or _ARRAY_STRUCTURE.fullmatch(gap):
            total += len(gap)
        position = end
    return total


def receipt_rows(connection: duckdb.DuckDBPyConnection, tallies: list[Tally]) -> list[dict[str, object]]:
    """The rows of the receipts table; visible and hidden messages are counted from what the database holds."""
    stored = {
        (member, visible): count
        for member, visible, count in connection.execute(
            "SELECT raw_member, visible, count(*) FROM store.messages GROUP BY ALL"
        ).fetchall()
    }
    rows = []
    for tally in tallies:
        counts = dict(tally.counts)
        counts["nodes_visible"] = stored.get((tally.member, True), 0)
        counts["nodes_hidden"] = stored.get((tally.member, False), 0)
        rows.append({"member": tally.member, "member_role": tally.member_role, **counts})
    return rows


#: The conservation law as SQL: each row is a file that breaks it, with the three differences (in minus out).
IMBALANCE_SQL = """
SELECT member,
       bytes_total - bytes_conversations - bytes_structure - bytes_quarantined - bytes_sidecar
           - bytes_forgotten AS bytes_missing,
       conversations_in - conversations_written - conversations_empty - conversations_duplicate
           - conversations_quarantined - conversations_forgotten AS conversations_missing,
       nodes_in - nodes_visible - nodes_hidden - nodes_structural - nodes_duplicate - nodes_quarantined AS nodes_missing
FROM store.receipts
WHERE bytes_missing <> 0 OR conversations_missing <> 0 OR nodes_missing <> 0
ORDER BY member
"""

#: What the receipt says against what the tables hold: each row is a file where they differ (receipt minus tables).
NOT_KEPT_SQL = """
WITH held AS (
    SELECT raw_member AS member,
           count(*) FILTER (unit = 'conversation') AS conversations,
           count(*) FILTER (unit = 'node') AS nodes,
           count(*) FILTER (unit = 'older_copy') AS older,
           -- what a log keeps packed is kept unpacked, which is more
           coalesce(sum(least(octet_length(raw), raw_end - raw_start)) FILTER (unit = 'conversation'), 0) AS bytes
    FROM store.quarantine GROUP BY ALL
),
written AS (
    SELECT raw_member AS member, count(*) AS conversations FROM store.conversations GROUP BY ALL
),
said AS (
    SELECT raw_member AS member, count(*) FILTER (visible) AS visible, count(*) FILTER (NOT visible) AS hidden
    FROM store.messages GROUP BY ALL
)
SELECT member,
       coalesce(r.conversations_written + r.conversations_empty, 0) - coalesce(w.conversations, 0)
           AS conversations_not_written,
       coalesce(r.conversations_quarantined, 0) - coalesce(h.conversations, 0) AS conversations_not_kept,
       coalesce(r.conversations_older, 0) - coalesce(h.older, 0) AS older_not_kept,
       coalesce(r.nodes_quarantined, 0) - coalesce(h.nodes, 0) AS nodes_not_kept,
       coalesce(r.nodes_visible, 0) - coalesce(s.visible, 0) AS visible_not_written,
       coalesce(r.nodes_hidden, 0) - coalesce(s.hidden, 0) AS hidden_not_written,
       coalesce(r.bytes_quarantined, 0) - coalesce(h.bytes, 0) AS bytes_not_kept
FROM store.receipts r
FULL JOIN held h USING (member) FULL JOIN written w USING (member) FULL JOIN said s USING (member)
WHERE conversations_not_written <> 0 OR conversations_not_kept <> 0 OR older_not_kept <> 0 OR nodes_not_kept <> 0
   OR visible_not_written <> 0 OR hidden_not_written <> 0 OR bytes_not_kept <> 0
ORDER BY member
"""

#: Messages and blocks that lost what they belong to: a text, a message, a conversation's own count.
LOOSE_ENDS_SQL = """
SELECT conversation_id, message_id, 'text of the message is missing' AS problem
FROM store.messages ANTI JOIN store.texts USING (content_sha256)
UNION ALL
SELECT conversation_id, message_id, 'text of a block is missing'
FROM store.blocks b
WHERE content_sha256 IS NOT NULL AND content_sha256 NOT IN (SELECT content_sha256 FROM store.texts)
UNION ALL
SELECT conversation_id, message_id, 'block without its message'
FROM store.blocks ANTI JOIN store.messages USING (conversation_id, message_id)
UNION ALL
SELECT conversation_id, message_id, 'attachment without its message'
FROM store.attachments ANTI JOIN store.messages USING (conversation_id, message_id)
UNION ALL
SELECT conversation_id, message_id, 'joined feedback without its message'
FROM store.feedback ANTI JOIN store.messages USING (conversation_id, message_id)
WHERE joined
UNION ALL
SELECT conversation_id, '', 'holds another number of messages than counted'
FROM store.conversations c
WHERE message_count <> (SELECT count(*) FROM store.messages m WHERE m.conversation_id = c.conversation_id)
ORDER BY ALL
LIMIT 1000
"""
