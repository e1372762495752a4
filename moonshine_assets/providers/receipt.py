"""The receipt: what came in by file, what became of it. The law is in tables/receipts.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from moonshine_assets.exports.split import Split
from moonshine_assets.tables.receipts import RECEIPT_COUNTS

_ARRAY_STRUCTURE = re.compile(rb"(?:\xef\xbb\xbf)?[\[\],\s\x00]*")


@dataclass
class Tally:
    """Counts of one file while it is read; visible and hidden nodes are counted in the database afterwards."""

    member: str
    member_role: str
    bytes_total: int
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RECEIPT_COUNTS, 0))

    def __post_init__(self) -> None:
        self.counts["bytes_total"] = self.bytes_total
        if self.member_role != "conversations":
            self.counts["bytes_sidecar"] = self.bytes_total

    def add(self, **counts: int) -> None:
        for name, count in counts.items():
            self.counts[name] += count


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
       bytes_total - bytes_conversations - bytes_structure - bytes_quarantined - bytes_sidecar AS bytes_missing,
       conversations_in - conversations_written - conversations_empty - conversations_duplicate
           - conversations_quarantined AS conversations_missing,
       nodes_in - nodes_visible - nodes_hidden - nodes_structural - nodes_duplicate - nodes_quarantined AS nodes_missing
FROM store.receipts
WHERE bytes_missing <> 0 OR conversations_missing <> 0 OR nodes_missing <> 0
ORDER BY member
"""
